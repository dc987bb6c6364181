package keyspace

import "sync/atomic"

// Frozen is the keyspace as it was at one moment. It may be read while the keyspace is written to,
// without any lock. Release it: as long as one is held, edits clone values.
type Frozen struct {
	db       *DB
	slots    []paged[record] // each slot parts with its table of pages before it next writes
	keys     int
	expires  int
	rev      uint64
	released atomic.Bool
}

// Freeze takes the present state in a time that depends on the number of slots, not of keys. The
// caller holds all locks.
func (db *DB) Freeze() *Frozen {
	db.epoch++
	db.live.Add(1)
	f := &Frozen{db: db, slots: make([]paged[record], len(db.slots)), keys: db.keys, expires: db.expiry.valid, rev: db.rev}
	for i := range db.slots {
		f.slots[i] = db.slots[i].dense
	}
	return f
}

// frozen reports whether some Frozen is still read.
func (db *DB) frozen() bool { return db.live.Load() > 0 }

// Len returns the number of keys.
func (f *Frozen) Len() int { return f.keys }

// Expires returns the number of keys that have an expiry.
func (f *Frozen) Expires() int { return f.expires }

// Rev returns the revision counter.
func (f *Frozen) Rev() uint64 { return f.rev }

// SlotLen returns the number of keys in a slot.
func (f *Frozen) SlotLen(slot uint16) int { return f.slots[slot].n }

// Each calls fn for every key of a slot in dense order until it returns false.
func (f *Frozen) Each(slot uint16, fn func(key []byte, v Value, expire int64, rev uint64) bool) {
	f.slots[slot].each(func(items []record) bool {
		for i := range items {
			r := &items[i]
			if !fn(view(r.key()), r.value(), r.expire, r.rev()) {
				return false
			}
		}
		return true
	})
}

// Release ends the freeze; nobody may read it any more. Calling it again does nothing.
func (f *Frozen) Release() {
	if f.released.CompareAndSwap(false, true) {
		f.slots = nil
		f.db.live.Add(-1)
	}
}
