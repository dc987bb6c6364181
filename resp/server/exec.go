package server

import (
	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/resp"
)

// execMulti ends a transaction by running it: as one op, for which the queue and the notes of WATCH are
// turned into what the state machine takes. It goes through the log if anything in it writes.
func execMulti(c *Conn, q *call) {
	tx := c.tx
	switch {
	case !tx.open:
		c.fail(resp.ErrExecWithoutMulti)
		return
	case tx.spoiled:
		c.endTransaction()
		c.fail(resp.ErrExecAbort)
		return
	}
	c.endTransaction()
	op := fsm.Op{Spec: q.spec, Args: copyArgs(q.args), Slot: tx.slot, Asking: q.asking, Watch: tx.watch}
	var fronts []*deferred
	op.Queue, fronts = c.transactionOps(tx.queue)
	if op.IsWrite() {
		c.execWrite(op, fronts)
		return
	}
	c.commit()
	if c.execRead(op, q.replica || tx.slot == fsm.NoSlot && !c.srv.shard.Leading()) {
		c.runDeferred(fronts)
	}
}

// execWrite runs a transaction that goes through the log.
func (c *Conn) execWrite(op fsm.Op, fronts []*deferred) {
	size := transactionSize(&op)
	if size > maxWriteBytes {
		c.fail(errTransactionTooLarge)
		return
	}
	c.batch.fronts = append(c.batch.fronts, fronts...)
	c.add(op, size)
	if len(fronts) > 0 {
		c.commit() // what they do to the connection counts for the commands behind
	}
}

// transactionSize is what a transaction takes in an entry, at most.
func transactionSize(op *fsm.Op) int {
	const perKey, perCommand = 20, 10 // revision and flags; slot, flags and count
	size := 0
	for i := range op.Watch {
		size += perKey + len(op.Watch[i].Key)
	}
	for i := range op.Queue {
		size += perCommand + sizeOf(op.Queue[i].Args)
	}
	return size
}

// execRead runs a transaction that writes nothing.
func (c *Conn) execRead(op fsm.Op, replica bool) bool {
	if len(op.Watch) > 0 || needsState(op.Queue) {
		c.one = op
		return c.read(replica)
	}
	c.out.Array(len(op.Queue))
	for i := range op.Queue {
		op.Queue[i].Local(c.out)
	}
	return true
}

// needsState tells whether any of the ops is the state machine's.
func needsState(ops []fsm.Op) bool {
	for i := range ops {
		if ops[i].Local == nil {
			return true
		}
	}
	return false
}

// transactionOps turns queued commands into ops. The frontend's keep a place in the reply only, unless they may
// ride: they could block or change the connection, so they run when the transaction is over.
func (c *Conn) transactionOps(queue []call) (ops []fsm.Op, fronts []*deferred) {
	ops = make([]fsm.Op, len(queue))
	for i := range queue {
		q := &queue[i]
		text := q.wrong
		if text == "" && q.front != nil && q.front.prepare != nil {
			text = q.front.prepare(c, q)
		}
		ops[i] = fsm.Op{Slot: fsm.NoSlot}
		switch {
		case text != "":
			ops[i].Local = func(w *resp.Writer) { w.Error(text) }
		case q.front != nil && q.front.rides:
			ops[i].Local = func(w *resp.Writer) { q.front.run(c.srv, c, q.args, w) }
		case q.front != nil && q.front.early:
			ops[i].Local = c.runEarly(q)
		case q.front != nil && q.front.prepare == nil:
			d := &deferred{at: -1, front: q.front, args: q.args}
			fronts = append(fronts, d)
			ops[i].Local = func(w *resp.Writer) { d.at = w.Len() }
		default:
			ops[i] = fsm.Op{Spec: q.spec, Args: q.args, Slot: q.slot, Asking: q.asking}
		}
	}
	return ops, fronts
}

// runEarly runs a frontend command now and keeps its reply.
func (c *Conn) runEarly(q *call) func(w *resp.Writer) {
	var reply resp.Writer
	reply.SetProto(c.session.proto)
	q.front.run(c.srv, c, q.args, &reply)
	return func(w *resp.Writer) { w.Raw(reply.Bytes()) }
}
