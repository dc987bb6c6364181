package main

import (
	"context"
	"fmt"
	"strconv"
)

// groupSize is the number of nodes that hold each key, in Redoubt's group and with redis-server alike.
const groupSize = 3

const redoubtName = "Redoubt"

// group is one Redoubt group that serves all slots.
type group struct {
	nodes []*process
	addrs []string
}

// startRedoubt starts a group of three nodes; the first leads it.
func startRedoubt(ctx context.Context, f *fleet, s *settings) (*group, error) {
	ports, err := freePorts(2 * groupSize)
	if err != nil {
		return nil, err
	}
	g := &group{}
	for i := range groupSize {
		args := append([]string{
			"--port", strconv.Itoa(ports[2*i]), "--cluster-port", strconv.Itoa(ports[2*i+1]), "--bind", loopback,
			"--cluster-enabled", "yes", "--appendfsync", "always",
		}, s.extra...)
		p, err := f.add(fmt.Sprintf("redoubt-%d", i), s.server, args...)
		if err != nil {
			return nil, err
		}
		addr := local(ports[2*i])
		g.nodes, g.addrs = append(g.nodes, p), append(g.addrs, addr)
		if err := p.await(ctx, func() error { _, err := ask(ctx, addr, "PING"); return err }); err != nil {
			return nil, err
		}
	}
	if err := g.form(ctx, ports); err != nil {
		return nil, fmt.Errorf("forming the cluster: %w", err)
	}
	return g, g.settle(ctx)
}

// form gives all slots to the first node and makes the others its replicas.
func (g *group) form(ctx context.Context, ports []int) error {
	if _, err := ask(ctx, g.addrs[0], "CLUSTER", "ADDSLOTSRANGE", "0", "16383"); err != nil {
		return err
	}
	master, err := ask(ctx, g.addrs[0], "CLUSTER", "MYID")
	if err != nil {
		return err
	}
	for i := 1; i < groupSize; i++ {
		if _, err := ask(ctx, g.addrs[i], "CLUSTER", "MEET", loopback, strconv.Itoa(ports[0]), strconv.Itoa(ports[1])); err != nil {
			return err
		}
		replicate := func() error { _, err := ask(ctx, g.addrs[i], "CLUSTER", "REPLICATE", master); return err }
		if err := g.nodes[i].await(ctx, replicate); err != nil {
			return err
		}
	}
	return nil
}

// settle waits until every node serves and every replica has its master.
func (g *group) settle(ctx context.Context) error {
	for i, addr := range g.addrs {
		if err := g.nodes[i].await(ctx, func() error { return g.ready(ctx, addr) }); err != nil {
			return err
		}
	}
	return nil
}

func (g *group) ready(ctx context.Context, addr string) error {
	if err := expect(ctx, addr, "cluster_state", "ok", "CLUSTER", "INFO"); err != nil {
		return err
	}
	if err := expect(ctx, addr, "cluster_known_nodes", strconv.Itoa(groupSize), "CLUSTER", "INFO"); err != nil {
		return err
	}
	info, err := ask(ctx, addr, "INFO", "replication")
	if err != nil {
		return err
	}
	switch field(info, "role") {
	case "master":
		if n := field(info, "connected_slaves"); n != strconv.Itoa(groupSize-1) {
			return fmt.Errorf("%s has %s replicas", addr, n)
		}
		return nil
	case "slave":
		return expect(ctx, addr, "master_link_status", "up", "INFO", "replication")
	}
	return fmt.Errorf("%s is neither master nor replica", addr)
}

// master finds the node that leads.
func (g *group) master(ctx context.Context) (int, error) {
	for i, addr := range g.addrs {
		if expect(ctx, addr, "role", "master", "INFO", "replication") == nil {
			return i, nil
		}
	}
	return 0, fmt.Errorf("no node leads")
}
