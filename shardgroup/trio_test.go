package shardgroup

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/persistence"
	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/shardgroup/bus"
	"github.com/redoubtdb/redoubt/shardgroup/bus/memnet"
	"github.com/redoubtdb/redoubt/slotmap"
)

const testGroup slotmap.GroupID = "g"

// trio is a group of data members, without a metadata group, in virtual time.
type trio struct {
	t     *testing.T
	net   *memnet.Net
	table *command.Table
	log   lockedBuffer
	seats []*testSeat

	mu       sync.Mutex // guards topology
	topology *slotmap.Map
}

// testSeat is one node with its member.
type testSeat struct {
	*Group
	node   slotmap.NodeID
	disk   *persistence.Memory
	bus    *bus.Bus
	failed chan error // has room for the first
}

// lockedBuffer is where the members log.
type lockedBuffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// count is how often a text stands in the log.
func (l *lockedBuffer) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), text)
}

// inBubble runs a test on a group whose data members are the nodes named, of which the
// first one founds the group.
func inBubble(t *testing.T, nodes string, test func(t *testing.T, g *trio)) {
	t.Helper()
	table, err := command.NewTable(command.Specs(), nil)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		g := &trio{t: t, net: memnet.New(), table: table}
		names := strings.Fields(nodes)
		g.topology = mapOf(t, names)
		defer g.close()
		for i, name := range names {
			g.open(name, i == 0)
		}
		g.until("all members vote", func() bool {
			l := g.leader()
			return l != nil && l.replica.Configuration().Voters() == len(names)
		})
		test(t, g)
	})
}

// mapOf is a map in which one group of these nodes owns all slots.
func mapOf(t *testing.T, nodes []string) *slotmap.Map {
	t.Helper()
	node := func(name string) slotmap.Node { return slotmap.Node{ID: slotmap.NodeID(name), Incarnation: "1"} }
	m := slotmap.NewMap("c", node(nodes[0]), slotmap.Group{ID: testGroup})
	m = mustApply(t, m, slotmap.AssignSlots(testGroup, []slotmap.Range{{Start: 0, End: slotmap.SlotCount - 1}}))
	for _, name := range nodes[1:] {
		m = mustApply(t, m, slotmap.AddNode(node(name), slotmap.Group{ID: slotmap.GroupID("of " + name)}, nil, 0, 0))
		m = mustApply(t, m, slotmap.MoveNode(slotmap.NodeID(name), testGroup))
	}
	return m
}

// Map, Changed and Change are a Topology that never fails.
func (g *trio) Map() *slotmap.Map {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.topology
}

func (g *trio) Changed() <-chan struct{} { return nil }

func (g *trio) Change(_ context.Context, c slotmap.Change) (*slotmap.Map, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	next, err := g.topology.Apply(c)
	if err == nil {
		g.topology = next
	}
	return g.topology, err
}

func (g *trio) open(name string, founds bool) {
	g.t.Helper()
	s := &testSeat{node: slotmap.NodeID(name), disk: persistence.NewMemory(), failed: make(chan error, 1)}
	g.seats = append(g.seats, s)
	var err error
	s.bus, err = bus.Open(bus.Deps{
		Network: g.net.Host(name),
		Self:    func() bus.Identity { return bus.Identity{Cluster: "c", Node: name, Incarnation: "1"} },
		Resolve: func(id string) (string, error) { return strings.TrimSuffix(id, ":1") + ":17000", nil },
	}, name+":17000")
	if err != nil {
		g.t.Fatal(err)
	}
	store, err := s.disk.OpenGroup("g", persistence.GroupOptions{CheckSnapshot: CheckDataSnapshot})
	if err != nil {
		g.t.Fatal(err)
	}
	if founds {
		if err := Bootstrap(store, name+":1"); err != nil {
			g.t.Fatal(err)
		}
	}
	fail := func(err error) {
		select {
		case s.failed <- err:
		default:
		}
	}
	s.Group, err = Open(Deps{
		Store: store, Bus: s.bus, Topology: g, Table: g.table, Fail: fail,
		Logger: slog.New(slog.NewTextHandler(&g.log, nil)).With("node", name),
	}, Options{
		ID: testGroup, Node: s.node, ServerID: name + ":1", NodeTimeout: time.Second, RequestTimeout: 5 * time.Second,
		Reads: func() ReadConsistency { return ReadLease },
	})
	if err != nil {
		g.t.Fatal(err)
	}
}

func (g *trio) close() {
	if g.t.Failed() && os.Getenv("GROUP_LOG") != "" {
		g.t.Log(g.log.b.String())
	}
	for _, s := range g.seats {
		g.stop(s)
	}
}

// stop closes a member, as its node does when the member has failed.
func (g *trio) stop(s *testSeat) {
	if s.Group == nil {
		return
	}
	_ = s.Group.Close()
	_ = s.bus.Close()
	s.Group = nil
}

// leader is the member that leads and may serve, nil if there is none.
func (g *trio) leader() *testSeat {
	for _, s := range g.seats {
		if s.Group != nil && s.Leading() && s.replica.LeaseValid() {
			return s
		}
	}
	return nil
}

func (g *trio) followers() (out []*testSeat) {
	l := g.leader()
	for _, s := range g.seats {
		if s != l {
			out = append(out, s)
		}
	}
	return out
}

// until waits in virtual time.
func (g *trio) until(what string, ok func() bool) {
	g.t.Helper()
	for range 120_000 {
		if ok() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	g.t.Fatalf("never: %s", what)
}

// do runs one command on the leader and returns its reply.
func (g *trio) do(line string) (string, error) {
	g.t.Helper()
	var l *testSeat
	g.until("a leader", func() bool { l = g.leader(); return l != nil })
	return g.doOn(l, line)
}

// doOn runs one command on a member.
func (g *trio) doOn(s *testSeat, line string) (string, error) {
	g.t.Helper()
	op := g.op(line)
	w := new(resp.Writer)
	refuse := func(w *resp.Writer, _ *fsm.Op, _ fsm.Gate) { w.Error("REFUSED") }
	err := s.Do(&fsm.Request{Ops: []fsm.Op{op}, W: w, Refuse: refuse})
	return string(w.Bytes()), err
}

func (g *trio) op(line string) fsm.Op {
	g.t.Helper()
	var args [][]byte
	for _, f := range strings.Fields(line) {
		args = append(args, []byte(f))
	}
	spec, text := g.table.Resolve(args)
	if spec == nil {
		g.t.Fatalf("%q: %s", line, text)
	}
	return fsm.Op{Spec: spec, Args: args, Slot: int32(slotmap.KeySlot(args[1]))}
}

// fill writes n keys.
func (g *trio) fill(n int) {
	g.t.Helper()
	for i := range n {
		line := fmt.Sprintf("SET key:%d %d", i, i)
		if out, err := g.do(line); err != nil || out != "+OK\r\n" {
			g.t.Fatalf("%s: %q, %v", line, out, err)
		}
	}
}

// applied waits until every open member has applied what the leader has.
func (g *trio) applied() {
	g.t.Helper()
	g.until("all have applied the same", func() bool {
		l := g.leader()
		if l == nil {
			return false
		}
		for _, s := range g.seats {
			if s.Group != nil && s.Machine().Applied() != l.Machine().Applied() {
				return false
			}
		}
		return true
	})
}
