package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	failoverTimeout = 15 * time.Second
	// settleTime lets the load run before each failover.
	settleTime = time.Second
	// afterTime is how long pauses still count for a hand-over after its new master has acknowledged a write.
	afterTime = 500 * time.Millisecond
)

// failoverKind is one way to take the leadership from a node.
type failoverKind struct {
	name  string // of its load
	title string
	// from: what is measured is the time until another node acknowledges a write that was sent after the
	// event began. Otherwise it is the longest pause between two acknowledged writes.
	fromEvent bool
	begin     func(ctx context.Context, v *servers, master int) error
	restart   bool // the node is gone afterwards
}

func failoverKinds() []failoverKind {
	return []failoverKind{
		{"kill", "kill -9 of the master, to the next acknowledged write", true, killMaster, true},
		{"handover", "CLUSTER FAILOVER, longest pause between acknowledged writes", false, askFailover, false},
		{"stop", "SIGTERM of the master, longest pause between acknowledged writes", false, stopMaster, true},
	}
}

func killMaster(_ context.Context, v *servers, master int) error {
	v.nodes[master].strike()
	return nil
}

func askFailover(ctx context.Context, v *servers, master int) error {
	replica, err := v.replica(master)
	if err != nil {
		return err
	}
	_, err = ask(ctx, v.addrs[replica], "CLUSTER", "FAILOVER")
	return err
}

func stopMaster(_ context.Context, v *servers, master int) error { return v.nodes[master].terminate() }

// redisNodeTimeout is what a Redis Cluster is given so that it fails over in about the time that Redoubt takes with its
// default settings.
const redisNodeTimeout = "2000"

// failoverSystem is a cluster whose masters are taken away.
type failoverSystem struct {
	contender
	shape    shape
	mayLose  bool // it promises nothing about acknowledged writes
	settings []string
}

// failoverSystems are Redoubt's single group, and clusters of three masters, without which a Redis Cluster fails over
// nobody.
func (b *bench) failoverSystems() []failoverSystem {
	redoubt := contender{redoubtName, b.startRedoubt}
	all := []failoverSystem{{contender: redoubt, shape: groupOfThree()}}
	if b.redis == "" {
		return all
	}
	redis := contender{redisClusterName, b.startRedisCluster}
	return append(all, failoverSystem{contender: redoubt, shape: threeMasters()},
		failoverSystem{contender: redis, shape: threeMasters(), mayLose: true, settings: []string{"--cluster-node-timeout", redisNodeTimeout}})
}

// measureFailovers starts the clusters one after the other, loads them and takes their masters away.
func measureFailovers(ctx context.Context, b *bench) error {
	var rows []failoverRow
	var broken error
	for _, system := range b.failoverSystems() {
		more, err := b.failoversOf(ctx, system)
		if err != nil {
			return fmt.Errorf("%s, %v: %w", system.name, system.shape, err)
		}
		rows = append(rows, more...)
		if lost := lostIn(more); lost > 0 && !system.mayLose {
			broken = fmt.Errorf("%s has lost %d acknowledged writes", system.name, lost)
		}
	}
	return errors.Join(b.print(failoverTable(byKind(rows))), broken)
}

func (b *bench) failoversOf(ctx context.Context, system failoverSystem) ([]failoverRow, error) {
	v, err := system.start(ctx, system.shape, system.settings...)
	if err != nil {
		return nil, err
	}
	defer v.remove()
	var rows []failoverRow
	for _, kind := range failoverKinds() {
		r, err := b.failoversOfKind(ctx, v, kind)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", kind.title, err)
		}
		r.system = fmt.Sprintf("%s, %v", system.name, system.shape)
		rows = append(rows, r)
	}
	return rows, nil
}

// failoversOfKind has a load of its own, so that what is lost is counted for this kind.
func (b *bench) failoversOfKind(ctx context.Context, v *servers, kind failoverKind) (failoverRow, error) {
	l := startLoad(ctx, kind.name, v.addrs)
	defer l.stop()
	r := failoverRow{title: kind.title}
	for i := range b.failovers {
		took, err := v.failover(ctx, kind, l)
		if err != nil {
			return r, fmt.Errorf("number %d: %w", i+1, err)
		}
		r.pauses = append(r.pauses, took.Seconds()*1000)
		b.note("%s: %d ms", kind.title, took.Milliseconds())
	}
	l.stop()
	err := l.verify(ctx, v.addrs)
	r.acked, r.lost = l.total, l.lost
	return r, err
}

// failover takes the leadership from the node that has it and brings the group back to full strength.
func (v *servers) failover(ctx context.Context, kind failoverKind, l *load) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 4*failoverTimeout)
	defer cancel()
	if err := pause(ctx, settleTime); err != nil {
		return 0, err
	}
	master, err := v.master(ctx)
	if err != nil {
		return 0, err
	}
	e := l.watch(v.addrs[master])
	if err := kind.begin(ctx, v, master); err != nil {
		return 0, err
	}
	select {
	case <-e.taken:
	case <-time.After(failoverTimeout):
		return 0, v.nodes[master].explain(errors.New("no node has taken over"))
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	if err := pause(ctx, afterTime); err != nil {
		return 0, err
	}
	first, longest := l.result(e)
	if kind.restart {
		if err := v.nodes[master].gone(ctx); err != nil {
			return 0, err
		}
		if err := v.nodes[master].start(); err != nil {
			return 0, err
		}
	}
	if err := v.settle(ctx); err != nil {
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
