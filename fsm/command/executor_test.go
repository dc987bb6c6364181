package command_test

import (
	"testing"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/fsm/keyspace"
	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/slotmap"
)

// executor runs commands one after another on a key space of its own, as the
// state machine does: expired keys of a write are deleted before it runs.
type executor struct {
	table *command.Table
	db    *keyspace.DB
	rand  *command.Rand
	w     resp.Writer
	now   func() int64
}

func newExecutor(t testing.TB, proto int, now func() int64) *executor {
	t.Helper()
	table, err := command.NewTable(command.Specs())
	if err != nil {
		t.Fatal(err)
	}
	e := &executor{table: table, db: keyspace.NewDB(), rand: command.NewRand(1), now: now}
	e.w.SetProto(proto)
	return e
}

// do runs one command and returns the bytes of its reply, valid until the next.
func (e *executor) do(args ...string) []byte {
	raw := make([][]byte, len(args))
	for i, a := range args {
		raw[i] = []byte(a)
	}
	e.w.Reset()
	spec, problem := e.table.Resolve(raw)
	if problem != "" {
		e.w.Error(problem)
		return e.w.Bytes()
	}
	if c := e.context(spec, raw); c != nil {
		spec.Run(c)
	}
	return e.w.Bytes()
}

// context prepares the command's view of the world. nil: its keys are in more
// than one slot, and that is replied.
func (e *executor) context(spec *command.Spec, args [][]byte) *command.Ctx {
	c := &command.Ctx{Args: args, W: &e.w, DB: e.db, Rand: e.rand, Now: e.now(), Applying: spec.Flags.Has(command.Write)}
	c.MachineNow = c.Now
	keys, err := spec.KeyPositions(args)
	if err != nil {
		keys = nil // the command will find out by itself
	}
	for _, at := range keys {
		slot := e.db.Slot(slotmap.KeySlot(args[at]))
		if c.Slot != nil && c.Slot != slot {
			e.w.Error(resp.ErrCrossSlot)
			return nil
		}
		c.Slot = slot
	}
	for _, at := range keys {
		if _, expire, _ := c.Slot.Lookup(args[at]); c.Applying && c.Hidden(expire) {
			c.Slot.Delete(args[at])
		}
	}
	return c
}
