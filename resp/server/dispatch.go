package server

import (
	"strings"
	"time"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
)

// maxKeptKeys is how long a list of key positions is kept for the next command.
const maxKeptKeys = 1024

// call is one command on its way through the gates. A connection has one and uses it again.
type call struct {
	args  [][]byte
	spec  *command.Spec // nil until the command is known
	front *front        // nil: the state machine runs the command

	keys    []int // positions in args; scratch memory
	slot    int32 // of the keys, fsm.NoSlot without
	cross   bool  // the keys are in several slots
	write   bool
	asking  bool
	replica bool   // to be served by this node as a replica
	routed  bool   // routing refused the command, and not the command itself was wrong
	wrong   string // the error for arguments that do not tell the keys
}

// reset prepares for the next command.
func (q *call) reset(args [][]byte) {
	keys := q.keys[:0]
	if cap(keys) > maxKeptKeys {
		keys = nil
	}
	*q = call{args: args, keys: keys, slot: fsm.NoSlot}
}

// dispatch takes one command to whoever runs it, or answers why nobody does.
func (c *Conn) dispatch(args [][]byte) {
	if c.session.replySkip {
		c.dispatchMute(args)
		return
	}
	q := &c.call
	q.reset(args)
	q.asking = c.session.asking
	if text := c.passGates(q); text != "" {
		c.reject(q, text)
	} else {
		c.runCounted(q)
	}
	if q.asking && !c.tx.open {
		c.session.asking = false // it holds for one command, or for one transaction
	}
}

func (c *Conn) passGates(q *call) (text string) {
	for i := range c.srv.gates {
		if text := c.srv.gates[i].pass(c, q); text != "" {
			return text
		}
	}
	return ""
}

// timedShare is the share of commands whose time is taken: one of so many stands for all.
const timedShare = 64

// nothing is an empty request: no command and no reply, yet it is what CLIENT REPLY SKIP and ASKING hold for.
func (c *Conn) nothing() {
	c.session.replySkip = false
	c.session.asking = c.session.asking && c.tx.open
}

// runCounted runs a command and counts it for INFO. Only a command that is answered at once can be seen to
// fail, and its time be taken; what writes, waits for others.
func (c *Conn) runCounted(q *call) {
	spec, mark, direct := q.spec, c.out.Len(), c.batch.empty()
	if c.shared.last.Load() != spec {
		c.shared.last.Store(spec)
	}
	c.timed++
	if c.timed%timedShare != 0 {
		c.run(q)
		c.srv.monitor.called(&c.counted, spec, 0, direct && c.failedSince(mark))
		return
	}
	start := time.Now()
	c.run(q)
	took := time.Since(start)
	if !direct || !c.batch.empty() {
		took = 0
	}
	c.srv.monitor.called(&c.counted, spec, took*timedShare, direct && c.failedSince(mark))
}

// failedSince tells whether the reply that begins at mark is an error.
func (c *Conn) failedSince(mark int) bool {
	return c.batch.empty() && c.out.Len() > mark && c.out.Bytes()[mark] == '-'
}

// dispatchMute drops the reply of one command, unless that turns replies on.
func (c *Conn) dispatchMute(args [][]byte) {
	c.session.replySkip, c.session.skipping = false, true
	c.commit()
	kept := c.out.Len()
	c.dispatch(args)
	c.commit()
	if c.session.skipping && !c.session.replyOff {
		c.out.Truncate(min(kept, c.out.Len()))
	}
	c.session.skipping = false
}

// run chooses who runs a command that has passed all gates.
func (c *Conn) run(q *call) {
	f := q.front
	if f != nil {
		c.prove()
	}
	switch {
	case c.tx.open && (f == nil || !f.unqueued):
		c.enqueue(q)
	case q.wrong != "":
		c.fail(q.wrong)
	case f == nil && q.stateless():
		c.runStateless(q)
	case f == nil:
		c.runData(q)
	case f.prepare != nil:
		c.runPrepared(q)
	case f.inline != nil:
		f.inline(c, q)
	default:
		c.runFront(q)
	}
}

// stateless tells whether a command of the state machine looks at no key: TIME, OBJECT HELP and the like.
func (q *call) stateless() bool {
	return q.slot == fsm.NoSlot && !q.write && !q.spec.Flags.Has(command.AllSlots) && q.spec.FirstKey == 0 && q.spec.Keys == nil
}

// runStateless runs such a command here, whatever the group is able to do.
func (c *Conn) runStateless(q *call) {
	spec, args, now := q.spec, q.args, time.Now().UnixMilli()
	c.answer(func(w *resp.Writer) {
		spec.Run(&command.Ctx{Args: args, W: w, Now: now, MachineNow: now, Rand: &command.Rand{}})
	})
}

// runData hands a command of the state machine to the group: a read at once, a write in a batch. A read behind
// writes rides with them if it is a quick one: others would hold up everybody who waits for the batch.
func (c *Conn) runData(q *call) {
	if !q.write && (q.replica || !q.spec.Flags.Has(command.Fast)) {
		c.commit()
	}
	if !q.write && c.batch.empty() {
		c.one = fsm.Op{Spec: q.spec, Args: q.args, Slot: q.slot, Asking: q.asking}
		c.read(q.replica)
		return
	}
	size := sizeOf(q.args)
	if size > maxWriteBytes {
		c.fail(errWriteTooLarge)
		return
	}
	c.add(fsm.Op{Spec: q.spec, Args: q.args, Slot: q.slot, Asking: q.asking}, size)
}

// read answers c.one directly.
func (c *Conn) read(replica bool) bool {
	mark := c.out.Len()
	if replica || !c.peek() {
		c.prove()
		mark = c.out.Len()
		if text := c.readOne(&c.one, replica); text != "" {
			c.fail(text)
			return false
		}
	}
	if c.failedSince(mark) {
		c.srv.monitor.failed(string(c.out.Bytes()[mark+1:]))
	}
	return true
}

// readOne appends the answer to a read, with its own proof; otherwise it returns the error.
func (c *Conn) readOne(op *fsm.Op, replica bool) (text string) {
	mark := c.out.Len()
	err := c.srv.shard.Read(c.ctx, op, c.out, ReadOptions{Replica: replica})
	if err == nil {
		return ""
	}
	c.out.Truncate(mark)
	return c.srv.redirect(op, c.session.readonly)
}

// argOverheadBytes is what an argument takes in an entry besides its bytes, at most.
const argOverheadBytes = 5

// sizeOf is what arguments take in an entry, at most.
func sizeOf(args [][]byte) int {
	n := argOverheadBytes * len(args)
	for _, a := range args {
		n += len(a)
	}
	return n
}

// runPrepared runs a command of the state machine that the frontend has to rewrite first.
func (c *Conn) runPrepared(q *call) {
	if text := q.front.prepare(c, q); text != "" {
		c.fail(text)
		return
	}
	c.runData(q)
}

// runFront runs a command of the frontend once everything before it is answered.
func (c *Conn) runFront(q *call) {
	if q.front.rides && !c.batch.empty() {
		f, args := q.front, q.args
		c.answer(func(w *resp.Writer) { f.run(c.srv, c, args, w) })
		return
	}
	c.commit()
	q.front.run(c.srv, c, q.args, c.out)
}

// reject answers a command that did not pass a gate. Inside MULTI that spoils the transaction; EXEC itself
// ends it.
func (c *Conn) reject(q *call, text string) {
	exec := q.spec != nil && q.spec.Name == "exec"
	switch {
	case c.closing:
		return
	case exec:
		c.endTransaction()
	case c.tx.open:
		c.tx.spoiled = true
	}
	if exec && !q.routed {
		text = "EXECABORT Transaction discarded because of: " + strings.TrimPrefix(text, "ERR ")
	}
	c.fail(text)
}
