package replica

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/hashicorp/raft"

	"github.com/redoubtdb/redoubt/persistence"
)

// machine is the library's view of the state machine. Its methods run on the
// library's one goroutine for that, except the accessors.
type machine struct {
	inner   StateMachine
	fail    func(error)
	due     func(index uint64, bytes uint64) // told after each entry: what lies behind the last snapshot
	started *atomic.Bool
	durable func(index uint64) bool // waits until a committed entry is durable here; false: it will not be
	halted  atomic.Bool
	applied atomic.Uint64 // index of the last entry, configuration or snapshot the state machine got
	term    atomic.Uint64 // term of the last entry
	bytes   atomic.Uint64 // in entries since the last Snapshot
	exposed hazards
}

var (
	_ raft.FSM                = (*machine)(nil)
	_ raft.ConfigurationStore = (*machine)(nil)
)

var errHaltedBefore = errors.New("the state machine had halted before this entry")

// Apply gives one committed entry to the state machine. What it returns is an
// error only for entries that were not applied.
func (m *machine) Apply(l *raft.Log) any {
	if m.halted.Load() {
		return errHaltedBefore
	}
	if !m.durable(l.Index) {
		return m.halt(fmt.Errorf("entry %d is committed and not durable here", l.Index))
	}
	m.inner.Apply(l.Index, l.Term, l.Data)
	if h, ok := m.inner.(Halter); ok {
		if err := h.Halted(); err != nil {
			return m.halt(fmt.Errorf("entry %d: %w", l.Index, err))
		}
	}
	m.applied.Store(l.Index)
	m.term.Store(l.Term)
	m.due(l.Index, m.bytes.Add(uint64(len(l.Data))))
	return nil
}

func (m *machine) halt(err error) error {
	m.halted.Store(true)
	err = fmt.Errorf("%w: %w", ErrHalted, err)
	m.fail(err)
	return err
}

// StoreConfiguration passes a committed configuration on.
func (m *machine) StoreConfiguration(index uint64, c raft.Configuration) {
	if m.halted.Load() {
		return
	}
	m.inner.ConfigurationCommitted(index, fromRaft(c))
	m.applied.Store(index)
}

// Snapshot captures the state.
func (m *machine) Snapshot() (raft.FSMSnapshot, error) {
	if m.halted.Load() {
		return nil, ErrHalted
	}
	s, err := m.inner.Snapshot()
	if err != nil {
		return nil, err
	}
	m.bytes.Store(0)
	return &machineSnapshot{s}, nil
}

// Restore replaces the state by a snapshot. A failure halts: the library would
// go on with entries that do not follow what the state machine has. At the
// start of a member the library tries an older snapshot instead.
func (m *machine) Restore(rc io.ReadCloser) error {
	if m.started.Load() && m.halted.Load() {
		return ErrHalted
	}
	meta, ok := snapshotOf(rc)
	if !ok {
		return m.halt(errors.New("restore from an unknown source"))
	}
	if err := m.inner.Restore(rc); err != nil {
		if m.exposed.has(hazardRestore) {
			return err
		}
		return m.halt(fmt.Errorf("restore snapshot %s: %w", meta.ID, err))
	}
	m.halted.Store(false)
	m.inner.ConfigurationCommitted(meta.ConfigurationIndex, fromRaft(meta.Configuration))
	m.applied.Store(meta.Index)
	m.term.Store(meta.Term)
	m.bytes.Store(0)
	return nil
}

// machineSnapshot is a captured state on its way to the store.
type machineSnapshot struct{ inner Snapshot }

// Persist writes it; the library closes or cancels the sink.
func (s *machineSnapshot) Persist(sink raft.SnapshotSink) error {
	if y, ok := sink.(persistence.YieldingSink); ok {
		y.Yield()
	}
	return s.inner.Write(sink)
}

func (s *machineSnapshot) Release() { s.inner.Release() }

func fromRaft(c raft.Configuration) Configuration {
	out := Configuration{Servers: make([]Server, len(c.Servers))}
	for i, s := range c.Servers {
		out.Servers[i] = Server{ID: string(s.ID), Voter: s.Suffrage == raft.Voter}
	}
	return out
}

func toRaft(c Configuration) raft.Configuration {
	var out raft.Configuration
	for _, s := range c.Servers {
		server := raft.Server{ID: raft.ServerID(s.ID), Address: raft.ServerAddress(s.ID), Suffrage: raft.Nonvoter}
		if s.Voter {
			server.Suffrage = raft.Voter
		}
		out.Servers = append(out.Servers, server)
	}
	return out
}
