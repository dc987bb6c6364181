package shardgroup

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/resp"
)

// ReadConsistency says how a leader proves that it still leads when it reads.
type ReadConsistency uint8

const (
	// ReadLease trusts a majority's recent answers, by the monotonic clock.
	ReadLease ReadConsistency = iota
	// ReadQuorum asks a majority for every read; no clock is trusted.
	ReadQuorum
)

// Read runs one read-only command on the leader and appends its reply to w. The
// value is read first and leadership proved afterwards, so that a process that was
// stopped in between cannot answer with the past.
func (g *Group) Read(ctx context.Context, op *fsm.Op, w *resp.Writer) error {
	if !g.Leading() {
		return ErrNotLeading
	}
	mark := w.Len()
	switch g.member.machine.Load().View(op, w, time.Now().UnixMilli()) {
	case fsm.NotOwned:
		return ErrNotOwned
	case fsm.NeedTick:
		return g.readByTick(op, w)
	}
	if g.opt.Reads() == ReadLease && g.replica.LeaseValid() && g.Leading() {
		return nil
	}
	w.Truncate(mark)
	return g.readByQuorum(ctx, op, w)
}

// Peek runs one read-only command on the present state, by a clock that said now (ms since 1970), if this node leads and
// reads by lease. Its answer counts only if Holds says so afterwards for the same term. False: nothing was written.
func (g *Group) Peek(op *fsm.Op, w *resp.Writer, now int64) (term uint64, ok bool) {
	if term, ok = g.leadingTerm(); !ok || g.opt.Reads() != ReadLease {
		return 0, false
	}
	mark := w.Len()
	if g.member.machine.Load().View(op, w, now) != fsm.Served {
		w.Truncate(mark)
		return 0, false
	}
	return term, true
}

// Holds tells whether this node leads in the term and its lease is good: then what it has read since it began to lead
// in that term was, at that time, all that had been acknowledged.
func (g *Group) Holds(term uint64) bool {
	if !g.replica.LeaseValid() {
		return false
	}
	now, ok := g.leadingTerm()
	return ok && now == term
}

// readByQuorum proves leadership by a round of messages that begins after the read
// arrived; the state read then holds everything acknowledged before it.
func (g *Group) readByQuorum(ctx context.Context, op *fsm.Op, w *resp.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, g.opt.RequestTimeout)
	defer cancel()
	if err := g.replica.Confirm(ctx); err != nil || !g.Leading() {
		return ErrNoQuorum
	}
	switch g.member.machine.Load().View(op, w, time.Now().UnixMilli()) {
	case fsm.NotOwned:
		return ErrNotOwned
	case fsm.NeedTick:
		return g.readByTick(op, w)
	}
	return nil
}

// readByTick serves a read that met a key past its time: the read rides along with
// an entry, whose time lets the key expire on every member alike.
func (g *Group) readByTick(op *fsm.Op, w *resp.Writer) error {
	scratch := new(resp.Writer)
	scratch.SetProto(w.Proto())
	refused := false
	r := &fsm.Request{Ops: []fsm.Op{*op}, W: scratch, Refuse: func(*resp.Writer, *fsm.Op, fsm.Gate) { refused = true }}
	err := g.Do(r)
	switch {
	case errors.Is(err, ErrIndeterminate):
		return ErrNoQuorum // it was only a read
	case err != nil:
		return err
	case refused:
		return ErrNotOwned
	}
	w.Raw(scratch.Bytes())
	return nil
}

// Watch notes the state of a key for WATCH, as linearizable as Read.
func (g *Group) Watch(ctx context.Context, key []byte) (fsm.Watch, error) {
	if !g.Leading() {
		return fsm.Watch{}, ErrNotLeading
	}
	watch := g.member.machine.Load().WatchKey(key)
	if g.opt.Reads() == ReadLease && g.replica.LeaseValid() && g.Leading() {
		return watch, nil
	}
	ctx, cancel := context.WithTimeout(ctx, g.opt.RequestTimeout)
	defer cancel()
	if err := g.replica.Confirm(ctx); err != nil || !g.Leading() {
		return fsm.Watch{}, ErrNoQuorum
	}
	return g.member.machine.Load().WatchKey(key), nil
}

// ReplicaRead runs one read-only command on a member that need not lead. Unless
// stale is set it first asks the leader how far the log had come and waits until
// that much is applied here.
func (g *Group) ReplicaRead(ctx context.Context, op *fsm.Op, w *resp.Writer, stale bool) error {
	if g.member == nil || g.member.broken.Load() {
		return ErrNotOwned
	}
	ctx, cancel := context.WithTimeout(ctx, g.opt.RequestTimeout)
	defer cancel()
	if !stale {
		index, err := g.askReadIndex(ctx)
		if err != nil {
			return err
		}
		if !g.member.waitApplied(index, ctx.Done()) {
			return ErrNoQuorum
		}
	}
	machine := g.member.machine.Load()
	mark := w.Len()
	res := machine.View(op, w, time.Now().UnixMilli())
	if res == fsm.NeedTick { // only the leader lets keys expire
		w.Truncate(mark)
		res = machine.View(op, w, machine.Now())
	}
	if res == fsm.NotOwned {
		return ErrNotOwned
	}
	return nil
}

// askReadIndex returns an index that covers everything acknowledged before the call.
func (g *Group) askReadIndex(ctx context.Context) (uint64, error) {
	if g.Leading() {
		return g.readIndex(ctx)
	}
	leader, _ := g.replica.Leader()
	if leader == "" {
		return 0, ErrNoQuorum
	}
	body, err := g.call(ctx, leader, "readindex", nil)
	if err != nil || len(body) != 8 {
		return 0, ErrNoQuorum
	}
	return binary.BigEndian.Uint64(body), nil
}

// readIndex is the leader's answer to askReadIndex: the index is taken first and
// leadership proved afterwards.
func (g *Group) readIndex(ctx context.Context) (uint64, error) {
	if !g.Leading() {
		return 0, ErrNotLeading
	}
	index := g.member.machine.Load().Applied()
	if g.opt.Reads() == ReadLease && g.replica.LeaseValid() && g.Leading() {
		return index, nil
	}
	if err := g.replica.Confirm(ctx); err != nil || !g.Leading() {
		return 0, ErrNoQuorum
	}
	return index, nil
}
