package metaraft_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubtdb/redoubt/metaraft"
	"github.com/redoubtdb/redoubt/persistence"
	"github.com/redoubtdb/redoubt/shardgroup/bus"
	"github.com/redoubtdb/redoubt/shardgroup/bus/memnet"
	"github.com/redoubtdb/redoubt/slotmap"
)

const (
	nodeTimeout = time.Second
	soon        = 20 * time.Second        // of virtual time: more than anything here needs
	poll        = 20 * time.Millisecond   // of virtual time
	quick       = 1500 * time.Millisecond // a change that must not wait for an election
)

// cluster is a metadata group in one process, on a network in memory. It lives in a synctest bubble.
type cluster struct {
	t     *testing.T
	net   *memnet.Net
	log   *slog.Logger
	nodes map[string]*node
	opt   metaraft.Options // for all members
}

type node struct {
	c      *cluster
	name   string
	inc    string
	disk   *persistence.Memory
	bus    *bus.Bus
	member *metaraft.Member // nil while down
	maps   []*slotmap.Map   // all that OnMap was given; read it only when the member is closed
	cached *slotmap.Map
}

// inBubble runs a test in virtual time with a cluster of nodes n1, n2, …; n1 founds it.
func inBubble(t *testing.T, size int, test func(t *testing.T, c *cluster)) {
	t.Helper()
	inBubbleWith(t, size, metaraft.Options{}, test)
}

func inBubbleWith(t *testing.T, size int, o metaraft.Options, test func(t *testing.T, c *cluster)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{t: t, net: memnet.New(), nodes: map[string]*node{}, opt: o, log: testLogger()}
		c.opt.NodeTimeout = nodeTimeout
		t.Cleanup(func() {
			for _, n := range c.nodes {
				n.stop()
			}
		})
		c.found("n1")
		for i := 2; i <= size; i++ {
			c.join(fmt.Sprintf("n%d", i))
		}
		test(t, c)
	})
}

// testLogger writes to standard error if METARAFT_TEST_LOG is set, else nowhere.
func testLogger() *slog.Logger {
	if os.Getenv("METARAFT_TEST_LOG") == "" {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func groupOf(name string) slotmap.GroupID { return slotmap.GroupID("g-" + name) }

func (n *node) self() slotmap.Node {
	return slotmap.Node{ID: slotmap.NodeID(n.name), Incarnation: n.inc, Host: n.name, Port: 7000, BusPort: 17000}
}

func (n *node) serverID() string { self := n.self(); return self.ServerID() }

func (c *cluster) node(name string) *node {
	n := c.nodes[name]
	if n == nil {
		n = &node{c: c, name: name, inc: "i1", disk: persistence.NewMemory()}
		c.nodes[name] = n
	}
	return n
}

// found starts a cluster of one.
func (c *cluster) found(name string) {
	n := c.node(name)
	n.start(slotmap.NewMap("c", n.self(), slotmap.Group{ID: groupOf(name)}), nil)
	c.eventually("it leads", func() bool { return n.member.IsLeader() })
}

// join adds a node to the map through n1 and starts it with that map.
func (c *cluster) join(name string) {
	c.t.Helper()
	n := c.node(name)
	known := c.change("n1", slotmap.AddNode(n.self(), slotmap.Group{ID: groupOf(name)}, nil, 0, 0))
	n.start(nil, known)
}

func (n *node) start(genesis, known *slotmap.Map) {
	n.c.t.Helper()
	var err error
	n.bus, err = bus.Open(bus.Deps{
		Network: n.c.net.Host(n.name), Logger: n.c.log.With("node", n.name),
		Self:    func() bus.Identity { return bus.Identity{Cluster: "c", Node: n.name, Incarnation: n.inc} },
		Resolve: func(id string) (string, error) { name, _, _ := strings.Cut(id, ":"); return name + ":17000", nil },
	}, n.name+":17000")
	if err != nil {
		n.c.t.Fatal(err)
	}
	o := n.c.opt
	o.Self, o.Genesis, o.Known = n.serverID(), genesis, known
	n.maps = nil
	n.member, err = metaraft.Open(metaraft.Deps{
		Storage: n.disk, Bus: n.bus, Logger: n.c.log.With("node", n.name),
		OnMap: func(m *slotmap.Map) { n.maps = append(n.maps, m) },
		Cache: func(m *slotmap.Map) error { n.cached = m; return nil },
	}, o)
	if err != nil {
		n.c.t.Fatal(err)
	}
}

// stop is a clean stop; kill cuts the node off from network and disk first. Both check what OnMap saw.
func (n *node) stop() {
	n.c.t.Helper()
	if n.member == nil {
		return
	}
	if err := n.member.Close(); err != nil {
		n.c.t.Errorf("close %s: %v", n.name, err)
	}
	n.member = nil
	n.down()
	if n.cached != n.maps[len(n.maps)-1] {
		n.c.t.Errorf("%s: the cache has version %d", n.name, n.cached.Version)
	}
}

func (n *node) kill() {
	n.disk.Crash()
	n.c.net.Crash(n.name)
	_ = n.member.Close()
	n.member = nil
	n.down()
}

// down ends what is left of a node whose member is closed.
func (n *node) down() {
	n.c.t.Helper()
	if err := n.bus.Close(); err != nil {
		n.c.t.Errorf("close bus of %s: %v", n.name, err)
	}
	n.bus = nil
	for i := 1; i < len(n.maps); i++ {
		if n.maps[i-1].Version >= n.maps[i].Version {
			n.c.t.Errorf("%s: OnMap got version %d after %d", n.name, n.maps[i].Version, n.maps[i-1].Version)
		}
	}
}

// restart starts a node that is down on its old disk.
func (n *node) restart() {
	n.c.t.Helper()
	n.disk.Reopen()
	n.start(nil, n.cached)
}

// change applies a change through a node; it must succeed.
func (c *cluster) change(name string, ch slotmap.Change) *slotmap.Map {
	c.t.Helper()
	m, err := c.nodes[name].member.Change(context.Background(), ch)
	if err != nil {
		c.t.Fatalf("change %s through %s: %v", ch.Kind, name, err)
	}
	return m
}

// eventually waits for a condition.
func (c *cluster) eventually(what string, is func() bool) {
	c.t.Helper()
	for began := time.Now(); !is(); time.Sleep(poll) {
		if time.Since(began) > soon {
			c.t.Fatalf("it never came true that %s\n%s", what, c.describe())
		}
	}
}

func (c *cluster) describe() string {
	var b strings.Builder
	for _, n := range c.up() {
		fmt.Fprintf(&b, "%s: %+v\n", n.name, n.member.Status())
	}
	return b.String()
}

// up returns the nodes that run, by name.
func (c *cluster) up() (out []*node) {
	for _, n := range c.nodes {
		if n.member != nil {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(a, b *node) int { return strings.Compare(a.name, b.name) })
	return out
}

// leader waits until one of the nodes leads that all of the nodes know.
func (c *cluster) leader(among ...*node) *node {
	c.t.Helper()
	if len(among) == 0 {
		among = c.up()
	}
	var leader *node
	c.eventually("they agree on a leader", func() bool {
		for _, n := range among {
			if n.member.IsLeader() {
				leader = n
			}
		}
		return leader != nil && leader.member.IsLeader() &&
			!slices.ContainsFunc(among, func(n *node) bool { return n.member.Leader() != leader.serverID() })
	})
	return leader
}

// voters returns the voters' server ids in a node's view.
func (n *node) voters() (out []string) {
	for _, s := range n.member.Status().Configuration.Servers {
		if s.Voter {
			out = append(out, s.ID)
		}
	}
	slices.Sort(out)
	return out
}

func (c *cluster) eventuallyVoters(of *node, want ...string) {
	c.t.Helper()
	c.eventually(fmt.Sprintf("the voters are %v", want), func() bool { return slices.Equal(of.voters(), want) })
}

// eventuallySame waits until all nodes that run show the same map, and returns it.
func (c *cluster) eventuallySame() *slotmap.Map {
	c.t.Helper()
	up := c.up()
	c.eventually("all show the same map", func() bool {
		first, _ := up[0].member.Map().MarshalJSON()
		return !slices.ContainsFunc(up, func(n *node) bool {
			b, _ := n.member.Map().MarshalJSON()
			return string(b) != string(first)
		})
	})
	return up[0].member.Map()
}

func slotRange(first, last int) []slotmap.Range {
	return []slotmap.Range{{Start: uint16(first), End: uint16(last)}}
}

func within(d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), d)
}

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
