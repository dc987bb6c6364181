package shardgroup

import (
	"context"
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
	// maxInFlight is how many entries may be on their way at once.
	maxInFlight = 2
)

// batch is the requests of one entry.
type batch struct {
	seq      uint64
	pendings []*pending
	requests []*fsm.Request // the same requests, as the machine takes them
}

// fail finishes what the applier has not claimed; unknown tells which error fits.
func (b *batch) fail(err error) {
	for _, p := range b.pendings {
		if p.req.Abandon() {
			p.finish(err)
		}
	}
}

// inflight finds the batch of an entry when it is applied.
type inflight struct {
	mu      sync.Mutex // guards batches
	batches map[uint64]*batch
}

func (f *inflight) put(b *batch) {
	f.mu.Lock()
	f.batches[b.seq] = b
	f.mu.Unlock()
}

// take removes and returns the batch, nil if it was given up already.
func (f *inflight) take(seq uint64) *batch {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := f.batches[seq]
	delete(f.batches, seq)
	return b
}

// batcher turns the queue into entries: everything that arrived while earlier
// entries were in flight becomes one entry. It is the only user of the encoder.
func (g *Group) batcher() {
	defer g.wg.Done()
	slots := make(chan struct{}, maxInFlight)
	var taken []*pending
	for {
		select {
		case <-g.stop:
			return
		case <-g.queue.wake:
		}
		select {
		case <-g.stop:
			return
		case slots <- struct{}{}:
		}
		taken = g.queue.take(taken[:0])
		if len(taken) == 0 {
			<-slots
			continue
		}
		rest := g.propose(taken, slots)
		if len(rest) > 0 {
			g.requeue(rest)
		}
	}
}

// requeue puts back what did not fit into the entry and wakes the batcher again.
func (g *Group) requeue(rest []*pending) {
	if !g.queue.putBack(rest) {
		for _, p := range rest {
			p.finish(ErrClosed)
		}
		return
	}
	select {
	case g.queue.wake <- struct{}{}:
	default:
	}
}

// propose makes one entry of the head of taken, hands it to Raft and returns what
// did not fit. The place in slots is given back when the entry's outcome is known.
func (g *Group) propose(taken []*pending, slots chan struct{}) []*pending {
	if !g.Leading() {
		for _, p := range taken {
			p.finish(ErrNotLeading)
		}
		<-slots
		return nil
	}
	b := &batch{seq: g.seq.Add(1)}
	g.enc.Begin(g.header(fsm.KindCommands, b.seq))
	n := 0
	for ; n < len(taken) && g.enc.Size() < maxEntryBytes; n++ {
		p := taken[n]
		for i := range p.req.Ops {
			if op := &p.req.Ops[i]; op.IsWrite() {
				g.enc.AddOp(op)
			}
		}
		b.pendings = append(b.pendings, p)
		b.requests = append(b.requests, p.req)
	}
	data := g.enc.Finish()
	if len(data) > maxRequestBytes {
		b.fail(ErrTooLarge)
		<-slots
		return taken[n:]
	}
	g.inflight.put(b)
	g.proposals.Add(1)
	prop := g.replica.Propose(data)
	g.wg.Add(1)
	go g.await(prop, b, slots)
	return taken[n:]
}

// await learns the outcome of an entry. Success was answered by the applier already.
func (g *Group) await(prop *replica.Proposal, b *batch, slots chan struct{}) {
	defer g.wg.Done()
	ctx, cancel := context.WithTimeout(context.Background(), g.opt.RequestTimeout)
	err := prop.Wait(ctx)
	cancel()
	<-slots
	if err == nil {
		return
	}
	if g.inflight.take(b.seq) == nil {
		return // the applier has it and finishes every request in it
	}
	if errors.Is(err, replica.ErrNotRun) {
		b.fail(ErrNotLeading)
		return
	}
	b.fail(ErrIndeterminate)
}

// header stamps an entry with the leader's clock, which never runs backwards here,
// and with a seed for everything random in it.
func (g *Group) header(kind fsm.Kind, seq uint64) fsm.Header {
	g.stamp.Lock()
	defer g.stamp.Unlock()
	if now := time.Now().UnixMilli(); now > g.lastNow {
		g.lastNow = now
	}
	return fsm.Header{Kind: kind, Now: g.lastNow, Seed: g.rng.Uint64(), Proposer: g.proposer, Seq: seq}
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
	if !g.queue.add(p) {
		return ErrClosed
	}
	select {
	case err := <-p.done:
		return g.finished(p, err)
	case <-p.timer.C:
	}
	if g.queue.remove(p) {
		return g.finished(p, ErrNoQuorum)
	}
	if r.Abandon() {
		return ErrIndeterminate // p stays with the batch
	}
	return g.finished(p, <-p.done)
}

func (g *Group) getPending(r *fsm.Request) *pending {
	p, _ := g.pool.Get().(*pending)
	if p == nil {
		p = &pending{done: make(chan error, 1), timer: time.NewTimer(g.opt.RequestTimeout)}
	} else {
		p.timer.Reset(g.opt.RequestTimeout)
	}
	p.req = r
	return p
}

// finished gives p back to the pool where nothing can reach it any more.
func (g *Group) finished(p *pending, err error) error {
	if err != ErrIndeterminate {
		p.timer.Stop()
		p.req = nil
		g.pool.Put(p)
	}
	return err
}
