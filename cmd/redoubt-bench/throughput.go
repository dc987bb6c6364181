package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
)

// peer is a server under measurement.
type peer struct {
	name string
	addr string
}

// measureThroughput starts the servers, drives them in turn and prints the table.
func measureThroughput(ctx context.Context, s *settings, f *fleet, out, progress io.Writer) error {
	peers, err := startPeers(ctx, s, f)
	if err != nil {
		return err
	}
	for _, p := range peers {
		if err := fill(ctx, p.addr); err != nil {
			return fmt.Errorf("filling %s: %w", p.name, err)
		}
	}
	m := newMeasurements(peers, s.workloads)
	for round := range s.rounds {
		for i, w := range s.workloads {
			for j, p := range peers {
				rate, err := benchmark(ctx, s, w, p.addr)
				if err != nil {
					return fmt.Errorf("%s of %s: %w", w.title, p.name, err)
				}
				m.add(j, i, rate)
				fmt.Fprintf(progress, "round %d  %-26s %-14s %10s/s\n", round+1, w.title, p.name, thousands(rate))
			}
		}
	}
	_, err = io.WriteString(out, m.table())
	return err
}

func startPeers(ctx context.Context, s *settings, f *fleet) ([]peer, error) {
	var peers []peer
	if s.redis != "" {
		addr, err := startRedis(ctx, f, s.redis)
		if err != nil {
			return nil, err
		}
		peers = append(peers, peer{redisName, addr})
	}
	if s.server != "" {
		g, err := startRedoubt(ctx, f, s)
		if err != nil {
			return nil, err
		}
		peers = append(peers, peer{redoubtName, g.addrs[0]})
	}
	return append(peers, s.peers...), nil
}

// benchmark runs redis-benchmark once and returns requests a second.
func benchmark(ctx context.Context, s *settings, w workload, addr string) (float64, error) {
	args, err := w.args(addr, s.scale)
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, s.benchmark, args...)
	var errs strings.Builder
	cmd.Stderr = &errs
	b, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("redis-benchmark: %w: %s", err, strings.TrimSpace(errs.String()))
	}
	// It goes on after error replies and exits with 0, but tells them.
	if errs.Len() > 0 {
		return 0, errors.New("redis-benchmark: " + strings.TrimSpace(errs.String()))
	}
	return parseRate(string(b), w.command)
}
