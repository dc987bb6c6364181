package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// benchmarkTimeout bounds one run of redis-benchmark at scale 1, which takes seconds on a machine that has nothing else to do.
const benchmarkTimeout = 10 * time.Minute

// peer is a server under measurement.
type peer struct {
	name    string
	addr    string
	masters int // of the cluster that it belongs to, 0 if it serves alone
	keys    int // that requests are drawn from, 0 for the usual number
}

// measureThroughput starts and fills the servers, drives them in turn and prints the table.
func measureThroughput(ctx context.Context, b *bench) error {
	peers, err := b.startPeers(ctx)
	if err != nil {
		return err
	}
	return b.comparePeers(ctx, peers)
}

// startPeers starts and fills what is to be compared.
func (b *bench) startPeers(ctx context.Context) ([]peer, error) {
	var peers []peer
	for _, c := range b.contenders(b.startRedis) {
		v, err := c.start(ctx, groupOfThree())
		if err != nil {
			return nil, err
		}
		if err := v.fill(ctx, keys); err != nil {
			return nil, fmt.Errorf("filling %s: %w", c.name, err)
		}
		peers = append(peers, peer{name: c.name, addr: v.addrs[0]})
	}
	for _, p := range b.peers {
		if err := fill(ctx, p.addr, keys); err != nil {
			return nil, fmt.Errorf("filling %s: %w", p.name, err)
		}
		peers = append(peers, p)
	}
	return peers, nil
}

// comparePeers runs every workload against every peer, in rounds, and prints the table.
func (b *bench) comparePeers(ctx context.Context, peers []peer) error {
	m := newMeasurements(peers, b.workloads)
	for round := range b.rounds {
		for i, w := range b.workloads {
			for j, p := range peers {
				rate, err := b.drive(ctx, w, p)
				if err != nil {
					return err
				}
				m.add(j, i, rate)
				b.note("round %d  %-26s %-14s %10s/s", round+1, w.title, p.name, thousands(rate))
			}
		}
	}
	return b.print(m.table())
}

// drive runs redis-benchmark once and returns requests a second.
func (b *bench) drive(ctx context.Context, w workload, p peer) (float64, error) {
	rate, err := b.runBenchmark(ctx, w, p)
	if err != nil {
		return 0, fmt.Errorf("%s of %s: %w", w.title, p.name, err)
	}
	return rate, nil
}

func (b *bench) runBenchmark(ctx context.Context, w workload, p peer) (float64, error) {
	args, err := w.args(p, b.scale)
	if err != nil {
		return 0, err
	}
	limit := time.Duration(float64(benchmarkTimeout) * max(1, b.scale))
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("it has not ended after %v", limit))
	defer cancel()
	cmd := exec.CommandContext(ctx, b.benchmark, args...)
	cmd.SysProcAttr = serverAttributes()
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return 0, fmt.Errorf("redis-benchmark: %w: %s", err, strings.TrimSpace(errs.String()))
	}
	// It goes on after error replies and exits with 0, but tells them.
	if errs.Len() > 0 {
		return 0, errors.New("redis-benchmark: " + strings.TrimSpace(errs.String()))
	}
	return parseRate(string(out), w.command)
}
