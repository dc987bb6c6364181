package shardgroup

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/shardgroup/replica"
)

// member is a data member's state machine: it applies committed entries to the
// current fsm.Machine and answers the batches that this process proposed.
type member struct {
	committed

	proposer uint64
	inflight *inflight
	fail     func(error) // stops the node: the state can no longer be trusted
	digests  digests
	samples  samples
	saved    savedChanges
	table    *command.Table
	machine  atomic.Pointer[fsm.Machine]
	halted   error         // at the entry that could not be applied; of the applier's goroutine
	broken   atomic.Bool   // the state is not to be shown any more
	termSeen atomic.Uint64 // term of the latest applied NewTerm entry of this process

	mu      sync.Mutex // guards waiters
	waiters map[chan struct{}]uint64
}

var (
	_ replica.StateMachine = (*member)(nil)
	_ replica.Halter       = (*member)(nil)
)

func newMember(proposer uint64, f *inflight, t *command.Table, fail func(error)) *member {
	m := &member{proposer: proposer, inflight: f, table: t, fail: fail, waiters: make(map[chan struct{}]uint64)}
	m.machine.Store(fsm.New(fsm.Options{Table: t}))
	return m
}

// Apply runs one committed entry. It is called by one goroutine, in log order.
func (m *member) Apply(index, term uint64, data []byte) {
	h, err := fsm.DecodeHeader(data)
	if err != nil {
		m.halt(fmt.Errorf("entry %d of term %d cannot be decoded: %w", index, term, err))
		return
	}
	mine := h.Proposer == m.proposer
	var b *batch
	var requests []*fsm.Request
	if mine {
		if b = m.inflight.take(h.Seq); b != nil {
			requests = b.requests
		}
	}
	machine := m.machine.Load()
	before := machine.Now()
	if h.Kind == fsm.KindDigest {
		m.digests.announce(index)
	}
	if err := machine.Apply(index, term, data, requests); err != nil {
		m.halt(fmt.Errorf("entry %d of term %d cannot be applied: %w", index, term, err))
		m.giveUp(b)
		return
	}
	switch h.Kind {
	case fsm.KindNewTerm:
		if mine {
			m.termSeen.Store(term)
		}
	case fsm.KindDigest:
		m.digests.start(index, machine.Freeze())
	}
	m.answer(b)
	m.wakeWaiters(index)
	m.samples.walk(machine, index, before)
}

// halt stops the member at an entry: the next one would be applied to a state that nobody
// else has, and be answered to clients before the node has ended.
func (m *member) halt(err error) {
	m.halted = err
	m.broken.Store(true)
	m.fail(err)
}

// Halted makes the replica give this member no entry after the one it halted at.
func (m *member) Halted() error { return m.halted }

// answer finishes the requests whose replies are complete.
func (m *member) answer(b *batch) {
	if b == nil {
		return
	}
	for _, p := range b.pendings {
		if p.req.Claimed() {
			p.finish(nil)
		}
	}
}

// giveUp finishes all requests of an entry that has not been run to its end.
func (m *member) giveUp(b *batch) {
	if b == nil {
		return
	}
	for _, p := range b.pendings {
		if p.req.Abandon() || p.req.Claimed() {
			p.finish(ErrIndeterminate)
		}
	}
}

// Snapshot freezes the state in constant time; writing it out happens later.
func (m *member) Snapshot() (replica.Snapshot, error) {
	f := m.machine.Load().Freeze()
	m.saved.begin(snapshotMark{f.Index(), f.Changes()})
	return frozenSnapshot{f}, nil
}

// Restore loads a snapshot into a new machine and swaps it in only when it is whole.
func (m *member) Restore(r io.Reader) error {
	machine, err := fsm.Load(r, fsm.Options{Table: m.table})
	if err != nil {
		return fmt.Errorf("loading the snapshot: %w", err)
	}
	m.machine.Store(machine)
	m.samples.forget()
	m.saved.restored(machine.Changes())
	index, _ := machine.LogHash()
	m.wakeWaiters(index)
	return nil
}

// waitApplied returns once the entry at index is applied here, or when done closes.
func (m *member) waitApplied(index uint64, done <-chan struct{}) bool {
	ch := make(chan struct{})
	m.mu.Lock()
	if m.machine.Load().Applied() >= index {
		m.mu.Unlock()
		return true
	}
	m.waiters[ch] = index
	m.mu.Unlock()
	select {
	case <-ch:
		return true
	case <-done:
		m.mu.Lock()
		delete(m.waiters, ch)
		m.mu.Unlock()
		return false
	}
}

func (m *member) wakeWaiters(index uint64) {
	m.mu.Lock()
	for ch, want := range m.waiters {
		if want <= index {
			close(ch)
			delete(m.waiters, ch)
		}
	}
	m.mu.Unlock()
}

// frozenSnapshot adapts a frozen machine to the replica.
type frozenSnapshot struct{ f *fsm.Frozen }

func (s frozenSnapshot) Write(w io.Writer) error {
	_, err := s.f.WriteTo(w)
	return err
}

func (s frozenSnapshot) Release() { s.f.Release() }
