package fsm

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/slotmap"
)

// testTable has all data commands, EXEC, and a toy EVAL whose "script" is a list of commands:
//
//	eval "SET a 1; GET a" 0
func testTable(t testing.TB) *command.Table {
	t.Helper()
	table, err := command.NewTable(command.Specs(), []*command.Spec{
		{Name: "exec", Arity: 1, Flags: command.NoScript},
		{Name: "ping", Arity: -1, Flags: command.Fast},
		{Name: "eval", Arity: -3, Group: "scripting", Flags: command.NoScript | command.MayReplicate, Keys: evalKeys, Run: toyEval},
		{Name: "eval_ro", Arity: -3, Group: "scripting", Flags: command.NoScript | command.ReadOnly, Keys: evalKeys, Run: toyEval},
	})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// evalKeys takes all arguments behind the count for keys.
func evalKeys(args [][]byte) (keys []int, err error) {
	for i := 3; i < len(args); i++ {
		keys = append(keys, i)
	}
	return keys, nil
}

func toyEval(c *command.Ctx) {
	lines := strings.Split(string(c.Args[1]), ";")
	c.W.Array(len(lines))
	for _, line := range lines {
		var inner resp.Writer
		c.Call(argv(line), &inner)
		c.W.Raw(inner.Bytes())
	}
}

func argv(line string) (args [][]byte) {
	for _, f := range strings.Fields(line) {
		args = append(args, []byte(f))
	}
	return args
}

// rig is a machine that is fed with entries, as the member is that proposes them.
type rig struct {
	t     testing.TB
	m     *Machine
	table *command.Table
	index uint64
	now   int64
	log   [][]byte // all entries applied
}

func newRig(t testing.TB) *rig {
	table := testTable(t)
	r := &rig{t: t, m: New(Options{Table: table}), table: table, now: 1000}
	r.apply(EncodeGates(r.header(), []GateChange{{From: 0, To: slotmap.SlotCount - 1, Gate: GateOwned, Epoch: 1}}))
	return r
}

func (r *rig) header() Header {
	return Header{Kind: KindCommands, Now: r.now, Seed: r.index*7919 + 1, Proposer: 1, Seq: r.index}
}

func (r *rig) apply(entry []byte, batch ...*Request) {
	r.t.Helper()
	r.index++
	r.log = append(r.log, entry)
	if err := r.m.Apply(r.index, 1, entry, batch); err != nil {
		r.t.Fatalf("entry %d: %v", r.index, err)
	}
}

// op makes an op of a command line.
func (r *rig) op(line string) Op { return opOf(r.table, argv(line)) }

func opOf(table *command.Table, args [][]byte) Op {
	spec, text := table.Resolve(args)
	if spec == nil {
		panic(fmt.Sprintf("%q: %s", args, text))
	}
	op := Op{Spec: spec, Args: args, Slot: NoSlot}
	keys, _ := spec.KeyPositions(args)
	for _, at := range keys {
		op.Slot = int32(slotmap.KeySlot(args[at]))
	}
	return op
}

// exec makes a transaction of command lines; "PING" stands for a frontend command.
func (r *rig) exec(watch []Watch, lines ...string) Op {
	op := Op{Spec: r.table.Lookup([]byte("exec")), Slot: NoSlot, Watch: watch}
	for _, line := range lines {
		q := r.op(line)
		if q.Spec.Name == "ping" {
			q.Local = func(w *resp.Writer) { w.SimpleString("PONG") }
		}
		if q.Slot != NoSlot {
			op.Slot = q.Slot
		}
		op.Queue = append(op.Queue, q)
	}
	return op
}

// request makes a request whose refusals are visible as errors.
func request(ops ...Op) *Request {
	return &Request{Ops: ops, W: &resp.Writer{}, Refuse: func(w *resp.Writer, op *Op, g Gate) {
		w.Errorf("REFUSED %d", g)
	}}
}

// do applies the ops as one entry and returns the replies.
func (r *rig) do(ops ...Op) string {
	r.t.Helper()
	req := request(ops...)
	r.apply(encode(r.header(), req), req)
	return reply(req)
}

func encode(h Header, requests ...*Request) []byte {
	var e Encoder
	e.Begin(h)
	for _, req := range requests {
		for i := range req.Ops {
			if op := &req.Ops[i]; op.IsWrite() {
				e.AddOp(op)
			}
		}
	}
	return e.Finish()
}

func reply(req *Request) string { return strings.ReplaceAll(string(req.W.Bytes()), "\r\n", " ") }

// run applies command lines as one entry.
func (r *rig) run(lines ...string) string {
	r.t.Helper()
	var ops []Op
	for _, line := range lines {
		ops = append(ops, r.op(line))
	}
	return r.do(ops...)
}

// view reads with the caller's clock.
func (r *rig) view(line string, now int64) (string, ViewResult) {
	r.t.Helper()
	op := r.op(line)
	var w resp.Writer
	res := r.m.View(&op, &w, now)
	return strings.ReplaceAll(string(w.Bytes()), "\r\n", " "), res
}

func (r *rig) expect(got, want string) {
	r.t.Helper()
	if got != want {
		r.t.Fatalf("got  %q\nwant %q", got, want)
	}
}

// fataler is what the helpers need of a test; rapid has its own.
type fataler interface {
	Helper()
	Error(args ...any)
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// snapshot returns the state's bytes and digest.
func snapshot(t fataler, m *Machine) ([]byte, uint64) {
	t.Helper()
	f := m.Freeze()
	defer f.Release()
	var b bytes.Buffer
	n, err := f.WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		t.Fatalf("wrote %d of %d bytes: %v", n, b.Len(), err)
	}
	return slices.Clone(b.Bytes()), f.Digest()
}

// restored returns a machine loaded from m's snapshot.
func restored(t fataler, m *Machine) *Machine {
	t.Helper()
	b, _ := snapshot(t, m)
	c, err := Load(bytes.NewReader(b), Options{Table: m.table})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// identical compares everything observable of two machines.
func identical(t fataler, a, b *Machine) {
	t.Helper()
	bytesA, digestA := snapshot(t, a)
	bytesB, digestB := snapshot(t, b)
	if digestA != digestB {
		t.Errorf("digests %016x and %016x differ", digestA, digestB)
	}
	if !bytes.Equal(bytesA, bytesB) {
		t.Error("snapshots differ")
	}
	type seen struct {
		index, hash, applied, safe uint64
		now, next                  int64
		keys, expires              int
		owned                      string
		sample                     Sample
	}
	look := func(m *Machine) (s seen) {
		s.index, s.hash = m.LogHash()
		s.next, _ = m.NextExpiry()
		for _, r := range m.Owned() {
			s.owned += r.String() + " "
		}
		s.sample = m.Sample()
		s.applied, s.safe, s.now, s.keys, s.expires = m.Applied(), m.SafeIndex(), m.Now(), m.Keys(), m.Expires()
		return s
	}
	if x, y := look(a), look(b); x != y {
		t.Errorf("machines differ:\n%+v\n%+v", x, y)
	}
}
