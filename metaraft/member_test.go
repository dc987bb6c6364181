package metaraft_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/metaraft"
	"github.com/redoubtdb/redoubt/persistence"
	"github.com/redoubtdb/redoubt/slotmap"
)

func TestLoneNode(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, c *cluster) {
		n := c.nodes["n1"]
		changed := n.member.Changed()
		m := c.change("n1", slotmap.AssignSlots("g-n1", slotRange(0, 99)))
		if m.Count("g-n1") != 100 || n.member.Map() != m {
			t.Error("the change is not visible")
		}
		select {
		case <-changed:
		default:
			t.Error("Changed was not closed")
		}
		if _, err := n.member.Change(context.Background(), slotmap.AssignSlots("g-x", nil)); !errors.Is(err, slotmap.ErrNoGroup) {
			t.Error(err)
		}
		if _, err := n.member.Change(context.Background(), slotmap.Change{Kind: "dance"}); !errors.Is(err, slotmap.ErrUnknownKind) {
			t.Error(err)
		}
		n.stop()
		if n.cached.Version != m.Version {
			t.Error("the cache lags behind at version", n.cached.Version)
		}

		// It founds the cluster again, as a process does that starts: the log has it already.
		n.start(slotmap.NewMap("c", n.self(), slotmap.Group{ID: "g-n1"}), n.cached)
		c.leader()
		if again := c.change("n1", slotmap.SetConfigEpoch("n1", 3)); again.Version != m.Version+1 || again.Count("g-n1") != 100 {
			t.Error("restarted with version", again.Version)
		}
		if err := n.member.StepDown(context.Background()); err != nil {
			t.Error("a lone leader steps down:", err)
		}
	})
}

// A node whose metadata is gone does not found a second cluster of the same name.
func TestFounderWithoutDisk(t *testing.T) {
	inBubble(t, 2, func(t *testing.T, c *cluster) {
		n := c.nodes["n1"]
		known := c.eventuallySame()
		n.stop()
		_, err := metaraft.Open(metaraft.Deps{Storage: persistence.NewMemory(), Bus: n.bus, Logger: c.log},
			metaraft.Options{Self: n.serverID(), Known: known, Genesis: slotmap.NewMap("c", n.self(), slotmap.Group{ID: "g-n1"})})
		if !errors.Is(err, metaraft.ErrBlank) {
			t.Error(err)
		}
	})
}

func TestEveryNodeTakesChanges(t *testing.T) {
	inBubble(t, 4, func(t *testing.T, c *cluster) {
		c.eventuallyVoters(c.nodes["n1"], "n1:i1", "n2:i1", "n3:i1")
		for i, name := range []string{"n1", "n2", "n3", "n4"} {
			m := c.change(name, slotmap.AssignSlots(groupOf(name), slotRange(i*10, i*10+9)))
			if m.Count(groupOf(name)) != 10 || c.nodes[name].member.Map().Version < m.Version {
				t.Errorf("%s does not see its own change", name)
			}
		}
		// Refusals look on every node as they do on the leader.
		for _, n := range c.up() {
			_, err := n.member.Change(context.Background(), slotmap.AssignSlots("g-n4", slotRange(25, 25)))
			var busy *slotmap.SlotBusyError
			if !errors.As(err, &busy) || busy.Slot != 25 {
				t.Errorf("%s: %v", n.name, err)
			}
		}
		m, err := c.nodes["n4"].member.FetchMap(context.Background(), "n2:i1")
		if err != nil || m.ClusterID != "c" || len(m.Nodes()) != 4 {
			t.Error("fetch:", err)
		}
		if got := c.eventuallySame(); got.Assigned() != 40 {
			t.Error("assigned", got.Assigned())
		}
	})
}

// Killing the leader costs an election; its node is marked, and replaced as a voter.
func TestLeaderKill(t *testing.T) {
	inBubble(t, 6, func(t *testing.T, c *cluster) {
		c.eventuallyVoters(c.nodes["n1"], "n1:i1", "n2:i1", "n3:i1", "n4:i1", "n5:i1")
		c.eventuallySame()
		c.nodes["n1"].kill()

		ctx, cancel := within(10 * nodeTimeout)
		defer cancel()
		began := time.Now()
		if _, err := c.nodes["n6"].member.Change(ctx, slotmap.AssignSlots("g-n6", slotRange(0, 0))); err != nil {
			t.Fatal(err)
		}
		t.Log("a change through a learner took", time.Since(began))
		leader := c.leader()
		c.eventually("n1 is marked", func() bool { return leader.member.Map().Node("n1").Failed })
		c.eventuallyVoters(leader, "n2:i1", "n3:i1", "n4:i1", "n5:i1", "n6:i1")

		c.nodes["n1"].restart()
		c.eventually("n1 is back", func() bool { return !leader.member.Map().Node("n1").Failed })
		c.eventuallySame()
		for _, n := range c.up() {
			n.stop()
			for _, m := range n.maps {
				for _, other := range m.Nodes() {
					if other.Failed && other.ID != "n1" {
						t.Fatalf("%s was called failed at version %d", other.ID, m.Version)
					}
				}
			}
		}
	})
}

// The side without a majority changes nothing and says so; the other side goes on, and all agree afterwards.
func TestMinority(t *testing.T) {
	inBubble(t, 5, func(t *testing.T, c *cluster) {
		old := c.nodes["n1"]
		c.eventuallyVoters(old, "n1:i1", "n2:i1", "n3:i1", "n4:i1", "n5:i1")
		c.eventuallySame()
		if c.leader() != old {
			t.Fatal("n1 does not lead")
		}
		minority, majority := []string{"n1", "n2"}, []string{"n3", "n4", "n5"}
		c.net.Partition(minority, majority)

		// The old leader takes it, and cannot know.
		ctx, cancel := within(3 * nodeTimeout)
		defer cancel()
		if _, err := old.member.Change(ctx, slotmap.AssignSlots("g-n1", slotRange(1, 1))); !errors.Is(err, metaraft.ErrUnknownOutcome) {
			t.Error("the old leader:", err)
		}
		// Nobody leads here by now: certainly nothing was done.
		ctx, cancel = within(2 * nodeTimeout)
		defer cancel()
		if _, err := c.nodes["n2"].member.Change(ctx, slotmap.AssignSlots("g-n2", slotRange(2, 2))); !errors.Is(err, metaraft.ErrNotRun) || !errors.Is(err, metaraft.ErrNoLeader) {
			t.Error("its follower:", err)
		}
		c.change("n3", slotmap.AssignSlots("g-n3", slotRange(3, 3)))
		leader := c.leader(c.nodes["n3"], c.nodes["n4"], c.nodes["n5"])
		c.eventually("the others are marked", func() bool {
			m := leader.member.Map()
			return m.Node("n1").Failed && m.Node("n2").Failed
		})

		c.net.HealAll()
		m := c.eventuallySame()
		c.eventually("all are up", func() bool {
			m = c.eventuallySame()
			return !m.Node("n1").Failed && !m.Node("n2").Failed
		})
		if m.Owner(3) != "g-n3" || m.Owner(2) != "" {
			t.Errorf("slot 3 is %q's, slot 2 %q's", m.Owner(3), m.Owner(2))
		}
	})
}

func TestRestartOfAll(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		c.eventuallyVoters(c.nodes["n1"], "n1:i1", "n2:i1", "n3:i1")
		for i := range 5 {
			c.change("n2", slotmap.AssignSlots("g-n2", slotRange(i, i)))
		}
		for _, n := range c.up() {
			n.kill()
		}
		for _, n := range []string{"n1", "n2", "n3"} {
			c.nodes[n].restart()
		}
		if m := c.change("n3", slotmap.AssignSlots("g-n2", slotRange(5, 5))); m.Count("g-n2") != 6 || len(m.Nodes()) != 3 {
			t.Error("slots", m.Count("g-n2"))
		}
		c.eventuallySame()
	})
}

// A node whose disk was lost returns under its old id with a new incarnation: a new server to the group.
func TestNewIncarnation(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		c.eventuallyVoters(c.nodes["n1"], "n1:i1", "n2:i1", "n3:i1")
		c.eventuallySame()
		lost := c.nodes["n3"]
		lost.kill()
		lost.disk, lost.inc = persistence.NewMemory(), "i2"
		known := c.change("n2", slotmap.RenewIncarnation("n3", "i1", "i2"))
		lost.start(nil, known)
		c.eventuallyVoters(c.nodes["n1"], "n1:i1", "n2:i1", "n3:i2")
		c.change("n3", slotmap.AssignSlots("g-n3", slotRange(0, 0)))
		c.eventuallySame()
	})
}

// The leader is taken out of the map: it hands over, and the next one removes it from the group.
func TestLeaderLeaves(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		old := c.nodes["n1"]
		c.eventuallyVoters(old, "n1:i1", "n2:i1", "n3:i1")
		c.eventuallySame()
		c.change("n1", slotmap.Leave("n1", "i1"))
		rest := []*node{c.nodes["n2"], c.nodes["n3"]}
		var leader *node
		c.eventually("another leads", func() bool {
			for _, n := range rest {
				if n.member.IsLeader() {
					leader = n
				}
			}
			return leader != nil
		})
		c.eventually("n1 is out", func() bool { return len(leader.voters()) == 1 && leader.voters()[0] == leader.serverID() })
		old.stop()
		if m := c.change("n2", slotmap.BumpEpoch("n2")); m.Node("n1") != nil {
			t.Error("n1 is in the map still")
		}
		c.change("n3", slotmap.BumpEpoch("n3"))
		c.eventuallySame()
	})
}
