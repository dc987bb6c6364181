package command_test

import (
	"testing"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/slotmap"
)

// executor runs commands one after another on a state machine of its own that
// owns all slots: each write is an entry of the log, each read a view.
type executor struct {
	t       testing.TB
	table   *command.Table
	machine *fsm.Machine
	now     func() int64 // ms

	index   uint64 // of the last entry
	encoder fsm.Encoder
	w       resp.Writer
}

func newExecutor(t testing.TB, proto int, now func() int64) *executor {
	t.Helper()
	table, err := command.NewTable(command.Specs())
	if err != nil {
		t.Fatal(err)
	}
	e := &executor{t: t, table: table, machine: fsm.New(fsm.Options{Table: table}), now: now}
	e.w.SetProto(proto)
	all := fsm.GateChange{From: 0, To: slotmap.SlotCount - 1, Gate: fsm.GateOwned, Epoch: 1}
	e.apply(fsm.EncodeGates(e.header(), []fsm.GateChange{all}))
	return e
}

// do runs one command and returns the bytes of its reply, valid until the next.
func (e *executor) do(args ...string) []byte {
	e.w.Reset()
	if op := e.resolve(args); op != nil {
		e.run(op)
	}
	return e.w.Bytes()
}

// resolve does what the frontend does before a command runs. nil: it is refused,
// and the error is written.
func (e *executor) resolve(args []string) *fsm.Op {
	op := &fsm.Op{Slot: fsm.NoSlot}
	for _, a := range args {
		op.Args = append(op.Args, []byte(a))
	}
	spec, problem := e.table.Resolve(op.Args)
	if problem != "" {
		e.w.Error(problem)
		return nil
	}
	op.Spec = spec
	keys, err := spec.KeyPositions(op.Args)
	if err != nil {
		keys = nil // the command will find out by itself
	}
	for _, at := range keys {
		slot := int32(slotmap.KeySlot(op.Args[at]))
		if op.Slot != fsm.NoSlot && op.Slot != slot {
			e.w.Error(resp.ErrCrossSlot)
			return nil
		}
		op.Slot = slot
	}
	return op
}

func (e *executor) run(op *fsm.Op) {
	if op.IsWrite() {
		e.encoder.Begin(e.header())
		e.encoder.AddOp(op)
		e.apply(e.encoder.Finish(), &fsm.Request{Ops: []fsm.Op{*op}, W: &e.w})
		return
	}
	if e.machine.View(op, &e.w, e.now()) == fsm.NeedTick {
		e.apply(fsm.EncodeTick(e.header(), fsm.TickBody{}))
		if got := e.machine.View(op, &e.w, e.now()); got != fsm.Served {
			e.t.Fatalf("%q: view result %d after a tick", op.Args, got)
		}
	}
}

func (e *executor) header() fsm.Header {
	return fsm.Header{Kind: fsm.KindCommands, Now: e.now(), Seed: e.index, Proposer: 1, Seq: e.index + 1}
}

func (e *executor) apply(entry []byte, batch ...*fsm.Request) {
	e.t.Helper()
	e.index++
	if err := e.machine.Apply(e.index, 1, entry, batch); err != nil {
		e.t.Fatal(err)
	}
}
