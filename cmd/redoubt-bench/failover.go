package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	failoverTimeout = 15 * time.Second
	// settleTime lets the load run between two failovers.
	settleTime = time.Second
	// afterTime is how long pauses still count for a hand-over after its new master has acknowledged a write.
	afterTime = 500 * time.Millisecond
)

// failoverKind is one way to take the leadership from a node.
type failoverKind struct {
	title string
	// from: what is measured is the time until another node acknowledges a write that was sent after the
	// event began. Otherwise it is the longest pause between two acknowledged writes.
	fromEvent bool
	begin     func(ctx context.Context, g *group, master int) error
	restart   bool // the node is gone afterwards
}

func failoverKinds() []failoverKind {
	return []failoverKind{
		{"kill -9 of the master, to the next acknowledged write", true, killMaster, true},
		{"CLUSTER FAILOVER, longest pause between acknowledged writes", false, askFailover, false},
		{"SIGTERM of the master, longest pause between acknowledged writes", false, stopMaster, true},
	}
}

func killMaster(_ context.Context, g *group, master int) error {
	return g.nodes[master].cmd.Process.Kill()
}

func askFailover(ctx context.Context, g *group, master int) error {
	_, err := ask(ctx, g.addrs[(master+1)%groupSize], "CLUSTER", "FAILOVER")
	return err
}

func stopMaster(_ context.Context, g *group, master int) error { return g.nodes[master].terminate() }

// measureFailovers starts a group, loads it and takes its masters away.
func measureFailovers(ctx context.Context, s *settings, f *fleet, out, progress io.Writer) error {
	g, err := startRedoubt(ctx, f, s)
	if err != nil {
		return err
	}
	l := startLoad(ctx, g.addrs)
	defer l.stop()
	var rows []failoverRow
	for _, kind := range failoverKinds() {
		row := failoverRow{title: kind.title}
		for i := range s.failovers {
			pause, err := g.failover(ctx, kind, l)
			if err != nil {
				return fmt.Errorf("%s, number %d: %w", kind.title, i+1, err)
			}
			row.pauses = append(row.pauses, pause.Seconds()*1000)
			fmt.Fprintf(progress, "%s: %d ms\n", kind.title, pause.Milliseconds())
		}
		rows = append(rows, row)
	}
	l.stop()
	if err := l.verify(ctx, g.addrs); err != nil {
		return err
	}
	_, err = io.WriteString(out, failoverTable(rows))
	return err
}

// failover takes the leadership from the node that has it and brings the group back to full strength.
func (g *group) failover(ctx context.Context, kind failoverKind, l *load) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 4*failoverTimeout)
	defer cancel()
	master, err := g.master(ctx)
	if err != nil {
		return 0, err
	}
	e := l.watch(g.addrs[master])
	if err := kind.begin(ctx, g, master); err != nil {
		return 0, err
	}
	select {
	case <-e.taken:
	case <-time.After(failoverTimeout):
		return 0, g.nodes[master].explain(errors.New("no node has taken over"))
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	if err := pause(ctx, afterTime); err != nil {
		return 0, err
	}
	first, longest := l.result(e)
	if kind.restart {
		if err := g.nodes[master].gone(ctx); err != nil {
			return 0, err
		}
		if err := g.nodes[master].start(); err != nil {
			return 0, err
		}
	}
	if err := g.settle(ctx); err != nil {
		return 0, err
	}
	if err := pause(ctx, settleTime); err != nil {
		return 0, err
	}
	if kind.fromEvent {
		return first, nil
	}
	return longest, nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
