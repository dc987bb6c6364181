package server

import (
	"errors"
	"slices"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/resp"
)

// Limits of one request to the group.
const (
	maxBatchOps   = 4096
	maxBatchBytes = 512 << 10 // of arguments; a single command may be larger
	maxWriteBytes = 60 << 20  // of a command or transaction; the log takes no entry much longer
	maxKeptOps    = 1024      // a list that grew beyond is given back
)

const errWriteTooLarge = "ERR command is too large: a write must fit into one entry of the log, which takes 60 MiB"

// batch gathers the writes of a pipeline and what stands behind them, so that all of it becomes one request
// and is answered in order.
type batch struct {
	req    *fsm.Request
	bytes  int
	refuse func(w *resp.Writer, op *fsm.Op, g fsm.Gate)
	fronts []*deferred // frontend commands inside transactions of the batch, in order
}

// deferred is a frontend command inside EXEC: it runs once the transaction has, and its reply goes where the
// transaction found it.
type deferred struct {
	at    int // offset of the reply; -1: the transaction did not get there
	front *front
	args  [][]byte
}

func (b *batch) init(c *Conn) {
	b.req = &fsm.Request{}
	b.refuse = c.refuse
}

func (b *batch) empty() bool { return len(b.req.Ops) == 0 }

// recycle makes the batch ready for the next request.
func (b *batch) recycle() {
	b.req.Reset()
	if cap(b.req.Ops) > maxKeptOps {
		b.req.Ops = nil
	}
	b.bytes = 0
	b.fronts = nil
}

// abandon leaves the request to whoever still looks at it.
func (b *batch) abandon() {
	b.req = &fsm.Request{}
	b.bytes = 0
	b.fronts = nil
}

// add puts an op at the end of the batch. A batch that is full is committed.
func (c *Conn) add(op fsm.Op, bytes int) {
	c.batch.req.Ops = append(c.batch.req.Ops, op)
	c.batch.bytes += bytes
	if len(c.batch.req.Ops) >= maxBatchOps || c.batch.bytes >= maxBatchBytes {
		c.commit()
	}
}

// answer writes a reply that needs nothing of the state machine, in its place: at once, or behind the writes
// that wait before it. f must touch nothing but w, for it may run while a batch is applied.
func (c *Conn) answer(f func(w *resp.Writer)) {
	if c.batch.empty() {
		f(c.out)
		return
	}
	c.add(fsm.Op{Slot: fsm.NoSlot, Local: f}, 0)
}

// fail answers an error in its place.
func (c *Conn) fail(text string) {
	c.srv.monitor.failed(text)
	if c.batch.empty() {
		c.out.Error(text)
		return
	}
	c.answer(func(w *resp.Writer) { w.Error(text) })
}

// commit runs the batch and answers all of it.
func (c *Conn) commit() {
	c.prove()
	if c.batch.empty() {
		return
	}
	s, req := c.srv, c.batch.req
	s.stats.Batches.Add(1)
	before := c.out.Bytes()
	req.W, req.Refuse = c.out, c.batch.refuse
	switch err := s.shard.Do(c.ctx, req); {
	case err == nil:
		fronts := c.batch.fronts
		c.batch.recycle()
		c.runDeferred(fronts)
	case errors.Is(err, ErrNotRun):
		s.stats.NotRun.Add(1)
		c.out.Truncate(len(before))
		c.answerNotRun(req.Ops)
		c.batch.recycle()
	case errors.Is(err, ErrNoSpace):
		s.stats.NotRun.Add(1)
		c.out.Truncate(len(before))
		c.answerNoSpace(req.Ops)
		fronts := c.batch.fronts
		c.batch.recycle()
		c.runDeferred(fronts)
	default:
		s.stats.Unknown.Add(1)
		c.answerUnknown(before, req.Ops)
	}
}

// answerNotRun answers ops that certainly did not run with where to go instead.
func (c *Conn) answerNotRun(ops []fsm.Op) {
	for i := range ops {
		if op := &ops[i]; op.Local != nil {
			op.Local(c.out)
		} else {
			c.out.Error(c.srv.redirect(op, c.session.readonly))
		}
	}
}

// answerNoSpace refuses the writes of a batch for which the disk has no room. The reads behind them go on.
func (c *Conn) answerNoSpace(ops []fsm.Op) {
	for i := range ops {
		switch op := &ops[i]; {
		case op.Local != nil:
			op.Local(c.out)
		case op.IsWrite():
			c.out.Error(resp.ErrDiskFull)
		default:
			c.readOrFail(op)
		}
	}
}

// answerUnknown answers ops of which nobody knows whether they ran, or will. The request, the writer and the
// memory that the ops point at are left behind; before is what was in the writer before the request was.
func (c *Conn) answerUnknown(before []byte, ops []fsm.Op) {
	w := &resp.Writer{}
	w.SetProto(c.session.proto)
	w.SetLimit(c.replyLimit())
	w.Raw(before)
	for i := range ops {
		if op := &ops[i]; op.Local != nil {
			op.Local(w)
		} else {
			w.Error(resp.ErrIndeterminate)
		}
	}
	c.out = w
	c.batch.abandon()
	c.in.abandon()
}

// refuse answers an op that the gate of its slot did not let through. It is called while the batch is applied.
func (c *Conn) refuse(w *resp.Writer, op *fsm.Op, g fsm.Gate) {
	if g == fsm.GateSplit {
		w.Error(resp.ErrTryAgain)
		return
	}
	w.Error(c.srv.redirect(op, c.session.readonly))
}

// runDeferred runs the frontend commands that stood inside transactions, and puts their replies in place.
func (c *Conn) runDeferred(fronts []*deferred) {
	fronts = slices.DeleteFunc(fronts, func(d *deferred) bool { return d.at < 0 })
	if len(fronts) == 0 {
		return
	}
	from := fronts[0].at
	rest := slices.Clone(c.out.Bytes()[from:])
	c.out.Truncate(from)
	for _, d := range fronts {
		c.out.Raw(rest[:d.at-from])
		rest, from = rest[d.at-from:], d.at
		d.front.run(c.srv, c, d.args, c.out)
	}
	c.out.Raw(rest)
}
