package keyspace

import (
	"sync/atomic"

	"github.com/redoubtdb/redoubt/slotmap"
)

const (
	blockBits = 7 // slots are counted in blocks of 128, to find the n-th key quickly
	blocks    = slotmap.SlotCount >> blockBits
)

// DB is the keyspace of one machine.
type DB struct {
	slots  []Slot
	counts [blocks]int // keys in each block of slots
	keys   int
	rev    uint64
	expiry expiry

	epoch uint64       // number of freezes so far
	live  atomic.Int64 // freezes not yet released
}

// NewDB returns an empty keyspace.
func NewDB() *DB {
	db := &DB{slots: make([]Slot, slotmap.SlotCount)}
	for i := range db.slots {
		db.slots[i].db, db.slots[i].id = db, uint16(i)
	}
	db.expiry.current = db.expireOf
	return db
}

// Slot returns one slot's dictionary.
func (db *DB) Slot(i uint16) *Slot { return &db.slots[i] }

// Len returns the number of keys in all slots.
func (db *DB) Len() int { return db.keys }

// Rev returns the last revision given to a key.
func (db *DB) Rev() uint64 { return db.rev }

// SetRev sets the revision counter, when a snapshot is loaded.
func (db *DB) SetRev(rev uint64) { db.rev = rev }

func (db *DB) nextRev() uint64 {
	db.rev++
	return db.rev
}

// grew counts a key added to or removed from a slot.
func (db *DB) grew(slot uint16, by int) {
	db.keys += by
	db.counts[slot>>blockBits] += by
}

// Clear deletes all keys. Revisions go on counting.
func (db *DB) Clear() {
	for i := range db.slots {
		s := &db.slots[i]
		s.dense = paged[record]{gen: db.epoch}
		s.index.drop()
	}
	db.counts, db.keys = [blocks]int{}, 0
	db.expiry.clear()
}

// RandomKey returns the key of the given rank, 0 <= rank < Len(), in order of slot and position.
func (db *DB) RandomKey(rank int) (key []byte, v Value, expire int64) {
	block := 0
	for rank >= db.counts[block] {
		rank -= db.counts[block]
		block++
	}
	slot := block << blockBits
	for rank >= db.slots[slot].Len() {
		rank -= db.slots[slot].Len()
		slot++
	}
	return db.slots[slot].Random(rank)
}

// Scan visits count positions of the whole keyspace, slots upwards and positions in a slot downwards,
// with the guarantee of Slot.Scan. The cursor is position<<14 | slot and never 0 before the end.
func (db *DB) Scan(cursor uint64, count int, fn func(key []byte, v Value, expire int64)) (next uint64) {
	slot, pos := int(cursor%slotmap.SlotCount), cursor/slotmap.SlotCount
	for {
		if pos == 0 || db.slots[slot].Len() == 0 {
			slot = db.nextUsed(slot)
			if slot < 0 {
				return 0
			}
			pos = uint64(db.slots[slot].Len())
		}
		if count <= 0 {
			return pos*slotmap.SlotCount + uint64(slot)
		}
		before := min(pos, uint64(db.slots[slot].Len()))
		pos = db.slots[slot].Scan(pos, count, fn)
		count -= int(before - pos)
		if pos == 0 {
			slot++
		}
	}
}

// nextUsed returns the first slot from the given one that has keys, or -1.
func (db *DB) nextUsed(slot int) int {
	for slot < slotmap.SlotCount {
		switch {
		case db.slots[slot].Len() > 0:
			return slot
		case db.counts[slot>>blockBits] == 0:
			slot = (slot>>blockBits + 1) << blockBits
		default:
			slot++
		}
	}
	return -1
}

// scanDown visits up to count positions below cursor (0: below n) and returns the next cursor.
func scanDown(cursor uint64, n, count int, visit func(pos int)) (next uint64) {
	pos := n
	if cursor > 0 && cursor < uint64(n) {
		pos = int(cursor)
	}
	for ; pos > 0 && count > 0; count-- {
		pos--
		visit(pos)
	}
	return uint64(pos)
}
