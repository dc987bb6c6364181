package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redoubtdb/redoubt/jepsen/client"
)

const (
	restartKeys     = 1_000_000
	restartTimeout  = 3 * time.Minute
	restartInterval = 5 * time.Millisecond
)

// measureRestart fills the systems, one after the other, and restarts them: from the log alone, and from a snapshot.
func measureRestart(ctx context.Context, b *bench) error {
	n := b.scaled(restartKeys, 1)
	var rows [][]string
	for _, c := range b.contenders(b.startRedis) {
		for _, s := range []shape{{1, 0}, groupOfThree()} {
			more, err := b.restartRows(ctx, c, s, n)
			if err != nil {
				return fmt.Errorf("%s, %v: %w", c.name, s, err)
			}
			rows = append(rows, more...)
		}
	}
	titles := []string{"restart with " + thousands(float64(n)) + " keys, until", "log alone, s", "snapshot, s"}
	return b.print(markdown(titles, rows))
}

// restartArgs keep a node from making its log shorter by itself, and leave next to nothing of the log behind a snapshot.
func restartArgs(c contender) []string {
	if c.name == redisName {
		return []string{"--auto-aof-rewrite-percentage", "0"}
	}
	return []string{"--raft-snapshot-entries", "1000000000", "--raft-trailing-entries", "1"}
}

// restartRows fills one system, and restarts it from its log and then from a snapshot.
func (b *bench) restartRows(ctx context.Context, c contender, s shape, n int) ([][]string, error) {
	v, err := c.start(ctx, s, restartArgs(c)...)
	if err != nil {
		return nil, err
	}
	defer v.remove()
	if err := v.fill(ctx, n); err != nil {
		return nil, fmt.Errorf("filling: %w", err)
	}
	if v.cluster {
		if err := expect(ctx, v.addrs[0], "raft_snapshot_index", "0", "INFO", "raft"); err != nil {
			return nil, fmt.Errorf("the log is not alone: %w", err)
		}
	}
	fromLog, err := b.restarts(ctx, c.name+", log", v, n)
	if err != nil {
		return nil, fmt.Errorf("from the log: %w", err)
	}
	if err := v.save(ctx); err != nil {
		return nil, err
	}
	fromSnapshot, err := b.restarts(ctx, c.name+", snapshot", v, n)
	if err != nil {
		return nil, fmt.Errorf("from the snapshot: %w", err)
	}
	return restartCells(c.name, fromLog, fromSnapshot), nil
}

// restartCells are the rows of one system: of a node alone, or of three nodes and of one of them.
func restartCells(name string, fromLog, fromSnapshot []time.Duration) (rows [][]string) {
	titles := []string{"one node alone, all killed: GET is answered"}
	if len(fromLog) > 1 {
		titles = []string{"three nodes, all killed: GET is answered", "three nodes, a replica killed: it has caught up"}
	}
	for i, title := range titles {
		rows = append(rows, []string{name + ", " + title, twoDigits(fromLog[i].Seconds()), twoDigits(fromSnapshot[i].Seconds())})
	}
	return rows
}

// restarts kills all nodes, and then a replica if there is one.
func (b *bench) restarts(ctx context.Context, title string, v *servers, n int) ([]time.Duration, error) {
	all, err := v.restart(ctx, v.nodes, func(ctx context.Context) error { return v.serves(ctx, n) })
	if err != nil {
		return nil, err
	}
	b.note("%-24s %d nodes  %.2f s", title, len(v.nodes), all.Seconds())
	if v.shape.replicas == 0 {
		return []time.Duration{all}, nil
	}
	if err := v.settle(ctx); err != nil {
		return nil, err
	}
	master, err := v.master(ctx)
	if err != nil {
		return nil, err
	}
	i, err := v.replica(master)
	if err != nil {
		return nil, err
	}
	one, err := v.restart(ctx, v.nodes[i:i+1], func(ctx context.Context) error { return v.follows(ctx, i, n) })
	if err != nil {
		return nil, err
	}
	b.note("%-24s a replica  %.2f s", title, one.Seconds())
	return []time.Duration{all, one}, v.settle(ctx)
}

// restart kills nodes and starts them again, and returns how long it took from the start until done.
func (v *servers) restart(ctx context.Context, nodes []*process, done func(context.Context) error) (time.Duration, error) {
	for _, p := range nodes {
		p.kill()
	}
	begin := time.Now()
	for _, p := range nodes {
		if err := p.start(); err != nil {
			return 0, err
		}
	}
	err := nodes[0].awaitWithin(ctx, restartTimeout, restartInterval, func() error { return done(ctx) })
	return time.Since(begin), err
}

// serves makes sure that some node answers for the last key.
func (v *servers) serves(ctx context.Context, n int) (err error) {
	for _, addr := range v.addrs {
		var value string
		if value, err = ask(ctx, addr, "GET", keyName(n-1)); err == nil {
			return whole(value)
		}
	}
	return err
}

// follows makes sure that a replica is linked to its master again and answers for the last key itself.
func (v *servers) follows(ctx context.Context, i, n int) error {
	if err := expect(ctx, v.addrs[i], "master_link_status", "up", "INFO", "replication"); err != nil {
		return err
	}
	c, err := client.Open(ctx, dial, v.addrs[i], askTimeout)
	if err != nil {
		return err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, c.Close)()
	if v.cluster {
		if r := c.Do("READONLY"); r.Err != nil {
			return r.Err
		}
	}
	r := c.Do("GET", keyName(n-1))
	if r.Err != nil {
		return r.Err
	}
	return whole(r.Value.String())
}

func keyName(n int) string { return "key:" + string(appendDigits(nil, n)) }

// whole makes sure that a value is what fill wrote.
func whole(value string) error {
	if value != strings.Repeat("x", valueBytes) {
		return fmt.Errorf("a key has the value %q", value)
	}
	return nil
}

// save has every node take a snapshot. redis-server would still load its append only file, so that is turned off.
func (v *servers) save(ctx context.Context) error {
	for i, p := range v.nodes {
		if err := saveNode(ctx, v.addrs[i]); err != nil {
			return err
		}
		if at := slices.Index(p.args, "--appendonly"); at >= 0 {
			p.args[at+1] = "no"
		}
	}
	return nil
}

// saveNode waits for the snapshot as long as it takes, within reason.
func saveNode(ctx context.Context, addr string) error {
	c, err := client.Open(ctx, dial, addr, restartTimeout)
	if err != nil {
		return err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, c.Close)()
	if r := c.Do("SAVE"); r.Err != nil {
		return fmt.Errorf("SAVE on %s: %w", addr, r.Err)
	}
	return nil
}
