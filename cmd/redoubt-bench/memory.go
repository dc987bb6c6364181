package main

import (
	"context"
	"fmt"
	"time"
)

const (
	memoryKeys = 1_000_000
	// Memory counts as settled when it has moved by less than a hundredth for calmTime.
	calmTime     = 2 * time.Second
	calmInterval = 200 * time.Millisecond
	calmTimeout  = 20 * time.Second
)

// footprint is what a node occupies at one moment.
type footprint struct{ now, highest int64 }

// measureMemory fills the systems one after the other and tells what their nodes occupy for it.
func measureMemory(ctx context.Context, b *bench) error {
	n := b.scaled(memoryKeys, 1)
	var rows [][]string
	var bases [][]footprint // of the first system
	for _, c := range b.contenders(b.startRedis) {
		steps, err := b.footprints(ctx, c, n)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		if bases == nil {
			bases = steps
		}
		for node, role := range []string{"master", "replica"} {
			rows = append(rows, append([]string{c.name + ", " + role}, memoryCells(steps, bases, node, n)...))
		}
	}
	titles := []string{
		"resident memory, " + thousands(float64(n)) + " keys", "empty, MiB", "filled, MiB", "bytes a key", "ratio",
		"all written again, MiB", "bytes a key", "ratio", "highest, MiB",
	}
	return b.print(markdown(titles, rows))
}

// memoryCells are a node's row of the table.
func memoryCells(steps, bases [][]footprint, node, n int) []string {
	cells := []string{mebibytes(steps[0][node].now)}
	for i := range steps[1:] {
		mine, base := growth(steps, 1+i, node), growth(bases, 1+i, node)
		ratio := "-"
		if base > 0 {
			ratio = twoDigits(float64(mine) / float64(base))
		}
		cells = append(cells, mebibytes(steps[1+i][node].now), fmt.Sprintf("%.0f", float64(mine)/float64(n)), ratio)
	}
	highest := int64(0)
	for _, step := range steps {
		highest = max(highest, step[node].highest)
	}
	return append(cells, mebibytes(highest))
}

// growth is what a node occupies more than when it was empty.
func growth(steps [][]footprint, step, node int) int64 {
	return steps[step][node].now - steps[0][node].now
}

func mebibytes(n int64) string { return fmt.Sprintf("%.0f", float64(n)/(1<<20)) }

// footprints measures the master and a replica: empty, filled, and with each key written once more.
func (b *bench) footprints(ctx context.Context, c contender, n int) ([][]footprint, error) {
	v, err := c.start(ctx, groupOfThree())
	if err != nil {
		return nil, err
	}
	defer v.remove()
	var steps [][]footprint
	for i := range 3 {
		if i > 0 {
			if err := v.fill(ctx, n); err != nil {
				return nil, fmt.Errorf("filling: %w", err)
			}
		}
		var step []footprint
		for _, p := range v.nodes[:2] {
			f, err := p.settled(ctx)
			if err != nil {
				return nil, err
			}
			step = append(step, f)
		}
		b.note("%-14s %s  master %s MiB, replica %s MiB", c.name, []string{"empty ", "filled", "again "}[i], mebibytes(step[0].now), mebibytes(step[1].now))
		steps = append(steps, step)
	}
	return steps, nil
}

// settled waits until a node's memory hardly moves any more, or calmTimeout has passed.
func (p *process) settled(ctx context.Context) (footprint, error) {
	var reference int64
	since, begin := time.Now(), time.Now()
	for {
		now, highest, err := p.resident()
		if err != nil {
			return footprint{}, err
		}
		if diff := max(now-reference, reference-now); diff > now/100 {
			reference, since = now, time.Now()
		}
		if time.Since(since) >= calmTime || time.Since(begin) >= calmTimeout {
			return footprint{now, highest}, nil
		}
		if err := pause(ctx, calmInterval); err != nil {
			return footprint{}, err
		}
	}
}
