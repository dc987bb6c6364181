package main

import (
	"context"
	"fmt"
	"time"
)

// measureCPU runs the workloads and reads afterwards what processor time each node has taken.
func measureCPU(ctx context.Context, b *bench) error {
	contenders := b.contenders(b.startRedis)
	var started []*servers
	for _, c := range contenders {
		v, err := c.start(ctx, groupOfThree())
		if err != nil {
			return err
		}
		if err := v.fill(ctx, keys); err != nil {
			return fmt.Errorf("filling %s: %w", c.name, err)
		}
		started = append(started, v)
	}
	m := cpuMeasurements(contenders, b.workloads)
	for round := range b.rounds {
		for i, w := range b.workloads {
			for j, v := range started {
				master, replica, err := b.cpuOf(ctx, w, contenders[j].name, v)
				if err != nil {
					return err
				}
				m.add(2*j, i, master)
				m.add(2*j+1, i, replica)
				b.note("round %d  %-26s %-14s %8.2f s on the master, %.2f s on a replica", round+1, w.title, contenders[j].name, master, replica)
			}
		}
	}
	return b.print(m.table())
}

// cpuMeasurements have two rows for each system: its master and its replicas.
func cpuMeasurements(contenders []contender, workloads []workload) *measurements {
	var rows []peer
	for _, c := range contenders {
		rows = append(rows, peer{name: c.name + ", master"}, peer{name: c.name + ", replica"})
	}
	m := newMeasurements(rows, workloads)
	m.unit, m.format = "CPU s per million requests", twoDigits
	for i := range m.bases {
		m.bases[i] = i % 2
	}
	return m
}

func twoDigits(v float64) string { return fmt.Sprintf("%.2f", v) }

// cpuOf runs one workload and returns the seconds for a million requests on the master, and on a replica in the mean.
func (b *bench) cpuOf(ctx context.Context, w workload, name string, v *servers) (master, replica float64, err error) {
	before, err := v.cpuTimes()
	if err != nil {
		return 0, 0, err
	}
	if _, err := b.drive(ctx, w, peer{name: name, addr: v.addrs[0]}); err != nil {
		return 0, 0, err
	}
	after, err := v.cpuTimes()
	if err != nil {
		return 0, 0, err
	}
	requests := w.count(b.scale)
	replicas := time.Duration(0)
	for i := range after[1:] {
		replicas += after[1+i] - before[1+i]
	}
	return perMillion(after[0]-before[0], requests), perMillion(replicas, requests) / float64(len(after)-1), nil
}

func perMillion(d time.Duration, requests int) float64 {
	return d.Seconds() * 1e6 / float64(requests)
}

// cpuTimes are those of each node since it was started.
func (v *servers) cpuTimes() ([]time.Duration, error) {
	var times []time.Duration
	for _, p := range v.nodes {
		t, err := p.cpuTime()
		if err != nil {
			return nil, err
		}
		times = append(times, t)
	}
	return times, nil
}
