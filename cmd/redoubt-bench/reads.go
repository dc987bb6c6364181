package main

import (
	"context"
	"fmt"
	"time"
)

const (
	readPeakTime    = 4 * time.Second
	readLatencyTime = 6 * time.Second
)

// readKind is one way to read.
type readKind struct {
	title   string
	replica bool
	master  string // read-consistency
	follow  string // replica-read-consistency
}

func readKinds() []readKind {
	return []readKind{
		{"master, lease", false, "lease", "linearizable"},
		{"master, quorum", false, "quorum", "linearizable"},
		{"replica, linearizable (master: lease)", true, "lease", "linearizable"},
		{"replica, linearizable (master: quorum)", true, "quorum", "linearizable"},
		{"replica, stale", true, "lease", "stale"},
	}
}

// measureReads reads in each way, as fast as possible and then at half of that rate.
func measureReads(ctx context.Context, b *bench) error {
	var rows [][]string
	for _, c := range b.contenders(b.startRedis) {
		v, err := c.start(ctx, groupOfThree())
		if err != nil {
			return err
		}
		if err := v.fill(ctx, keys); err != nil {
			return fmt.Errorf("filling %s: %w", c.name, err)
		}
		more, err := b.readRows(ctx, c, v)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		rows = append(rows, more...)
		v.remove()
	}
	titles := append([]string{fmt.Sprintf("GET, %d connections", loadConns), "peak/s", "latency at/s"}, percentileTitles()...)
	return b.print(markdown(titles, rows))
}

func (b *bench) readRows(ctx context.Context, c contender, v *servers) ([][]string, error) {
	kinds := readKinds()
	if c.name == redisName {
		kinds = []readKind{{title: "master"}, {title: "replica (asynchronous)", replica: true}}
	}
	var rows [][]string
	for _, k := range kinds {
		t, err := v.reading(ctx, k)
		if err != nil {
			return nil, err
		}
		row, err := b.readRow(ctx, c.name+", "+k.title, t)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.title, err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// reading sets the nodes to one way of reading and says how to read then.
func (v *servers) reading(ctx context.Context, k readKind) (traffic, error) {
	for _, addr := range v.addrs {
		if k.master == "" {
			break
		}
		if _, err := ask(ctx, addr, "CONFIG", "SET", "read-consistency", k.master, "replica-read-consistency", k.follow); err != nil {
			return traffic{}, err
		}
	}
	master, err := v.master(ctx)
	if err != nil || !k.replica {
		return traffic{addr: v.addrs[master], keys: keys}, err
	}
	i, err := v.replica(master)
	if err != nil {
		return traffic{}, err
	}
	t := traffic{addr: v.addrs[i], keys: keys}
	if v.cluster {
		t.prelude = []string{"READONLY"}
	}
	return t, nil
}

func (b *bench) readRow(ctx context.Context, title string, t traffic) ([]string, error) {
	peak, err := closedLoad(ctx, t, b.lasting(readPeakTime))
	if err != nil {
		return nil, err
	}
	l, err := openLoad(ctx, t, peak/2, b.lasting(readLatencyTime))
	if err != nil {
		return nil, err
	}
	if l.refused > 0 {
		title += fmt.Sprintf(" (%d refused: %v)", l.refused, l.reason)
	}
	row := append([]string{title, thousands(peak), thousands(l.rate())}, percentileCells(l.all)...)
	b.note("%v", row)
	return row, nil
}
