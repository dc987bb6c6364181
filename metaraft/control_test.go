package metaraft_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubtdb/redoubt/metaraft"
	"github.com/redoubtdb/redoubt/persistence"
	"github.com/redoubtdb/redoubt/slotmap"
)

// StepDown hands over without the gap of an election.
func TestStepDown(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		old := c.nodes["n1"]
		c.eventuallyVoters(old, "n1:i1", "n2:i1", "n3:i1")
		c.eventuallySame()
		if err := old.member.StepDown(context.Background()); err != nil {
			t.Fatal(err)
		}
		old.kill()
		ctx, cancel := within(quick)
		defer cancel()
		if _, err := c.nodes["n2"].member.Change(ctx, slotmap.BumpEpoch("n2")); err != nil {
			t.Error(err)
		}
	})
}

// A joiner that comes after the log was compacted gets the map by snapshot.
func TestJoinBySnapshot(t *testing.T) {
	o := metaraft.Options{SnapshotEntries: 8, TrailingEntries: 4}
	inBubbleWith(t, 1, o, func(t *testing.T, c *cluster) {
		for i := range 50 {
			c.change("n1", slotmap.AssignSlots("g-n1", slotRange(i, i)))
		}
		c.eventually("there is a snapshot", func() bool { return c.nodes["n1"].member.Status().Snapshot > 8 })
		c.join("n2")
		c.join("n3")
		m := c.change("n3", slotmap.BumpEpoch("n3"))
		if m.Count("g-n1") != 50 {
			t.Error("slots", m.Count("g-n1"))
		}
		c.eventuallySame()
		for _, n := range c.up() {
			n.stop()
		}
		for _, name := range []string{"n2", "n3", "n1"} {
			c.nodes[name].restart()
		}
		if m := c.change("n2", slotmap.BumpEpoch("n1")); m.Count("g-n1") != 50 {
			t.Error("slots after a restart", m.Count("g-n1"))
		}
	})
}

// A group of two gets a witness on a third node, and another one when that fails.
func TestWitness(t *testing.T) {
	inBubble(t, 4, func(t *testing.T, c *cluster) {
		c.change("n1", slotmap.MoveNode("n2", "g-n1"))
		witness := func() slotmap.NodeID { return c.nodes["n1"].member.Map().Group("g-n1").Witness }
		c.eventually("there is a witness", func() bool { return witness() == "n3" })
		c.nodes["n3"].kill()
		c.eventually("another node is the witness", func() bool { return witness() == "n4" })
	})
}

// FORGET: an empty node leaves the map and the group; the leader does too, after handing over.
func TestForget(t *testing.T) {
	inBubble(t, 4, func(t *testing.T, c *cluster) {
		c.eventuallySame()
		for _, name := range []string{"n4", "n1"} {
			c.change("n2", slotmap.SetLeaving(slotmap.NodeID(name)))
			c.eventually(name+" is gone", func() bool { return c.nodes["n2"].member.Map().Node(slotmap.NodeID(name)) == nil })
			rest := slices.DeleteFunc(c.up(), func(n *node) bool { return n.name == name })
			leader := c.leader(rest...)
			c.eventually(name+" is out of the group", func() bool {
				_, in := leader.member.Status().Configuration.Find(name + ":i1")
				return !in
			})
			c.nodes[name].stop()
		}
		c.change("n3", slotmap.BumpEpoch("n3"))
		c.eventuallySame()
	})
}

// What certainly did not run says so.
func TestChangeThatCannotRun(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, c *cluster) {
		n := c.nodes["n1"]
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := n.member.Change(ctx, slotmap.BumpEpoch("n1")); !errors.Is(err, metaraft.ErrNotRun) || !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		member := n.member
		n.stop()
		if _, err := member.Change(context.Background(), slotmap.BumpEpoch("n1")); !errors.Is(err, metaraft.ErrNotRun) || !errors.Is(err, metaraft.ErrClosed) {
			t.Error(err)
		}
		if err := member.Close(); err != nil {
			t.Error("close again:", err)
		}
		n.restart()
		if m := c.change("n1", slotmap.BumpEpoch("n1")); m.Epoch != 1 {
			t.Error("epoch", m.Epoch)
		}
	})
}

func TestOptionsAreChecked(t *testing.T) {
	alone := slotmap.NewMap("c", slotmap.Node{ID: "n1", Incarnation: "i1"}, slotmap.Group{ID: "g"})
	for name, o := range map[string]metaraft.Options{
		"no server id":       {Self: "n1"},
		"another's map":      {Self: "n2:i1", Genesis: alone},
		"another life's map": {Self: "n1:i2", Genesis: alone},
	} {
		if _, err := metaraft.Open(metaraft.Deps{Storage: persistence.NewMemory(), Logger: testLogger()}, o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// A copy of the map that could not be saved is saved later, without waiting for the next map.
func TestCacheTriesAgain(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, c *cluster) {
		n := c.nodes["n1"]
		n.stop()
		calls := 0
		n.startWith(nil, n.cached, func(m *slotmap.Map) error {
			if calls++; calls <= 3 {
				return errors.New("disk full")
			}
			n.cached = m
			return nil
		})
		m := c.change("n1", slotmap.BumpEpoch("n1"))
		time.Sleep(10 * metaraft.CacheInterval)
		synctest.Wait()
		if n.cached.Version != m.Version {
			t.Errorf("after %d calls the cache has version %d", calls, n.cached.Version)
		}
	})
}
