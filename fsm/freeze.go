package fsm

import (
	"github.com/redoubtdb/redoubt/fsm/keyspace"
	"github.com/redoubtdb/redoubt/slotmap"
)

// Frozen is a machine's state as it was after one entry. It may be read while the machine goes on.
// Release it: as long as one is held, the machine clones what it changes.
type Frozen struct {
	keys  *keyspace.Frozen
	state frozenState
}

// frozenState is what a machine's state consists of besides the keys.
type frozenState struct {
	index, term uint64
	now         int64
	rev         uint64
	safe        uint64
	logHash     uint64
	gates       []GateChange // runs of slots with the same gate and epoch; others have none
}

// Freeze takes the present state in constant time. It waits for the entry that is being applied.
func (m *Machine) Freeze() *Frozen {
	m.applying.Lock()
	defer m.applying.Unlock()
	f := &Frozen{keys: m.db.Freeze()}
	f.state = frozenState{term: m.term, now: m.Now(), rev: m.db.Rev(), safe: m.SafeIndex(), gates: m.gateRuns()}
	f.state.index = m.Applied()
	_, f.state.logHash = m.LogHash()
	return f
}

// gateRuns returns all gates that were ever set.
func (m *Machine) gateRuns() []GateChange {
	var runs []GateChange
	for i := range m.gates {
		gate, epoch, slot := m.gates[i], m.epochs[i], uint16(i)
		if gate == GateNone && epoch == 0 {
			continue
		}
		if n := len(runs); n > 0 && runs[n-1].To+1 == slot && runs[n-1].Gate == gate && runs[n-1].Epoch == epoch {
			runs[n-1].To = slot
			continue
		}
		runs = append(runs, GateChange{From: slot, To: slot, Gate: gate, Epoch: epoch})
	}
	return runs
}

// Index returns the index of the last entry in the state.
func (f *Frozen) Index() uint64 { return f.state.index }

// Changes returns what Machine.Changes was.
func (f *Frozen) Changes() uint64 { return f.state.rev }

// Changes counts the changes of keys since the group began. It waits for the entry that is being applied.
func (m *Machine) Changes() uint64 {
	m.applying.RLock()
	defer m.applying.RUnlock()
	return m.db.Rev()
}

// Keys returns the number of keys.
func (f *Frozen) Keys() int { return f.keys.Len() }

// Release ends the freeze. Calling it again does nothing.
func (f *Frozen) Release() { f.keys.Release() }

// slots calls fn for every slot that has keys.
func (f *Frozen) slots(fn func(slot uint16, n int) error) error {
	for slot := range uint16(slotmap.SlotCount) {
		if n := f.keys.SlotLen(slot); n > 0 {
			if err := fn(slot, n); err != nil {
				return err
			}
		}
	}
	return nil
}
