package fsm

import (
	"bytes"
	"sync"
	"sync/atomic"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/fsm/keyspace"
	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/slotmap"
)

// Options are what a machine is made from.
type Options struct {
	Table *command.Table // all commands that may stand in entries
}

// Machine is the state of one data group. Apply is called by one goroutine at a time; everything else
// may be called by anybody at any time.
type Machine struct {
	table *command.Table

	applying sync.RWMutex // see the package comment; guards what follows
	db       *keyspace.DB
	term     uint64
	items    items
	run      runner       // the applier's
	muted    *resp.Writer // for commands whose client is not here

	// Each is guarded by its slot's lock. Every command looks at a gate, and seldom anybody at its epoch.
	gates  [slotmap.SlotCount]Gate
	epochs [slotmap.SlotCount]uint64 // of each gate's last change
	views  sync.Pool                 // of *runner

	status status
}

// status is what may be read without a lock. The applier publishes it after each entry.
type status struct {
	now     atomic.Int64
	applied atomic.Uint64
	safe    atomic.Uint64
	keys    atomic.Int64
	expires atomic.Int64
	next    atomic.Int64  // when the next key expires, 0: none does
	views   atomic.Uint64 // number of views so far, to give each other random numbers
	gates   atomic.Uint64 // number of entries that changed gates

	mu        sync.Mutex // guards what follows
	hash      uint64     // of all entries up to hashIndex
	hashIndex uint64
}

// New returns an empty machine that owns no slots.
func New(o Options) *Machine {
	m := &Machine{table: o.Table, db: keyspace.NewDB(), muted: &resp.Writer{}}
	m.muted.SetMute(true)
	m.items.table = o.Table
	m.run.init(m, true)
	m.views.New = func() any {
		r := &runner{}
		r.init(m, false)
		return r
	}
	return m
}

// Applied returns the index of the last entry applied.
func (m *Machine) Applied() uint64 { return m.status.applied.Load() }

// Now returns the machine's time, ms since 1970.
func (m *Machine) Now() int64 { return m.status.now.Load() }

// SafeIndex returns the highest index up to which, by a tick, every data member has the log.
func (m *Machine) SafeIndex() uint64 { return m.status.safe.Load() }

// Keys returns the number of keys.
func (m *Machine) Keys() int { return int(m.status.keys.Load()) }

// Expires returns the number of keys that have an expiry.
func (m *Machine) Expires() int { return int(m.status.expires.Load()) }

// NextExpiry returns the time after which the next key expires.
func (m *Machine) NextExpiry() (ms int64, ok bool) {
	ms = m.status.next.Load()
	return ms, ms != 0
}

// LogHash returns a hash of all entries applied and the index of the last of them. Members that applied
// the same entries have the same.
func (m *Machine) LogHash() (index, hash uint64) {
	m.status.mu.Lock()
	defer m.status.mu.Unlock()
	return m.status.hashIndex, m.status.hash
}

// Gate returns a slot's gate and the epoch of its last change.
func (m *Machine) Gate(slot uint16) (Gate, uint64) {
	s := m.db.Slot(slot)
	s.RLock()
	defer s.RUnlock()
	return m.gates[slot], m.epochs[slot]
}

// GateVersion returns a number that is another one whenever a gate of this machine has changed. Whoever
// takes it before looking at the gates may keep the answer until it changes: 16384 gates are many.
func (m *Machine) GateVersion() uint64 { return m.status.gates.Load() }

// Owned returns the slots that are served here, those that are being moved away included.
func (m *Machine) Owned() []slotmap.Range {
	var slots []uint16
	for i := range uint16(slotmap.SlotCount) {
		if g, _ := m.Gate(i); g == GateOwned || g == GateMigrating {
			slots = append(slots, i)
		}
	}
	return slotmap.RangesOf(slots)
}

// SlotLen returns the number of keys in a slot.
func (m *Machine) SlotLen(slot uint16) int {
	s := m.db.Slot(slot)
	s.RLock()
	defer s.RUnlock()
	return s.Len()
}

// SlotKeys returns up to n keys of a slot.
func (m *Machine) SlotKeys(slot uint16, n int) [][]byte {
	s := m.db.Slot(slot)
	s.RLock()
	defer s.RUnlock()
	var keys [][]byte
	s.Each(func(key []byte, _ keyspace.Value, _ int64) bool {
		if len(keys) >= n {
			return false
		}
		keys = append(keys, bytes.Clone(key))
		return true
	})
	return keys
}

// WatchKey returns what EXEC has to compare for a key that is watched from now on.
func (m *Machine) WatchKey(key []byte) Watch {
	s := m.db.Slot(slotmap.KeySlot(key))
	s.RLock()
	defer s.RUnlock()
	return observe(s, bytes.Clone(key), m.Now())
}

// observe returns a key's present state. A key that is past its time does not exist.
func observe(s *keyspace.Slot, key []byte, now int64) Watch {
	w := Watch{Key: key}
	if _, expire, ok := s.Lookup(key); ok && !expired(expire, now) {
		w.Exists = true
		w.Rev, _ = s.Rev(key)
	}
	return w
}

func expired(expire, now int64) bool { return expire != 0 && now > expire }
