package keyspace

import "slices"

// Edit returns the value to change in place, nil if the key is absent. A value that a Frozen still
// reads is cloned first. The caller calls Touch when it really changed something.
func (s *Slot) Edit(key []byte) Value {
	pos := s.find(key)
	if pos < 0 {
		return nil
	}
	if !s.db.frozen() {
		return s.dense.at(pos).val
	}
	r := s.writable(pos)
	if r.mark&sharedBit != 0 {
		r.val = r.val.Clone()
		r.mark &^= sharedBit
	}
	return r.val
}

// Put inserts or replaces the value and its expiry (ms, 0 never). The value may come from another
// key that was deleted (RENAME), so that a Frozen may know it.
func (s *Slot) Put(key []byte, v Value, expire int64) {
	mark := tagOf(key) | s.db.nextRev()
	if s.db.frozen() {
		mark |= sharedBit
	}
	pos := s.find(key)
	if pos < 0 {
		s.insert(record{key: string(key), val: v, expire: expire, mark: mark})
		return
	}
	r := s.writable(pos)
	r.val, r.mark = v, mark
	s.reschedule(r, expire)
}

// SetExpire changes when the key expires (ms, 0 never); false if there is no such key.
func (s *Slot) SetExpire(key []byte, ms int64) bool {
	pos := s.find(key)
	if pos < 0 {
		return false
	}
	r := s.writable(pos)
	r.setRev(s.db.nextRev())
	s.reschedule(r, ms)
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

// Restore appends a key as a snapshot holds it, with its revision, which it does not count up.
func (s *Slot) Restore(key []byte, v Value, expire int64, rev uint64) bool {
	if s.find(key) >= 0 {
		return false
	}
	s.insert(record{key: string(key), val: v, expire: expire, mark: tagOf(key) | rev&revMask})
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
	s.db.expiry.add(r.expire, s.id, r.key)
}

// remove deletes the record at pos and moves the last one into its place.
func (s *Slot) remove(pos int) {
	r, last := s.writable(pos), s.dense.n-1
	expire, key := r.expire, r.key
	h := s.index.leave(pos, last, s.hashAt)
	if pos != last {
		*r = *s.writable(last)
	}
	s.writable(last)
	s.dense.pop()
	s.db.grew(s.id, -1)
	s.index.settle(h, s.dense.n, scanLimit, s.hashAt)
	s.db.expiry.drop(expire, s.id, key)
}

func (s *Slot) reschedule(r *record, expire int64) {
	if r.expire == expire {
		return
	}
	old := r.expire
	r.expire = expire
	s.db.expiry.add(expire, s.id, r.key)
	s.db.expiry.drop(old, s.id, r.key)
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
