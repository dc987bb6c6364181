package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// shape is how many masters there are, and how many replicas each has.
type shape struct{ masters, replicas int }

// groupOfThree is what is measured where nothing else is said.
func groupOfThree() shape { return shape{masters: 1, replicas: 2} }

func (s shape) count() int { return s.masters * (1 + s.replicas) }

// masterOf is the node whose replica node i is at first, i itself for a master.
func (s shape) masterOf(i int) int { return i % s.masters }

func (s shape) String() string {
	masters, replicas := "masters", "replicas"
	if s.masters == 1 {
		masters = "master"
	}
	if s.replicas == 1 {
		replicas = "replica"
	}
	if s.replicas == 0 {
		return fmt.Sprintf("%d %s", s.masters, masters)
	}
	if s.masters > 1 {
		replicas += " each"
	}
	return fmt.Sprintf("%d %s, %d %s", s.masters, masters, s.replicas, replicas)
}

// servers are the nodes of one system under measurement.
type servers struct {
	shape   shape
	cluster bool // they speak CLUSTER
	nodes   []*process
	addrs   []string // where clients connect, by node
	ports   []int
	buses   []int
}

// starter starts a system and waits until all of it serves. The further arguments go to each node.
type starter func(ctx context.Context, s shape, extra ...string) (*servers, error)

// contender is a system to be compared with others.
type contender struct {
	name  string
	start starter
}

// contenders are the systems that were asked for; redis-server, if it is there, comes first and is what others are compared with.
func (b *bench) contenders(redis starter) []contender {
	var all []contender
	if b.redis != "" {
		all = append(all, contender{redisName, redis})
	}
	if b.server != "" {
		all = append(all, contender{redoubtName, b.startRedoubt})
	}
	return all
}

// launch starts the nodes one after the other and waits until each answers.
func (b *bench) launch(ctx context.Context, name, path string, s shape, args func(v *servers, i int) []string) (*servers, error) {
	ports, err := freePorts(2 * s.count())
	if err != nil {
		return nil, err
	}
	v := &servers{shape: s}
	for i := range s.count() {
		v.ports, v.buses = append(v.ports, ports[2*i]), append(v.buses, ports[2*i+1])
		v.addrs = append(v.addrs, local(ports[2*i]))
	}
	for i := range s.count() {
		p, err := b.fleet.add(fmt.Sprintf("%s-%d", name, i), path, args(v, i)...)
		if err != nil {
			return nil, err
		}
		v.nodes = append(v.nodes, p)
		if err := p.await(ctx, func() error { _, err := ask(ctx, v.addrs[i], "PING"); return err }); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// settle waits until every node serves and every replica has its master.
func (v *servers) settle(ctx context.Context) error {
	for i, p := range v.nodes {
		if err := p.await(ctx, func() error { return v.ready(ctx, i) }); err != nil {
			return err
		}
	}
	return nil
}

func (v *servers) ready(ctx context.Context, i int) error {
	if v.cluster {
		if err := v.knowsAll(ctx, i); err != nil {
			return err
		}
	}
	addr := v.addrs[i]
	info, err := ask(ctx, addr, "INFO", "replication")
	if err != nil {
		return err
	}
	switch field(info, "role") {
	case "master":
		if n := field(info, "connected_slaves"); n != strconv.Itoa(v.shape.replicas) {
			return fmt.Errorf("%s has %s replicas", addr, n)
		}
		return nil
	case "slave":
		return expect(ctx, addr, "master_link_status", "up", "INFO", "replication")
	}
	return fmt.Errorf("%s is neither master nor replica", addr)
}

// knowsAll makes sure that a node has heard of the whole cluster, and that its group has all its members.
func (v *servers) knowsAll(ctx context.Context, i int) error {
	if err := expect(ctx, v.addrs[i], "cluster_state", "ok", "CLUSTER", "INFO"); err != nil {
		return err
	}
	if err := expect(ctx, v.addrs[i], "cluster_known_nodes", strconv.Itoa(v.shape.count()), "CLUSTER", "INFO"); err != nil {
		return err
	}
	// redis-server has no such field, which is as good as an empty one.
	if err := expect(ctx, v.addrs[i], "raft_pending", "", "INFO", "raft"); err != nil {
		return err
	}
	nodes, err := ask(ctx, v.addrs[i], "CLUSTER", "NODES")
	if err != nil {
		return err
	}
	if masters := countMasters(nodes); masters != v.shape.masters {
		return fmt.Errorf("%s sees %d masters that have not failed", v.addrs[i], masters)
	}
	return nil
}

// countMasters counts the nodes in CLUSTER NODES that are masters in good health. A node that is to become a replica still
// looks like one to those that have not heard of it.
func countMasters(nodes string) (n int) {
	for line := range strings.SplitSeq(nodes, "\n") {
		if words := strings.Fields(line); len(words) > 2 {
			flags := strings.Split(words[2], ",")
			if slices.Contains(flags, "master") && !slices.Contains(flags, "fail") && !slices.Contains(flags, "fail?") {
				n++
			}
		}
	}
	return n
}

// master finds the node that serves the first master's slots.
func (v *servers) master(ctx context.Context) (int, error) {
	for i, addr := range v.addrs {
		if v.shape.masterOf(i) == 0 && expect(ctx, addr, "role", "master", "INFO", "replication") == nil {
			return i, nil
		}
	}
	return 0, fmt.Errorf("no node leads")
}

// replica finds a node that is a replica of that master.
func (v *servers) replica(master int) (int, error) {
	for i := range v.addrs {
		if i != master && v.shape.masterOf(i) == v.shape.masterOf(master) {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%s has no replica", v.addrs[master])
}

// leadFirst makes sure that the first node is master again, which it may have ceased to be on a machine that was busy
// for too long.
func (v *servers) leadFirst(ctx context.Context) error {
	if err := v.settle(ctx); err != nil {
		return err
	}
	if master, err := v.master(ctx); err != nil || master == 0 {
		return err
	}
	if _, err := ask(ctx, v.addrs[0], "CLUSTER", "FAILOVER"); err != nil {
		return err
	}
	return v.settle(ctx)
}

// remove ends the nodes and gives their disk space back.
func (v *servers) remove() {
	for _, p := range v.nodes {
		p.kill()
		_ = os.RemoveAll(p.dir)
	}
}
