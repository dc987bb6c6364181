package fsm

import (
	"github.com/redoubtdb/redoubt/fsm/keyspace"
	"github.com/redoubtdb/redoubt/slotmap"
)

// Damage flips a bit of a string key's value, as bad memory would, and reports whether there was
// one. It is for tests of what notices that.
func (m *Machine) Damage(key []byte) bool {
	m.applying.Lock()
	defer m.applying.Unlock()
	s := m.db.Slot(slotmap.KeySlot(key))
	s.Lock()
	defer s.Unlock()
	str, ok := s.Edit(key).(*keyspace.String)
	if !ok || str.Len() == 0 {
		return false
	}
	b := append([]byte(nil), str.Bytes()...)
	b[len(b)-1] ^= 1
	str.Set(b)
	return true
}
