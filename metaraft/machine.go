package metaraft

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/redoubtdb/redoubt/shardgroup/replica"
	"github.com/redoubtdb/redoubt/slotmap"
)

// machine is the replicated state machine: it applies changes to the map and tells those who wait.
type machine struct {
	publish   func(m *slotmap.Map, applied uint64) // called in order, must not block
	committed atomic.Pointer[replica.Configuration]

	mu      sync.Mutex
	current *slotmap.Map // nil before the genesis entry
	applied uint64
	halted  error
	waiting map[ticket]chan<- outcome
}

// outcome is what became of an entry: where it stands, and the error of its change.
type outcome struct {
	index uint64
	err   error
}

// ticket names a proposal of a member: an entry that carries it has its result awaited there.
type ticket struct {
	proposer string
	seq      uint64
}

var (
	_ replica.StateMachine = (*machine)(nil)
	_ replica.Halter       = (*machine)(nil)
)

func newMachine(publish func(*slotmap.Map, uint64)) *machine {
	return &machine{publish: publish, waiting: map[ticket]chan<- outcome{}}
}

// await returns a channel on which the result of the entry with this ticket will stand once it is
// applied here. forget must follow.
func (m *machine) await(t ticket) <-chan outcome {
	result := make(chan outcome, 1)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waiting[t] = result
	return result
}

func (m *machine) forget(t ticket) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.waiting, t)
}

// Apply runs one entry. An entry that cannot be decoded halts the machine for good.
func (m *machine) Apply(index, _ uint64, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.halted != nil {
		return
	}
	if index <= m.applied {
		m.halted = fmt.Errorf("%w: entry %d after entry %d", ErrCorrupt, index, m.applied)
		return
	}
	if err := m.applyEntry(index, data); err != nil {
		m.halted = fmt.Errorf("entry %d: %w", index, err)
		return
	}
	m.applied = index
	m.publish(m.current, index)
}

// applyEntry returns an error only if the entry makes no sense to this build.
func (m *machine) applyEntry(index uint64, data []byte) error {
	var e entry
	if err := unseal(envelopeEntry, data, &e); err != nil {
		return err
	}
	result := error(nil)
	switch {
	case e.Genesis != nil:
		m.begin(e.Genesis)
	case e.Change != nil:
		c, err := slotmap.DecodeChange(e.Change)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		result = m.applyChange(c)
	}
	m.answer(ticket{e.Proposer, e.Seq}, outcome{index, result})
	return nil
}

// begin takes the first map; a second genesis entry has no effect.
func (m *machine) begin(first *slotmap.Map) {
	if m.current == nil {
		m.current = first
	}
}

func (m *machine) applyChange(c slotmap.Change) error {
	if m.current == nil {
		return ErrNoMap
	}
	next, err := m.current.Apply(c)
	if err == nil {
		m.current = next
	}
	return err
}

func (m *machine) answer(t ticket, result outcome) {
	if ch, ok := m.waiting[t]; ok {
		delete(m.waiting, t)
		ch <- result
	}
}

// Halted says why the machine cannot go on.
func (m *machine) Halted() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.halted
}

// state returns the present map (nil before the first) and the index of the last entry applied.
func (m *machine) state() (*slotmap.Map, uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.current, m.applied
}

// ConfigurationCommitted remembers the configuration: one that is not committed may be taken back.
func (m *machine) ConfigurationCommitted(_ uint64, c replica.Configuration) { m.committed.Store(&c) }

// Snapshot captures the map, which is immutable.
func (m *machine) Snapshot() (replica.Snapshot, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.halted != nil {
		return nil, m.halted
	}
	return &snapshot{snapshotBody{Applied: m.applied, Map: m.current}}, nil
}

type snapshot struct{ body snapshotBody }

func (s *snapshot) Write(w io.Writer) error {
	b, err := seal(envelopeSnapshot, s.body)
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

func (s *snapshot) Release() {}

// Restore replaces the state by a snapshot's.
func (m *machine) Restore(r io.Reader) error {
	body, err := readSnapshot(r)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.current, m.applied = body.Map, body.Applied
	m.publish(m.current, m.applied)
	return nil
}

// CheckSnapshot tells whether r holds a whole snapshot of a metadata group.
func CheckSnapshot(r io.Reader) error {
	_, err := readSnapshot(r)
	return err
}

func readSnapshot(r io.Reader) (body snapshotBody, err error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxSnapshot+1))
	if err != nil {
		return body, err
	}
	if len(b) > MaxSnapshot {
		return body, fmt.Errorf("%w: snapshot above %d bytes", ErrCorrupt, MaxSnapshot)
	}
	return body, unseal(envelopeSnapshot, b, &body)
}

// MaxSnapshot bounds the encoded state, in bytes.
const MaxSnapshot = 64 << 20
