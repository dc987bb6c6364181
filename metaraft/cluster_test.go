package metaraft_test

import (
	"context"
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
	n.startWith(genesis, known, func(m *slotmap.Map) error { n.cached = m; return nil })
}

func (n *node) startWith(genesis, known *slotmap.Map, cache func(*slotmap.Map) error) {
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
		Cache: cache,
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
