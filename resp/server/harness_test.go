package server

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/fsm/lua"
	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/resp/server/config"
	"github.com/redoubtdb/redoubt/slotmap"
)

// Nodes and groups of the cluster that tests see: this node and its replica in one group, a stranger in another.
const (
	nodeSelf    slotmap.NodeID  = "1111111111111111111111111111111111111111"
	nodePartner slotmap.NodeID  = "2222222222222222222222222222222222222222"
	nodeOther   slotmap.NodeID  = "3333333333333333333333333333333333333333"
	groupSelf   slotmap.GroupID = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	groupOther  slotmap.GroupID = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

// fixture is a Server over a real state machine, with everything else faked.
type fixture struct {
	t        *testing.T
	server   *Server
	shard    *machineShard
	topology *fakeTopology
	config   *config.Live
	listener *pipeListener
	served   chan error
}

// newFixture starts a server whose node leads the group of all slots. Call it inside a synctest bubble.
func newFixture(t *testing.T, options ...string) *fixture {
	t.Helper()
	return newFixtureOf(t, dataSpecs(), compileFake, options...)
}

// newScriptFixture is newFixture with real scripts.
func newScriptFixture(t *testing.T) *fixture {
	t.Helper()
	engine := lua.NewEngine()
	return newFixtureOf(t, append(command.Specs(), lua.Specs(engine)...), engine.Compile)
}

func newFixtureOf(t *testing.T, specs []*command.Spec, compile func([]byte) error, options ...string) *fixture {
	t.Helper()
	cfg, _, err := config.Parse(options, nil)
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, config: config.NewLive(cfg), topology: newFakeTopology(t, slotmap.Range{Start: 0, End: slotmap.SlotCount - 1})}
	f.shard = newMachineShard(t, specs)
	f.server, err = New(Deps{
		Config: f.config, Topology: f.topology, Shard: f.shard, Specs: specs, Compile: compile,
		Admin: struct{ Admin }{}, Inspect: struct{ Inspector }{}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	f.listener = newPipeListener()
	f.served = make(chan error, 1)
	go func() { f.served <- f.server.Serve(f.listener) }()
	return f
}

// close ends the server; the bubble then sees whether a goroutine was left behind.
func (f *fixture) close() {
	f.server.Close()
	if err := <-f.served; !errors.Is(err, ErrClosed) {
		f.t.Errorf("Serve returned %v", err)
	}
}

// bubble runs a test in virtual time against a fresh server.
func bubble(t *testing.T, test func(t *testing.T, f *fixture), options ...string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, options...)
		defer f.close()
		test(t, f)
	})
}

// set changes the configuration as CONFIG SET does.
func (f *fixture) set(name, value string) {
	f.t.Helper()
	if err := f.config.Set([][2]string{{name, value}}, config.SetOptions{}, nil); err != nil {
		f.t.Fatal(err)
	}
}

// dataSpecs are the state machine's commands, and stand-ins for the scripts.
func dataSpecs() []*command.Spec {
	return append(command.Specs(), fakeScript("eval", command.MayReplicate), fakeScript("eval_ro", command.ReadOnly))
}

// fakeScript answers the script's text; "bad" ones do not compile.
func fakeScript(name string, flags command.Flag) *command.Spec {
	return &command.Spec{Name: name, Arity: -3, Flags: flags | command.NoScript | command.MovableKeys, Group: "fake",
		Keys: func(args [][]byte) ([]int, error) {
			n, ok := command.ParseInt(args[2])
			if !ok || n < 0 || int(n) > len(args)-3 {
				return nil, command.ErrKeyArguments
			}
			var at []int
			for i := range int(n) {
				at = append(at, 3+i)
			}
			return at, nil
		},
		Run: func(c *command.Ctx) {
			if err := compileFake(c.Args[1]); err != nil {
				c.W.Error(err.Error())
				return
			}
			c.W.BulkString(name + " " + string(c.Args[1]))
		}}
}

func compileFake(body []byte) error {
	if strings.HasPrefix(string(body), "bad") {
		return errors.New("ERR Error compiling script")
	}
	return nil
}

// fakeTopology is a map that tests replace.
type fakeTopology struct{ m atomic.Pointer[slotmap.Map] }

var _ Topology = (*fakeTopology)(nil)

func newFakeTopology(t *testing.T, own ...slotmap.Range) *fakeTopology {
	t.Helper()
	m := slotmap.NewMap("cluster", slotmap.Node{ID: nodeSelf, Incarnation: "1", Host: "10.0.0.1", Port: 7001, BusPort: 17001}, slotmap.Group{ID: groupSelf, Leader: nodeSelf})
	f := &fakeTopology{}
	f.m.Store(m)
	if len(own) > 0 {
		f.change(t, slotmap.AssignSlots(groupSelf, own))
	}
	return f
}

func (f *fakeTopology) change(t *testing.T, changes ...slotmap.Change) {
	t.Helper()
	for _, c := range changes {
		m, err := f.m.Load().Apply(c)
		if err != nil {
			t.Fatalf("%s: %v", c.Kind, err)
		}
		f.m.Store(m)
	}
}

func (f *fakeTopology) Map() *slotmap.Map          { return f.m.Load() }
func (f *fakeTopology) Self() slotmap.NodeID       { return nodeSelf }
func (f *fakeTopology) MetaLeader() slotmap.NodeID { return nodeSelf }

// machineShard is a data group of one: each request is an entry, applied at once.
type machineShard struct {
	follower atomic.Bool
	leader   atomic.Pointer[slotmap.NodeID]

	// do, if set, decides the outcome of a request instead; it may call apply.
	do func(ctx context.Context, r *fsm.Request) error
	// fault, if set, is the error of reads and watches.
	fault error

	mu      sync.Mutex
	machine *fsm.Machine
	index   uint64
	batches [][]string // per request, what its ops are
	reads   []string
}

var _ Shard = (*machineShard)(nil)

func newMachineShard(t *testing.T, specs []*command.Spec) *machineShard {
	t.Helper()
	table, err := command.NewTable(specs)
	if err != nil {
		t.Fatal(err)
	}
	s := &machineShard{machine: fsm.New(fsm.Options{Table: table})}
	s.gates(t, fsm.GateOwned, 1)
	s.setLeader(nodeSelf)
	return s
}

func (s *machineShard) gates(t *testing.T, g fsm.Gate, epoch uint64) {
	t.Helper()
	change := fsm.GateChange{From: 0, To: slotmap.SlotCount - 1, Gate: g, Epoch: epoch}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.index++
	if err := s.machine.Apply(s.index, 1, fsm.EncodeGates(fsm.Header{}, []fsm.GateChange{change}), nil); err != nil {
		t.Fatal(err)
	}
}

func (s *machineShard) setLeader(id slotmap.NodeID) {
	s.leader.Store(&id)
	s.follower.Store(id != nodeSelf)
}

func (s *machineShard) Leading() bool          { return !s.follower.Load() }
func (s *machineShard) Leader() slotmap.NodeID { return *s.leader.Load() }

func (s *machineShard) Do(ctx context.Context, r *fsm.Request) error {
	s.mu.Lock()
	s.batches = append(s.batches, names(r.Ops))
	s.mu.Unlock()
	if s.do != nil {
		return s.do(ctx, r)
	}
	return s.apply(r)
}

// apply commits a request and applies it.
func (s *machineShard) apply(r *fsm.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var e fsm.Encoder
	e.Begin(fsm.Header{Kind: fsm.KindCommands, Now: time.Now().UnixMilli()})
	for i := range r.Ops {
		if r.Ops[i].IsWrite() {
			e.AddOp(&r.Ops[i])
		}
	}
	s.index++
	return s.machine.Apply(s.index, 1, e.Finish(), []*fsm.Request{r})
}

func (s *machineShard) Read(_ context.Context, op *fsm.Op, w *resp.Writer, o ReadOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads = append(s.reads, name(op))
	switch {
	case s.fault != nil:
		return s.fault
	case s.follower.Load() && !o.Replica:
		return ErrNotRun
	}
	if s.machine.View(op, w, time.Now().UnixMilli()) != fsm.Served {
		return ErrNotOwned
	}
	return nil
}

func (s *machineShard) Watch(_ context.Context, key []byte) (fsm.Watch, error) {
	if s.fault != nil {
		return fsm.Watch{}, s.fault
	}
	return s.machine.WatchKey(key), nil
}

// taken returns what was asked of the shard since the last call.
func (s *machineShard) taken() (batches [][]string, reads []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	batches, reads, s.batches, s.reads = s.batches, s.reads, nil, nil
	return batches, reads
}

func names(ops []fsm.Op) []string {
	out := make([]string, len(ops))
	for i := range ops {
		out[i] = name(&ops[i])
	}
	return out
}

func name(op *fsm.Op) string {
	if op.Local != nil {
		return "local"
	}
	return op.Spec.Name
}
