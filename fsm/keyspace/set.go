package keyspace

const (
	intsetLen   = 512 // members up to which Redis' default set of integers is an intset
	elementSize = 16  // bytes of a member or list element without its data
)

// Set is a set of members, in dense order.
type Set struct {
	dense paged[string]
	index index
	bytes int64 // of all members
	large bool  // was no intset once
}

var (
	_ Value  = (*Set)(nil)
	_ Sticky = (*Set)(nil)
)

// NewSet returns an empty set.
func NewSet() *Set { return &Set{} }

// Len returns the number of members.
func (s *Set) Len() int { return s.dense.n }

// Has reports whether m is a member.
func (s *Set) Has(m []byte) bool { return s.find(m) >= 0 }

// At returns the member at position i, 0 <= i < Len().
func (s *Set) At(i int) []byte { return view(*s.dense.at(i)) }

// Each calls fn for every member in dense order until it returns false.
func (s *Set) Each(fn func(m []byte) bool) {
	for pos := range s.dense.n {
		if !fn(s.At(pos)) {
			return
		}
	}
}

// Scan visits members as Slot.Scan visits keys.
func (s *Set) Scan(cursor uint64, count int, fn func(m []byte)) (next uint64) {
	return scanDown(cursor, s.dense.n, count, func(pos int) { fn(s.At(pos)) })
}

// Add stores a copy of m and reports whether it is new.
func (s *Set) Add(m []byte) bool {
	if s.find(m) >= 0 {
		return false
	}
	appendDense(&s.dense, &s.index, string(m), s.hashAt)
	s.bytes += int64(len(m))
	s.large = s.large || s.dense.n > intsetLen || !isInt(m)
	return true
}

// Remove takes m out and reports whether it was a member. m may be what At returned.
func (s *Set) Remove(m []byte) bool {
	pos := s.find(m)
	if pos < 0 {
		return false
	}
	s.bytes -= int64(len(m))
	removeDense(&s.dense, &s.index, pos, s.hashAt)
	return true
}

func (s *Set) Kind() Kind { return KindSet }

// Clone shares pages with the original until one of them writes.
func (s *Set) Clone() Value {
	return &Set{dense: s.dense.clone(), index: s.index.clone(), bytes: s.bytes, large: s.large}
}

func (s *Set) Size() int64 {
	return containerSize + s.bytes + int64(s.dense.n)*elementSize + indexSize(s.dense.n)
}

func (s *Set) Encoding() string {
	if s.large {
		return "hashtable"
	}
	return "intset"
}

// Sticky reports whether the set was anything but a small set of integers once.
func (s *Set) Sticky() bool { return s.large }

// SetSticky marks the set so.
func (s *Set) SetSticky() { s.large = true }

func (s *Set) find(m []byte) int {
	if !s.index.on() {
		for pos := range s.dense.n {
			if *s.dense.at(pos) == string(m) {
				return pos
			}
		}
		return -1
	}
	sum := s.index.hash(m)
	seg := s.index.segment(sum)
	pos, cell := seg.first(sum)
	for pos >= 0 && *s.dense.at(pos) != string(m) {
		pos, cell = seg.next(sum, cell)
	}
	return pos
}

func (s *Set) hashAt(pos int) uint64 { return s.index.hashString(*s.dense.at(pos)) }
