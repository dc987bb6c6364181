package sim

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/cmd/redoubt-server/node"
	"github.com/redoubtdb/redoubt/resp/server"
	"github.com/redoubtdb/redoubt/slotmap"
)

// A replica moves to another master while its old one is down, and is forgotten at once.
// Its old group still counts its vote and cannot let it go, so it may not begin anew, which
// would empty its disk, before the old master is back.
func TestForgetRightAfterMoving(t *testing.T) {
	simulate(t, 6, 3, func(t *testing.T, c *Cluster) {
		l := StartLoad(c, 2, 11)
		time.Sleep(time.Second)
		master := 0
		if c.leadsMeta(master) { // its successor would be asked too late: the replica would be a master by then
			master = 1
		}
		moves := master + 3
		m := c.Node(master).Map()
		group := m.GroupOf(c.Node(master).Self())
		if group.Leader != c.Node(master).Self() || m.GroupOf(c.Node(moves).Self()) != group {
			t.Fatalf("host %d should be the master of host %d: %+v", master, moves, group)
		}
		witness, other := c.hostOf(group.Witness), (master+1)%3
		if witness == other {
			other = (master + 2) % 3
		}
		forgotten := c.Node(moves).Self()
		counted := func(host int) bool { return c.counts(host, group.ID, forgotten) }
		if !counted(witness) {
			t.Fatal("the witness does not know the replica")
		}
		c.Kill(master)
		do(t, c, moves, "CLUSTER", "REPLICATE", string(c.Node(other).Self()))
		var operator sync.WaitGroup
		defer operator.Wait()
		operator.Go(func() { c.Call(other, "CLUSTER", "FORGET", string(forgotten)) })
		for range 80 {
			time.Sleep(100 * time.Millisecond)
			if len(c.Node(moves).Map().Nodes()) == 1 && counted(witness) {
				t.Fatal("it began anew although its old group counts on it")
			}
		}
		if err := c.Start(master); err != nil {
			t.Fatal(err)
		}
		if !Until(20*time.Second, func() bool { return len(c.Node(moves).Map().Nodes()) == 1 && !counted(master) }) {
			t.Errorf("it was not forgotten: it knows %d nodes; its old group counts it: %v", len(c.Node(moves).Map().Nodes()), counted(master))
		}
		l.Stop()
		if a := l.Check(); len(a.Wrong) > 0 {
			t.Error(a.Wrong)
		}
	})
}

// counts tells whether a host's member of a group has a server of a node in its configuration.
func (c *Cluster) counts(host int, group slotmap.GroupID, id slotmap.NodeID) bool {
	for _, g := range c.hosts[host].node.Groups() {
		if g.ID == group && slices.ContainsFunc(g.Members, func(m server.MemberStatus) bool { return m.Node == id }) {
			return true
		}
	}
	return false
}

func (c *Cluster) leadsMeta(host int) bool {
	return slices.ContainsFunc(c.hosts[host].node.Leaderships(), func(l node.Leadership) bool { return l.Meta })
}

func (c *Cluster) leadsGroup(host int, id slotmap.GroupID) bool {
	return slices.ContainsFunc(c.hosts[host].node.Leaderships(), func(l node.Leadership) bool { return l.Group == id })
}

// hostOf finds the host of a node, -1 if there is none.
func (c *Cluster) hostOf(id slotmap.NodeID) int {
	return slices.IndexFunc(c.hosts, func(h *host) bool { return h.node != nil && h.node.Self() == id })
}

// A node is reset while the others are out of its reach: they list it, and count its votes, until somebody forgets it.
// It may come back under its old id afterwards.
func TestResetOutOfReach(t *testing.T) {
	simulate(t, 4, 2, func(t *testing.T, c *Cluster) {
		n := NewNemesis(c, &Schedule{})
		c.Net.Partition([]string{c.Name(3)}, []string{c.Name(0), c.Name(1), c.Name(2)})
		id := c.Node(3).Self()
		n.command(3, "CLUSTER", "RESET")
		n.commands.Wait()
		for i := range 3 { // else its wish to leave would arrive after all
			c.Net.Reset(c.Name(3), c.Name(i))
		}
		c.Net.HealAll()
		if known := c.Node(3).Map().Nodes(); len(known) != 1 {
			t.Fatalf("after the reset it knows %d nodes", len(known))
		}
		time.Sleep(10 * time.Second)
		if c.Node(0).Map().Node(id) == nil {
			t.Fatal("the cluster let the node go by itself")
		}
		n.forgetReset(serviceLimit)
		if err := c.SettleAround(time.Minute); err != nil {
			t.Error(err)
		}
		if c.Node(0).Map().Node(id) != nil {
			t.Error("the cluster lists the node that it forgot")
		}
		do(t, c, 0, "CLUSTER", "MEET", c.Name(3), "7000")
		if !Until(20*time.Second, func() bool { return len(c.Node(3).Map().Nodes()) == 4 }) {
			t.Errorf("met again, it knows %d nodes", len(c.Node(3).Map().Nodes()))
		}
		for _, w := range n.Wrong() {
			t.Error(w)
		}
	})
}
