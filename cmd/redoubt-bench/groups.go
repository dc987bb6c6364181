package main

import (
	"context"
	"fmt"
	"time"
)

// groupShapes are what two cores can bear: eight groups without replicas, four with one each. Of one master with one
// replica there is no majority without both; all larger clusters of pairs have a witness for each.
func groupShapes() []shape {
	return []shape{{1, 0}, {2, 0}, {4, 0}, {8, 0}, {1, 1}, {2, 1}, {4, 1}}
}

// measureGroups runs the workloads against clusters of more and more groups on this machine.
func measureGroups(ctx context.Context, b *bench) error {
	titles := []string{"cluster"}
	for _, w := range b.workloads {
		titles = append(titles, w.title+", requests/s", "CPU s per million")
	}
	var rows [][]string
	for _, s := range groupShapes() {
		for _, c := range b.contenders(b.startRedisCluster) {
			cells, err := b.measureShape(ctx, s, c)
			if err != nil {
				return fmt.Errorf("%s, %v: %w", clusterName(c), s, err)
			}
			rows = append(rows, append([]string{clusterName(c) + ", " + s.String()}, cells...))
		}
	}
	return b.print(markdown(titles, rows))
}

// measureShape starts one cluster, drives it and ends it.
func (b *bench) measureShape(ctx context.Context, s shape, c contender) ([]string, error) {
	v, err := c.start(ctx, s)
	if err != nil {
		return nil, err
	}
	defer v.remove()
	p := v.peer(clusterName(c))
	if err := b.fillCluster(ctx, v, p); err != nil {
		return nil, err
	}
	var cells []string
	for _, w := range b.workloads {
		before, err := v.cpuTotal()
		if err != nil {
			return nil, err
		}
		rate, err := b.drive(ctx, w, p)
		if err != nil {
			return nil, err
		}
		after, err := v.cpuTotal()
		if err != nil {
			return nil, err
		}
		cost := perMillion(after-before, w.count(b.scale))
		cells = append(cells, thousands(rate), twoDigits(cost))
		b.note("%-14s %-22v %-14s %10s/s  %6.2f CPU s per million", p.name, s, w.title, thousands(rate), cost)
	}
	return cells, nil
}

// cpuTotal is the processor time of all nodes.
func (v *servers) cpuTotal() (total time.Duration, err error) {
	times, err := v.cpuTimes()
	for _, t := range times {
		total += t
	}
	return total, err
}
