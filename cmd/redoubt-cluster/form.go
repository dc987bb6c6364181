package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

const slotCount = 16384

// up starts what does not run, forms the cluster where it is not formed yet, and waits.
func up(ctx context.Context, s *settings) error {
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return err
	}
	for i := range s.count() {
		if err := start(s, i); err != nil {
			return err
		}
	}
	info, err := call(s.port(0), "CLUSTER", "INFO")
	if err != nil {
		return err
	}
	if infoField(info, "cluster_known_nodes") == "1" {
		fmt.Printf("Forming a cluster of %d masters with %d replica(s) each\n", s.masters, s.replicas)
		if err := form(ctx, s); err != nil {
			return fmt.Errorf("forming the cluster: %w", err)
		}
	}
	if err := waitOK(ctx, s); err != nil {
		return err
	}
	self := os.Args[0]
	fmt.Printf("\nThe cluster is ok: ports %d to %d, data in %s\n"+
		"  connect   redis-cli -c -p %d\n"+
		"  look      redis-cli --cluster check 127.0.0.1:%d    (or: %s status)\n"+
		"  stop      make down                                 (or: %s down)\n",
		s.port(0), s.port(s.count()-1), s.dir, s.port(0), s.port(0), self, self)
	return nil
}

// form gives the masters their slots, lets everybody meet the first node and makes
// the rest replicas.
func form(ctx context.Context, s *settings) error {
	for i := range s.masters {
		first, last := firstSlot(s, i), firstSlot(s, i+1)-1
		if _, err := call(s.port(i), "CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(first), strconv.Itoa(last)); err != nil {
			return err
		}
	}
	for i := range s.count() { // a config epoch each, as redis-cli --cluster create gives them
		if _, err := call(s.port(i), "CLUSTER", "SET-CONFIG-EPOCH", strconv.Itoa(i+1)); err != nil {
			return err
		}
	}
	for i := 1; i < s.count(); i++ {
		if _, err := call(s.port(i), "CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(s.port(0))); err != nil {
			return err
		}
	}
	if err := poll(ctx, func() error { return allKnow(s) }); err != nil {
		return err
	}
	for i := s.masters; i < s.count(); i++ {
		master, err := call(s.port((i-s.masters)%s.masters), "CLUSTER", "MYID")
		if err != nil {
			return err
		}
		if err := poll(ctx, func() error {
			_, err := call(s.port(i), "CLUSTER", "REPLICATE", master)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// firstSlot is where master i's share begins, rounded as redis-cli does it.
func firstSlot(s *settings, i int) int {
	return (2*slotCount*i + s.masters) / (2 * s.masters)
}

// allKnow tells whether every node knows every node.
func allKnow(s *settings) error {
	for i := range s.count() {
		info, err := call(s.port(i), "CLUSTER", "INFO")
		if err != nil {
			return err
		}
		if known := infoField(info, "cluster_known_nodes"); known != strconv.Itoa(s.count()) {
			return fmt.Errorf("the node on port %d knows %s of %d nodes", s.port(i), known, s.count())
		}
	}
	return nil
}

// waitOK waits until every node sees the cluster ok, every replica has its master, and every
// group has the votes it needs to lose a node.
func waitOK(ctx context.Context, s *settings) error {
	return poll(ctx, func() error {
		for i := range s.count() {
			info, err := call(s.port(i), "CLUSTER", "INFO")
			if err != nil {
				return err
			}
			if state := infoField(info, "cluster_state"); state != "ok" {
				return fmt.Errorf("the node on port %d sees the cluster in state %q", s.port(i), state)
			}
			role, err := call(s.port(i), "INFO", "replication")
			if err != nil {
				return err
			}
			if strings.Contains(role, "role:slave") && infoField(role, "master_link_status") != "up" {
				return fmt.Errorf("the replica on port %d has no link to its master", s.port(i))
			}
			group, err := call(s.port(i), "INFO", "raft")
			if err != nil {
				return err
			}
			if pending := infoField(group, "raft_pending"); pending != "" {
				return fmt.Errorf("the group of the node on port %d is not complete: %s", s.port(i), pending)
			}
		}
		return nil
	})
}

// poll repeats f until it succeeds or ctx ends; then its last error tells why.
func poll(ctx context.Context, f func() error) error {
	for {
		err := f()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("gave up waiting: %w", err)
		case <-time.After(pollInterval):
		}
	}
}

// down stops all nodes.
func down(ctx context.Context, s *settings) error {
	var errs []error
	for i := range s.count() {
		errs = append(errs, stop(ctx, s, i))
	}
	return errors.Join(errs...)
}

// status prints CLUSTER NODES as the first node that answers sees it.
func status(s *settings) error {
	for i := range s.count() {
		nodes, err := call(s.port(i), "CLUSTER", "NODES")
		if err == nil {
			fmt.Print(nodes)
			return nil
		}
	}
	return fmt.Errorf("no node on ports %d to %d answers", s.port(0), s.port(s.count()-1))
}
