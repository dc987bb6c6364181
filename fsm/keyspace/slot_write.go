package keyspace

import "slices"

// Edit returns the value to change in place, nil if the key is absent. A value that a Frozen still
// reads, or that stands in one block with its key, is copied first. The caller calls Touch when it
// really changed something.
func (s *Slot) Edit(key []byte) Value {
	pos := s.find(key)
	if pos < 0 {
		return nil
	}
	r := s.dense.at(pos)
	if !s.db.frozen() && !r.fixed() {
		return r.value()
	}
	r = s.writable(pos)
	if r.fixed() || r.mark&sharedBit != 0 {
		r.detach()
	}
	return r.value()
}

// PutString inserts or replaces a string, of which it takes a copy, and its expiry (ms, 0 never).
func (s *Slot) PutString(key, value []byte, expire int64) {
	s.put(key, packedRecord(key, value, expire, s.db.nextRev()))
}

// Put inserts or replaces the value and its expiry (ms, 0 never). The value may come from another
// key that was deleted (RENAME), so that a Frozen may know it.
func (s *Slot) Put(key []byte, v Value, expire int64) {
	if str, ok := v.(*String); ok && str.packed() && str.Len() <= repackMax {
		s.PutString(key, str.Bytes(), expire)
		return
	}
	r := boxedRecord(key, v, expire, s.db.nextRev())
	if s.db.frozen() {
		r.mark |= sharedBit
	}
	s.put(key, r)
}

func (s *Slot) put(key []byte, r record) {
	pos := s.find(key)
	if pos < 0 {
		s.insert(r)
		return
	}
	old := s.writable(pos)
	before := old.expire
	*old = r
	s.reschedule(old, before)
}

// SetExpire changes when the key expires (ms, 0 never); false if there is no such key.
func (s *Slot) SetExpire(key []byte, ms int64) bool {
	pos := s.find(key)
	if pos < 0 {
		return false
	}
	r := s.writable(pos)
	r.setRev(s.db.nextRev())
	before := r.expire
	r.expire = ms
	s.reschedule(r, before)
	return true
}

// Touch gives the key a new revision.
func (s *Slot) Touch(key []byte) {
	if pos := s.find(key); pos >= 0 {
		r := s.writable(pos)
		r.setRev(s.db.nextRev())
	}
}

// Delete removes the key and reports whether there was one.
func (s *Slot) Delete(key []byte) bool {
	pos := s.find(key)
	if pos < 0 {
		return false
	}
	s.remove(pos)
	return true
}

// Restore appends a key as a snapshot holds it, with its revision, which it does not count up; false
// if there is one already.
func (s *Slot) Restore(key []byte, v Value, expire int64, rev uint64) bool {
	return s.restore(key, boxedRecord(key, v, expire, rev))
}

// RestoreString is Restore for a string, of which it takes a copy.
func (s *Slot) RestoreString(key, value []byte, expire int64, rev uint64) bool {
	return s.restore(key, packedRecord(key, value, expire, rev))
}

func (s *Slot) restore(key []byte, r record) bool {
	if s.find(key) >= 0 {
		return false
	}
	s.insert(r)
	return true
}

func (s *Slot) insert(r record) {
	s.catchUp()
	if n := s.dense.n; n&pageMask != 0 {
		s.writable(n - 1)
	}
	s.dense.push(r)
	s.db.grew(s.id, 1)
	s.index.enter(s.dense.n, scanLimit, s.hashAt)
	s.appoint(&r)
}

// remove deletes the record at pos and moves the last one into its place.
func (s *Slot) remove(pos int) {
	r, last := s.writable(pos), s.dense.n-1
	expire := r.expire
	h := s.index.leave(pos, last, s.hashAt)
	if pos != last {
		*r = *s.writable(last)
	}
	s.writable(last)
	s.dense.pop()
	s.db.grew(s.id, -1)
	s.index.settle(h, s.dense.n, scanLimit, s.hashAt)
	s.db.expiry.drop(expire)
}

// reschedule tells the expiry index that the record's expiry was another one before.
func (s *Slot) reschedule(r *record, before int64) {
	if r.expire != before {
		s.appoint(r)
		s.db.expiry.drop(before)
	}
}

func (s *Slot) appoint(r *record) {
	if r.expire != 0 {
		s.db.expiry.add(r.expire, s.id, r.ownKey())
	}
}

// writable returns the record at pos in a page of this slot's own. All values of a page that had to
// be copied are shared with the original from then on.
func (s *Slot) writable(pos int) *record {
	s.catchUp()
	p, copied := s.dense.own(pos)
	if copied {
		for i := range p.items {
			p.items[i].mark |= sharedBit
		}
	}
	return &p.items[pos&pageMask]
}

// catchUp parts this slot's table of pages from the one a freeze has taken.
func (s *Slot) catchUp() {
	if s.dense.gen != s.db.epoch {
		s.dense.more = slices.Clone(s.dense.more)
		s.dense.gen = s.db.epoch
	}
}
