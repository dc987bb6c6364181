package main

import (
	"context"
	"strconv"
)

const slotCount = 16384

// form makes one cluster of nodes that are alone: the masters get their shares of the slots, all meet the first
// node, and the others become replicas. redis-server's clusters are formed by the same commands, which also
// serve for one or two masters, where redis-cli --cluster create refuses.
func (v *servers) form(ctx context.Context) error {
	for i := range v.shape.masters {
		first, last := i*slotCount/v.shape.masters, (i+1)*slotCount/v.shape.masters-1
		if _, err := ask(ctx, v.addrs[i], "CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(first), strconv.Itoa(last)); err != nil {
			return err
		}
	}
	if err := v.meet(ctx); err != nil {
		return err
	}
	for i := v.shape.masters; i < v.shape.count(); i++ {
		if err := v.follow(ctx, i); err != nil {
			return err
		}
	}
	return v.settle(ctx)
}

// meet introduces every node to the first and waits until all know all. Each has a configuration epoch of its
// own before, as redis-cli would give it: redis-server has no other way to part two that claim the same.
func (v *servers) meet(ctx context.Context) error {
	if len(v.nodes) == 1 {
		return nil
	}
	for i, addr := range v.addrs {
		if _, err := ask(ctx, addr, "CLUSTER", "SET-CONFIG-EPOCH", strconv.Itoa(i+1)); err != nil {
			return err
		}
	}
	for _, addr := range v.addrs[1:] {
		if _, err := ask(ctx, addr, "CLUSTER", "MEET", loopback, strconv.Itoa(v.ports[0]), strconv.Itoa(v.buses[0])); err != nil {
			return err
		}
	}
	for i, p := range v.nodes {
		known := func() error {
			return expect(ctx, v.addrs[i], "cluster_known_nodes", strconv.Itoa(len(v.nodes)), "CLUSTER", "INFO")
		}
		if err := p.await(ctx, known); err != nil {
			return err
		}
	}
	return nil
}

// follow makes node i a replica.
func (v *servers) follow(ctx context.Context, i int) error {
	id, err := ask(ctx, v.addrs[v.shape.masterOf(i)], "CLUSTER", "MYID")
	if err != nil {
		return err
	}
	return v.nodes[i].await(ctx, func() error { _, err := ask(ctx, v.addrs[i], "CLUSTER", "REPLICATE", id); return err })
}
