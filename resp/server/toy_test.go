package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/redoubtdb/redoubt/resp/server/config"
	"github.com/redoubtdb/redoubt/slotmap"
)

// toyCluster is one map that its nodes share. It stands for the metadata group.
type toyCluster struct {
	mu sync.Mutex
	m  *slotmap.Map
}

func (c *toyCluster) change(changes ...slotmap.Change) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, change := range changes {
		next, err := c.m.Apply(change)
		if err != nil {
			return err
		}
		c.m = next
	}
	return nil
}

// toyNode is a whole node over real TCP, without Raft: its keys are its own, and the map is in memory. It exists to show
// the frontend to a real redis-cli.
type toyNode struct {
	*fakeInspector
	*machineShard
	world *toyWorld
	port  int
	made  int // identities it has had

	mu      sync.Mutex // guards below
	id      slotmap.NodeID
	cluster *toyCluster
	down    bool
	file    string
}

// toyWorld is all nodes of a test.
type toyWorld struct {
	t     *testing.T
	nodes []*toyNode
}

var (
	_ Topology = (*toyNode)(nil)
	_ Shard    = (*toyNode)(nil)
	_ Admin    = (*toyNode)(nil)

	_ ConfigFile = (*toyNode)(nil)
)

// startToys starts n lone nodes.
func startToys(t *testing.T, n int) *toyWorld {
	t.Helper()
	w := &toyWorld{t: t}
	for range n {
		w.start()
	}
	return w
}

func (w *toyWorld) start() *toyNode {
	w.t.Helper()
	port := freePort(w.t)
	specs := dataSpecs()
	n := &toyNode{fakeInspector: &fakeInspector{}, machineShard: newMachineShard(w.t, specs), world: w, port: port}
	w.nodes = append(w.nodes, n)
	n.reset(true)
	cfg, _, err := config.Parse([]string{"/toy.conf", "--port", strconv.Itoa(port)}, func(string) ([]byte, error) { return nil, nil })
	if err != nil {
		w.t.Fatal(err)
	}
	s, err := New(Deps{Config: config.NewLive(cfg), Topology: n, Shard: n, Admin: n, Inspect: n, Specs: specs, Compile: compileFake, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		w.t.Fatal(err)
	}
	ln, err := net.Listen("tcp", n.addr())
	if err != nil {
		w.t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	w.t.Cleanup(func() {
		s.Close()
		<-served
	})
	return n
}

func (n *toyNode) addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(n.port)) }

// reset makes a cluster of one, with a new identity if hard.
func (n *toyNode) reset(hard bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if hard {
		n.made++
		n.id = slotmap.NodeID(fmt.Sprintf("%035d%05d", n.made, n.port))
	}
	group := slotmap.GroupID(strings.Replace(string(n.id), "0", "a", 1))
	node := slotmap.Node{ID: n.id, Incarnation: strconv.Itoa(n.made), Port: n.port, BusPort: n.port + busPortDistance}
	n.cluster = &toyCluster{m: slotmap.NewMap(string(n.id), node, slotmap.Group{ID: group})}
}

func (n *toyNode) at() (*toyCluster, slotmap.NodeID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.cluster, n.id
}

func (n *toyNode) Map() *slotmap.Map {
	c, _ := n.at()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.m
}

func (n *toyNode) Self() slotmap.NodeID       { _, id := n.at(); return id }
func (n *toyNode) MetaLeader() slotmap.NodeID { return n.Self() }
func (n *toyNode) Leading() bool              { return n.Leader() == n.Self() }
func (n *toyNode) group() slotmap.GroupID     { return n.Map().Node(n.Self()).Group }
func (n *toyNode) Leader() slotmap.NodeID {
	if g := n.Map().GroupOf(n.Self()); g != nil {
		return g.Leader
	}
	return ""
}
func (n *toyNode) change(c ...slotmap.Change) error {
	cluster, _ := n.at()
	return cluster.change(c...)
}

// known gives a node its address, as the bus would find it out.
func (n *toyNode) known() error {
	node := *n.Map().Node(n.Self())
	node.Host = "127.0.0.1"
	return n.change(slotmap.SetAddress(node))
}

func (n *toyNode) Meet(_ context.Context, _ string, port, _ int) error {
	for _, other := range n.world.nodes {
		if other.port != port || other == n || n.Map() == other.Map() {
			continue
		}
		if len(other.Map().Nodes()) > 1 {
			return other.take(n)
		}
		return n.take(other)
	}
	return nil
}

// take lets a lone node into this node's cluster.
func (n *toyNode) take(joiner *toyNode) error {
	if err := errors.Join(n.known(), joiner.known()); err != nil {
		return err
	}
	join, err := joiner.Map().Join()
	if err != nil {
		return err
	}
	cluster, _ := n.at()
	if err := cluster.change(join); err != nil {
		return err
	}
	joiner.mu.Lock()
	defer joiner.mu.Unlock()
	joiner.cluster = cluster
	return nil
}

func (n *toyNode) Forget(_ context.Context, id slotmap.NodeID) error {
	node := n.Map().Node(id)
	if node == nil {
		return nil // forgotten a moment ago
	}
	if err := n.change(slotmap.SetLeaving(id)); err != nil {
		return err
	}
	_ = n.change(slotmap.DropMember(id, node.Group))
	return n.change(slotmap.RemoveNode(id))
}

func (n *toyNode) Replicate(_ context.Context, master slotmap.NodeID) error {
	return n.change(slotmap.MoveNode(n.Self(), n.Map().Node(master).Group))
}

func (n *toyNode) Failover(context.Context, FailoverMode) error {
	g := n.Map().Group(n.group())
	return n.change(slotmap.ReportLeader(g.ID, n.Self(), g.Term+1))
}

func (n *toyNode) Reset(_ context.Context, hard bool) error {
	id := n.Self()
	err := n.change(slotmap.Leave(id, ""))
	n.reset(hard)
	return err
}

func (n *toyNode) AddSlots(_ context.Context, r []slotmap.Range) error {
	return n.change(slotmap.AssignSlots(n.group(), r))
}
func (n *toyNode) DelSlots(_ context.Context, r []slotmap.Range) error {
	return n.change(slotmap.UnassignSlots(n.group(), r, true))
}
func (n *toyNode) FlushSlots(ctx context.Context) error {
	return n.DelSlots(ctx, n.Map().Ranges(n.group()))
}
func (n *toyNode) BumpEpoch(context.Context) (uint64, bool, error) { return 0, false, nil }
func (n *toyNode) SetConfigEpoch(_ context.Context, epoch uint64) error {
	return n.change(slotmap.SetConfigEpoch(n.Self(), epoch))
}
func (n *toyNode) SaveConfig(context.Context) error { return nil }
