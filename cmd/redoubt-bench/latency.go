package main

import (
	"context"
	"fmt"
	"time"
)

const (
	latencyKeys = 2_000_000
	quietTime   = 8 * time.Second
	savingTime  = 15 * time.Second
)

// latencyLoads are the workloads whose peak rate is measured, and what is sent at half of it.
func latencyLoads() []workload {
	return []workload{
		{"", "SET", "set", loadConns, 1, 150_000},
		{"", "GET", "get", loadConns, 1, 200_000},
	}
}

// measureLatency loads the systems one after the other.
func measureLatency(ctx context.Context, b *bench) error {
	n := b.scaled(latencyKeys, 1)
	var rows [][]string
	for _, c := range b.contenders(b.startRedis) {
		more, err := b.latencyOf(ctx, c, n)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		rows = append(rows, more...)
	}
	titles := append([]string{"latency at half of the peak, " + thousands(float64(n)) + " keys", "peak/s", "sent/s"}, percentileTitles()...)
	return b.print(markdown(append(titles, "sent late, p99.9, ms", "snapshots", "each, s"), rows))
}

func (b *bench) latencyOf(ctx context.Context, c contender, n int) ([][]string, error) {
	v, err := c.start(ctx, groupOfThree())
	if err != nil {
		return nil, err
	}
	defer v.remove()
	if err := v.fill(ctx, n); err != nil {
		return nil, fmt.Errorf("filling: %w", err)
	}
	b.note("%-14s filled", c.name)
	var rows [][]string
	for _, w := range latencyLoads() {
		peak, err := b.drive(ctx, w, peer{name: c.name, addr: v.addrs[0], keys: n})
		if err != nil {
			return nil, err
		}
		t := traffic{addr: v.addrs[0], write: w.command == "set", keys: n}
		for _, saving := range []bool{false, true} {
			row, err := b.latencyRow(ctx, t, c.name+", "+w.title, peak, saving)
			if err != nil {
				return nil, err
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// latencyRow loads the master at half of its peak rate, with or without snapshots.
func (b *bench) latencyRow(ctx context.Context, t traffic, title string, peak float64, saving bool) ([]string, error) {
	lasting := b.lasting(quietTime)
	var s *saver
	if saving {
		lasting, s = b.lasting(savingTime), startSaver(ctx, t.addr)
		title += ", snapshot going on"
		defer s.stop()
	}
	l, err := openLoad(ctx, t, peak/2, lasting)
	if err != nil {
		return nil, err
	}
	row := append([]string{title, thousands(peak), thousands(l.rate())}, percentileCells(l.all)...)
	row = append(row, milliseconds(percentile(l.late, 0.999)))
	if l.refused > 0 {
		row[0] += fmt.Sprintf(" (%d refused: %v)", l.refused, l.reason)
	}
	count, each := "-", "-"
	if s != nil {
		if err := s.stop(); err != nil {
			return nil, err
		}
		count, each = fmt.Sprint(s.begun), twoDigits(s.each())
	}
	b.note("%v", row)
	return append(row, count, each), nil
}
