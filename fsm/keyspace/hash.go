package keyspace

const (
	compactMax        = 16  // elements up to which a container has no index
	hashListpackLen   = 512 // fields up to which Redis' default hash is a listpack
	hashListpackValue = 64  // bytes of the longest field or value in such a hash
	jointMax          = 64  // bytes of a value that is stored together with its field
	containerSize     = 96  // bytes of an empty container
	pairSize          = 32  // bytes of a field and a value without their data
)

// pair is a field and its value, both immutable.
type pair struct{ field, value string }

// Hash maps fields to values, in dense order.
type Hash struct {
	dense paged[pair]
	index index
	bytes int64 // of all fields and values
	large bool  // outgrew Redis' listpack once
}

var (
	_ Value  = (*Hash)(nil)
	_ Sticky = (*Hash)(nil)
)

// NewHash returns an empty hash.
func NewHash() *Hash { return &Hash{} }

// Len returns the number of fields.
func (h *Hash) Len() int { return h.dense.n }

// Get returns the field's value.
func (h *Hash) Get(field []byte) (value []byte, ok bool) {
	pos := h.find(field)
	if pos < 0 {
		return nil, false
	}
	return view(h.dense.at(pos).value), true
}

// At returns the field at position i, 0 <= i < Len().
func (h *Hash) At(i int) (field, value []byte) {
	p := h.dense.at(i)
	return view(p.field), view(p.value)
}

// Each calls fn for every field in dense order until it returns false.
func (h *Hash) Each(fn func(field, value []byte) bool) {
	for pos := range h.dense.n {
		if !fn(h.At(pos)) {
			return
		}
	}
}

// Scan visits fields as Slot.Scan visits keys.
func (h *Hash) Scan(cursor uint64, count int, fn func(field, value []byte)) (next uint64) {
	return scanDown(cursor, h.dense.n, count, func(pos int) { fn(h.At(pos)) })
}

// Set stores copies of field and value and reports whether the field is new.
func (h *Hash) Set(field, value []byte) (added bool) {
	if len(field) > hashListpackValue || len(value) > hashListpackValue {
		h.large = true
	}
	if pos := h.find(field); pos >= 0 {
		page, _ := h.dense.own(pos)
		p := &page.items[pos&pageMask]
		h.bytes += int64(len(value) - len(p.value))
		p.value = string(value)
		return false
	}
	h.append(joint(field, value))
	return true
}

// Delete removes the field and reports whether there was one.
func (h *Hash) Delete(field []byte) bool {
	pos := h.find(field)
	if pos < 0 {
		return false
	}
	p := h.dense.at(pos)
	h.bytes -= int64(len(p.field) + len(p.value))
	removeDense(&h.dense, &h.index, pos, h.hashAt)
	return true
}

func (h *Hash) Kind() Kind { return KindHash }

// Clone shares pages with the original until one of them writes.
func (h *Hash) Clone() Value {
	return &Hash{dense: h.dense.clone(), index: h.index.clone(), bytes: h.bytes, large: h.large}
}

func (h *Hash) Size() int64 {
	return containerSize + h.bytes + int64(h.dense.n)*pairSize + indexSize(h.dense.n)
}

func (h *Hash) Encoding() string {
	if h.large {
		return "hashtable"
	}
	return "listpack"
}

// Sticky reports whether the hash has outgrown Redis' listpack.
func (h *Hash) Sticky() bool { return h.large }

// SetSticky marks the hash as outgrown.
func (h *Hash) SetSticky() { h.large = true }

func (h *Hash) append(p pair) {
	appendDense(&h.dense, &h.index, p, h.hashAt)
	h.bytes += int64(len(p.field) + len(p.value))
	h.large = h.large || h.dense.n > hashListpackLen
}

func (h *Hash) find(field []byte) int {
	if !h.index.on() {
		for pos := range h.dense.n {
			if h.dense.at(pos).field == string(field) {
				return pos
			}
		}
		return -1
	}
	sum := h.index.hash(field)
	seg := h.index.segment(sum)
	pos, cell := seg.first(sum)
	for pos >= 0 && h.dense.at(pos).field != string(field) {
		pos, cell = seg.next(sum, cell)
	}
	return pos
}

func (h *Hash) hashAt(pos int) uint64 { return h.index.hashString(h.dense.at(pos).field) }

// joint copies field and value, in one piece when the value is small.
func joint(field, value []byte) pair {
	if len(value) > jointMax {
		return pair{string(field), string(value)}
	}
	buf := make([]byte, 0, len(field)+len(value))
	s := lend(append(append(buf, field...), value...))
	return pair{s[:len(field)], s[len(field):]}
}
