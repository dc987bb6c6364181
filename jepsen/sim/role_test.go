package sim

import (
	"testing"
	"time"

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
			if !Until(5*time.Second, func() bool { return c.Master(0) == w && c.Node(0).Map().Group(group).Leader == c.Node(w).Self() }) {
				t.Fatal("the former witness does not become master")
			}
			// It goes back, and is the only candidate for a witness besides the other master.
			do(t, c, 0, "CLUSTER", "FAILOVER")
			if !Until(5*time.Second, func() bool { return c.Master(0) == 0 && c.Node(w).Map().Group(group).Leader == c.Node(0).Self() }) {
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
