package sim

import (
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/jepsen/client"
	"github.com/redoubtdb/redoubt/resp/server"
)

// The witness of a group becomes a data member of it, and a data member its witness. To
// Raft these are different servers: a node that was only a witness holds none of the data
// that its log stands for.
func TestChangeOfRole(t *testing.T) {
	simulate(t, 4, 2, func(t *testing.T, c *Cluster) {
		l := StartLoad(c, 3, 1)
		group := c.Node(0).Map().Node(c.Node(0).Self()).Group
		witness := func() int {
			for i := range c.hosts {
				if c.Node(i).Map().Group(group).Witness == c.Node(i).Self() {
					return i
				}
			}
			return -1
		}
		// The replica of the other group is or becomes the witness of this one.
		w := witness()
		if w == 1 {
			if do(t, c, 3, "CLUSTER", "FAILOVER"); !Until(5*time.Second, func() bool { return c.Node(0).Map().GroupOf(c.Node(3).Self()).Leader == c.Node(3).Self() }) {
				t.Fatal("no failover")
			}
		}
		time.Sleep(2 * time.Second) // entries and snapshots
		for range 2 {
			do(t, c, w, "CLUSTER", "REPLICATE", string(c.Node(0).Map().Group(group).Leader))
			if err := c.Settle(time.Minute); err != nil {
				t.Fatalf("after the witness became a data member: %v", err)
			}
			time.Sleep(time.Second)
			for _, g := range c.Node(w).Groups() {
				if g.ID == group && g.Kind != server.GroupData {
					t.Errorf("host %d still is of kind %d in the group", w, g.Kind)
				}
			}
			c.Kill(w)
			if err := c.Start(w); err != nil {
				t.Fatal(err)
			}
			if err := c.Settle(time.Minute); err != nil {
				t.Fatalf("after its restart: %v", err)
			}
			verify(t, c)
			do(t, c, w, "CLUSTER", "FAILOVER")
			shown := func(at, leader int) bool { return c.Node(at).Map().Group(group).Leader == c.Node(leader).Self() }
			if !Until(5*time.Second, func() bool { return c.Master(0) == w && shown(0, w) && shown(w, w) }) {
				t.Fatal("the former witness does not become master")
			}
			// It goes back, and is the only candidate for a witness besides the other master.
			do(t, c, 0, "CLUSTER", "FAILOVER")
			if !Until(5*time.Second, func() bool { return c.Master(0) == 0 && shown(w, 0) }) {
				t.Fatal("host 0 does not become master again")
			}
			other := 4 - w // hosts 1 and 3 are the other group's
			do(t, c, w, "CLUSTER", "REPLICATE", string(c.Node(other).Self()))
			if err := c.Settle(time.Minute); err != nil {
				t.Fatalf("after it went back: %v", err)
			}
		}
		finish(t, c, l)
	}, "--raft-snapshot-entries", "64", "--raft-trailing-entries", "16")
}

// CLUSTER FAILOVER while nobody leads waits for who does next, for a node time-out.
func TestFailoverWithoutLeader(t *testing.T) {
	simulate(t, 3, 1, func(t *testing.T, c *Cluster) {
		c.Kill(0)
		c.Kill(2)
		if !Until(10*time.Second, func() bool { return c.Node(1).Leaderless() }) {
			t.Fatal("host 1 knows a leader although it is alone")
		}
		began := time.Now()
		refused(t, c, 1, "Master is down or failed", "CLUSTER", "FAILOVER")
		if waited := time.Since(began); waited < 3*time.Second || waited > 4*time.Second {
			t.Errorf("it waited %v for a leader", waited)
		}
		if err := c.Start(2); err != nil {
			t.Fatal(err)
		}
		var last client.Reply
		if !Until(20*time.Second, func() bool { last = c.Call(1, "CLUSTER", "FAILOVER"); return last.Err == nil || c.Master(0) == 1 }) {
			t.Fatalf("refused although there is a majority again: %v", last.Err)
		}
		if !Until(5*time.Second, func() bool { return c.Master(0) == 1 }) {
			t.Errorf("host %d is master", c.Master(0))
		}
	}, "--cluster-node-timeout", "3000")
}

// The founder of a group that left it and comes back is a learner like everybody: it does not found the group again,
// lead what it founded, and own the group's slots until the real leader finds it.
func TestFounderComesBack(t *testing.T) {
	simulate(t, 4, 2, func(t *testing.T, c *Cluster) {
		group := c.Node(0).Map().GroupOf(c.Node(0).Self()).ID
		do(t, c, 2, "CLUSTER", "FAILOVER")
		if !Until(5*time.Second, func() bool { return c.Node(0).Map().Group(group).Leader == c.Node(2).Self() }) {
			t.Fatal("host 2 does not become master")
		}
		do(t, c, 0, "CLUSTER", "REPLICATE", string(c.Node(1).Self()))
		if err := c.Settle(time.Minute); err != nil {
			t.Fatal(err)
		}
		for i := range 4 {
			for j := range 4 {
				if i != j {
					c.Net.Delay(c.Name(i), c.Name(j), 10*time.Millisecond)
				}
			}
		}
		do(t, c, 0, "CLUSTER", "REPLICATE", string(c.Node(2).Self()))
		for began := time.Now(); time.Since(began) < 3*time.Second; time.Sleep(time.Millisecond) {
			for _, l := range c.Node(0).Leaderships() {
				if l.Group == group {
					t.Fatalf("%v after it came back host 0 leads its former group in term %d", time.Since(began), l.Term)
				}
			}
		}
		if err := c.Settle(time.Minute); err != nil {
			t.Error(err)
		}
		verify(t, c)
	})
}
