package shardgroup

import (
	"errors"
	"sync"
	"time"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/persistence"
	"github.com/redoubtdb/redoubt/shardgroup/replica"
)

const (
	// maxEntryBytes bounds one entry; requests behind it wait for the next one.
	maxEntryBytes = 1 << 20
	// maxRequestBytes bounds an entry that one large request makes: the log takes no
	// more. The frontend refuses such a request with a text of its own.
	maxRequestBytes = persistence.MaxEntryBytes
)

// batch is the requests of one entry. Its memory is used again once its outcome is
// known and nobody looks at it.
type batch struct {
	seq      uint64
	pendings []*pending
	requests []*fsm.Request // the same requests, as the machine takes them
	proposal *replica.Proposal
	proposed time.Time
	full     bool // more waited than an entry takes
}

// reset forgets what the batch was made of.
func (b *batch) reset() {
	clear(b.requests)
	*b = batch{requests: b.requests[:0]}
}

// fail finishes what the applier has not claimed.
func (b *batch) fail(err error) {
	for _, p := range b.pendings {
		if p.req.Abandon() {
			p.finish(err)
		}
	}
}

// inflight is the batch whose entry is on its way.
type inflight struct {
	mu    sync.Mutex // guards batch
	batch *batch
}

func (f *inflight) put(b *batch) {
	f.mu.Lock()
	f.batch = b
	f.mu.Unlock()
}

// take removes and returns the batch of an entry, nil if it is not here any more.
func (f *inflight) take(seq uint64) *batch {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := f.batch
	if b == nil || b.seq != seq {
		return nil
	}
	f.batch = nil
	return b
}

// expire gives up the requests that have waited since before a time. Their entry may
// still be applied: the batch stays, so that the applier finds it.
func (f *inflight) expire(before time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.batch == nil {
		return
	}
	for _, p := range f.batch.pendings {
		if p.since.Before(before) && p.req.Abandon() {
			p.finish(ErrIndeterminate)
		}
	}
}

// Do hands the request to consensus and returns when it is answered into r.W (nil),
// when it certainly did not run (ErrNotRun) or when its outcome is unknown
// (ErrIndeterminate: r, its writer and the memory of its arguments are lost to the
// caller, since the applier may still look at r).
func (g *Group) Do(r *fsm.Request) error {
	if !g.Leading() {
		return ErrNotLeading
	}
	p := g.getPending(r)
	taken, ok := g.queue.add(p)
	if !ok {
		return ErrClosed
	}
	if len(taken) > 0 {
		g.proposed <- g.propose(taken)
	}
	err := <-p.done
	if err != ErrIndeterminate { // then p stays with the batch
		p.req = nil
		g.pool.Put(p)
	}
	return err
}

func (g *Group) getPending(r *fsm.Request) *pending {
	p, _ := g.pool.Get().(*pending)
	if p == nil {
		p = &pending{done: make(chan error, 1)}
	}
	p.req, p.since = r, time.Now()
	return p
}

// propose makes one entry of the head of taken and hands it to Raft; what does not
// fit goes back to the queue. It returns nil if nothing is on its way. Whoever took
// the requests out of the queue calls it: no second entry is made until the keeper
// knows the outcome of this one.
func (g *Group) propose(taken []*pending) *batch {
	if !g.Leading() {
		finishAll(taken, ErrNotLeading)
		return nil
	}
	if taken = g.refuseWrites(taken); len(taken) == 0 {
		return nil
	}
	b := g.spare
	if b == nil {
		b = &batch{}
	}
	g.spare = nil
	b.seq, b.proposed = g.seq.Add(1), time.Now()
	data := g.encode(b, taken)
	n := len(b.requests)
	b.pendings, b.full = taken[:n], n < len(taken)
	if b.full && !g.queue.putBack(taken[n:]) {
		finishAll(taken[n:], ErrClosed)
	}
	if len(data) > maxRequestBytes {
		b.fail(ErrTooLarge)
		return nil
	}
	if len(data) > 2*maxEntryBytes && g.noRoom(len(data)) { // the reserve has room for smaller ones
		b.fail(ErrNoSpace)
		return nil
	}
	g.inflight.put(b)
	g.proposals.Add(1)
	b.proposal = g.replica.Propose(data)
	return b
}

// encode writes as many requests into an entry as fit, at least one.
func (g *Group) encode(b *batch, taken []*pending) []byte {
	g.enc.Begin(g.header(fsm.KindCommands, b.seq))
	for _, p := range taken {
		if g.enc.Size() >= maxEntryBytes {
			break
		}
		for i := range p.req.Ops {
			if op := &p.req.Ops[i]; op.IsWrite() {
				g.enc.AddOp(op)
			}
		}
		b.requests = append(b.requests, p.req)
	}
	return g.enc.Finish()
}

// conclude ends a batch whose proposal has ended: the applier has answered it, or
// nobody will.
func (g *Group) conclude(b *batch, err error) {
	left := g.inflight.take(b.seq) != nil
	switch {
	case left && errors.Is(err, replica.ErrNotRun):
		b.fail(ErrNotLeading)
	case left:
		b.fail(ErrIndeterminate)
	}
	if left || err == nil { // otherwise the applier may still be at it
		g.queue.recycle(b.pendings)
		b.reset()
		g.spare = b
	}
}

// header stamps an entry with the group's time and with a seed for everything random in it.
func (g *Group) header(kind fsm.Kind, seq uint64) fsm.Header {
	g.stamp.Lock()
	defer g.stamp.Unlock()
	now := g.clock.now(g.Machine().Now())
	return fsm.Header{Kind: kind, Now: now, Seed: g.rng.Uint64(), Proposer: g.proposer, Seq: seq}
}
