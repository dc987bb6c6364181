package keyspace

import "sync"

// scanLimit is the number of keys up to which a slot needs no index and compares them one by one.
const scanLimit = 8

// Slot is the dictionary of one hash slot. The caller holds its lock for every call, alone if the call may write.
//
// The lock, the number of keys, and where the first of them are, share a cache line: a small slot is read by way of
// three places in memory, this one, the records, and the key itself.
type Slot struct {
	sync.RWMutex
	dense paged[record]
	index index
	db    *DB
	id    uint16

	_ [24]byte // three cache lines in all
}

// ID returns the slot's number.
func (s *Slot) ID() uint16 { return s.id }

// Len returns the number of keys.
func (s *Slot) Len() int { return s.dense.n }

// Lookup returns the value for reading and when it expires (ms, 0 never), expired or not.
func (s *Slot) Lookup(key []byte) (v Value, expire int64, ok bool) {
	pos := s.find(key)
	if pos < 0 {
		return nil, 0, false
	}
	r := s.dense.at(pos)
	return r.value(), r.expire, true
}

// Rev returns the revision of the key's last modification.
func (s *Slot) Rev(key []byte) (rev uint64, ok bool) {
	pos := s.find(key)
	if pos < 0 {
		return 0, false
	}
	return s.dense.at(pos).rev(), true
}

// Each calls fn for every key in dense order until it returns false. The slot must not be changed
// meanwhile.
func (s *Slot) Each(fn func(key []byte, v Value, expire int64) bool) {
	for pos := range s.dense.n {
		r := s.dense.at(pos)
		if !fn(view(r.key()), r.value(), r.expire) {
			return
		}
	}
}

// Random returns the key at position i, 0 <= i < Len().
func (s *Slot) Random(i int) (key []byte, v Value, expire int64) {
	r := s.dense.at(i)
	return view(r.key()), r.value(), r.expire
}

// At returns all of the key at position i, 0 <= i < Len().
func (s *Slot) At(i int) (key []byte, v Value, expire int64, rev uint64) {
	r := s.dense.at(i)
	return view(r.key()), r.value(), r.expire, r.rev()
}

// Scan visits count positions downwards from cursor (0: from the top) and returns the cursor to
// continue with, 0 when all are done. A key that exists from the first call to the last is visited
// at least once, whatever is added and deleted between the calls.
func (s *Slot) Scan(cursor uint64, count int, fn func(key []byte, v Value, expire int64)) (next uint64) {
	return scanDown(cursor, s.dense.n, count, func(pos int) {
		r := s.dense.at(pos)
		fn(view(r.key()), r.value(), r.expire)
	})
}

// find returns the position of key, or -1.
func (s *Slot) find(key []byte) int {
	if s.dense.n <= scanLimit {
		return s.scan(key)
	}
	h := s.index.hash(key)
	seg := s.index.segment(h)
	pos, cell := seg.first(h)
	for pos >= 0 && s.dense.at(pos).key() != string(key) {
		pos, cell = seg.next(h, cell)
	}
	return pos
}

// scan is find among the few keys of one page.
func (s *Slot) scan(key []byte) int {
	tag := tagOf(key)
	items := s.dense.first.items
	for pos := range items {
		if r := &items[pos]; r.mark&tagMask == tag && r.key() == string(key) {
			return pos
		}
	}
	return -1
}

func (s *Slot) hashAt(pos int) uint64 { return s.index.hashString(s.dense.at(pos).key()) }
