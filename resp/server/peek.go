package server

import (
	"slices"
	"time"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/resp"
)

// The reads of a pipeline share one proof of leadership. Each is answered from the state at hand, and before any of
// the answers leaves, or anything else of this connection takes effect, one proof covers them all: a node that led in
// the same term, without a break, from the first of them until now. If there is none, they are read again one by one,
// in their order, each with a proof of its own.

// Peeker is a Shard that can read first and prove later.
type Peeker interface {
	// Peek answers a read from the present state into w, by a clock that said now (ms since 1970). The answer must
	// not leave this node unless the proof holds for the term. A nil proof: nothing was written, and Read has to be used.
	Peek(op *fsm.Op, w *resp.Writer, now int64) (p Proof, term uint64)
}

// Proof is whoever knows whether this node leads.
type Proof interface {
	// Holds tells whether this node led in the term when the call began, and nobody else can have led since it did.
	Holds(term uint64) bool
}

// maxPeeked is how many reads wait for one proof.
const maxPeeked = 256

// peeks is the reads that wait for a proof.
type peeks struct {
	proof Proof
	term  uint64
	now   int64 // when the first of them was read, for all
	reads []peeked
}

// peeked is a read and where its answer stands in the output.
type peeked struct {
	op       fsm.Op
	from, to int
}

// peek answers c.one from the present state, if the shard can do that.
func (c *Conn) peek() bool {
	if c.srv.peeker == nil {
		return false
	}
	p, from := &c.peeks, c.out.Len()
	if len(p.reads) == 0 {
		p.now = time.Now().UnixMilli()
	}
	proof, term := c.srv.peeker.Peek(&c.one, c.out, p.now)
	if proof == nil {
		return false
	}
	if len(p.reads) > 0 && (proof != p.proof || term != p.term) {
		c.out.Truncate(from)
		return false
	}
	p.proof, p.term = proof, term
	p.reads = append(p.reads, peeked{c.one, from, c.out.Len()})
	if len(p.reads) >= maxPeeked {
		c.prove()
	}
	return true
}

// prove makes the answers of all peeks good.
func (c *Conn) prove() {
	p := &c.peeks
	if len(p.reads) == 0 {
		return
	}
	if !p.proof.Holds(p.term) {
		c.readAgain(p.reads)
	}
	clear(p.reads)
	p.reads, p.proof = p.reads[:0], nil
}

// readAgain replaces the answers of peeks by those of proper reads. What stands between them stays.
func (c *Conn) readAgain(reads []peeked) {
	from := reads[0].from
	rest := slices.Clone(c.out.Bytes()[from:])
	c.out.Truncate(from)
	at := from
	for i := range reads {
		r := &reads[i]
		c.out.Raw(rest[at-from : r.from-from])
		at = r.to
		c.readOrFail(&r.op)
	}
	c.out.Raw(rest[at-from:])
}

// readOrFail appends the answer to a read, or the error why there is none, whatever waits in the batch.
func (c *Conn) readOrFail(op *fsm.Op) {
	if text := c.readOne(op, false); text != "" {
		c.srv.monitor.failed(text)
		c.out.Error(text)
	}
}
