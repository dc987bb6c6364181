package keyspace

import (
	"cmp"
	"slices"
	"strings"
)

// expiryItem is an appointment: this key of this slot expires at this time, if its record still says so.
type expiryItem struct {
	at   int64
	slot uint16
	key  string
}

func compareItems(a, b expiryItem) int {
	if c := cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.slot, b.slot)); c != 0 {
		return c
	}
	return strings.Compare(a.key, b.key)
}

func (a *expiryItem) before(b *expiryItem) bool { return compareItems(*a, *b) < 0 }

// expiry orders the keys that expire by (time, slot, key). It is a binary heap that may hold
// appointments that are void by now; the first one is always valid, and more than half of all are.
// What it returns does not depend on how it came about: the order is total.
type expiry struct {
	heap    []expiryItem
	valid   int // appointments that are some key's present one
	current func(slot uint16, key string) int64
}

const expirySlack = 64 // void appointments that are tolerated in any case

// add makes an appointment.
func (e *expiry) add(at int64, slot uint16, key string) {
	e.valid++
	e.heap = append(e.heap, expiryItem{at, slot, key})
	e.up(len(e.heap) - 1)
}

// drop tells that an appointment at this time, 0 for none, is void; the record must say so already.
func (e *expiry) drop(at int64) {
	if at == 0 {
		return
	}
	e.valid--
	if len(e.heap) > 2*e.valid+expirySlack {
		e.compact()
	}
	for len(e.heap) > 0 && e.void(&e.heap[0]) {
		e.pop()
	}
}

// first returns the earliest appointment.
func (e *expiry) first() (expiryItem, bool) {
	if len(e.heap) == 0 {
		return expiryItem{}, false
	}
	return e.heap[0], true
}

func (e *expiry) clear() { e.heap, e.valid = nil, 0 }

func (e *expiry) void(it *expiryItem) bool { return e.current(it.slot, it.key) != it.at }

// compact throws out void appointments, and repeated ones of a key that came back to an old time. A
// sorted array is a heap.
func (e *expiry) compact() {
	e.heap = slices.DeleteFunc(e.heap, func(it expiryItem) bool { return e.void(&it) })
	slices.SortFunc(e.heap, compareItems)
	e.heap = slices.CompactFunc(e.heap, func(a, b expiryItem) bool { return compareItems(a, b) == 0 })
}

func (e *expiry) pop() {
	last := len(e.heap) - 1
	e.heap[0] = e.heap[last]
	e.heap[last] = expiryItem{}
	e.heap = e.heap[:last]
	e.down(0)
}

func (e *expiry) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !e.heap[i].before(&e.heap[parent]) {
			return
		}
		e.heap[i], e.heap[parent] = e.heap[parent], e.heap[i]
		i = parent
	}
}

func (e *expiry) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(e.heap) {
			return
		}
		if r := child + 1; r < len(e.heap) && e.heap[r].before(&e.heap[child]) {
			child = r
		}
		if !e.heap[child].before(&e.heap[i]) {
			return
		}
		e.heap[i], e.heap[child] = e.heap[child], e.heap[i]
		i = child
	}
}

// NextExpiry returns when the next key expires.
func (db *DB) NextExpiry() (ms int64, ok bool) {
	it, ok := db.expiry.first()
	return it.at, ok
}

// Expires returns the number of keys that have an expiry.
func (db *DB) Expires() int { return db.expiry.valid }

// Due returns the first key, by (expiry, slot, key), whose expiry lies before now.
func (db *DB) Due(now int64) (slot uint16, key []byte, ok bool) {
	it, ok := db.expiry.first()
	if !ok || it.at >= now {
		return 0, nil, false
	}
	return it.slot, view(it.key), true
}

// PopExpired deletes up to limit keys whose expiry lies before now, in the order of Due, and returns
// their number.
func (db *DB) PopExpired(now int64, limit int) int {
	for n := range limit {
		slot, key, ok := db.Due(now)
		if !ok {
			return n
		}
		db.slots[slot].Delete(key)
	}
	return limit
}

// expireOf returns when the key expires by its record, 0 if never or if it is gone.
func (db *DB) expireOf(slot uint16, key string) int64 {
	_, expire, _ := db.slots[slot].Lookup(view(key))
	return expire
}
