package keyspace

import "slices"

// List is a list of elements: a deque of chunks. Both ends take constant time, an index the number of
// chunks before it.
type List struct {
	chunks []*chunk // none is empty
	n      int
	bytes  int64 // of all elements
	gen    uint64
}

var _ Value = (*List)(nil)

// NewList returns an empty list.
func NewList() *List { return &List{} }

// Len returns the number of elements.
func (l *List) Len() int { return l.n }

// PushBack appends a copy of b.
func (l *List) PushBack(b []byte) {
	if len(l.chunks) == 0 || l.chunks[len(l.chunks)-1].full() {
		l.chunks = append(l.chunks, l.newChunk())
	}
	l.own(len(l.chunks) - 1).pushBack(l.admit(b))
}

// PushFront prepends a copy of b.
func (l *List) PushFront(b []byte) {
	if len(l.chunks) == 0 || l.chunks[0].full() {
		l.pushChunk()
	}
	l.own(0).pushFront(l.admit(b))
}

// PopBack removes the last element and returns it.
func (l *List) PopBack() ([]byte, bool) {
	if l.n == 0 {
		return nil, false
	}
	last := len(l.chunks) - 1
	e := l.own(last).popBack()
	l.dismiss(last, e)
	return view(e), true
}

// PopFront removes the first element and returns it.
func (l *List) PopFront() ([]byte, bool) {
	if l.n == 0 {
		return nil, false
	}
	e := l.own(0).popFront()
	l.dismiss(0, e)
	return view(e), true
}

// Index returns element i, 0 <= i < Len().
func (l *List) Index(i int) []byte {
	c, at := l.locate(i)
	return view(*l.chunks[c].at(at))
}

// Set replaces element i, 0 <= i < Len(), with a copy of b.
func (l *List) Set(i int, b []byte) {
	c, at := l.locate(i)
	e := l.own(c).at(at)
	l.bytes += int64(len(b) - len(*e))
	*e = string(b)
}

// InsertBefore puts a copy of b before element i, 0 <= i < Len().
func (l *List) InsertBefore(i int, b []byte) {
	c, at := l.locate(i)
	target := l.own(c)
	if target.full() {
		l.chunks = slices.Insert(l.chunks, c+1, target.split())
		if at >= target.len() {
			at -= target.len()
			target = l.chunks[c+1]
		}
	}
	target.insert(at, l.admit(b))
}

// InsertAfter puts a copy of b after element i, 0 <= i < Len().
func (l *List) InsertAfter(i int, b []byte) {
	if i == l.n-1 {
		l.PushBack(b)
		return
	}
	l.InsertBefore(i+1, b)
}

// Remove takes element i out, 0 <= i < Len().
func (l *List) Remove(i int) {
	c, at := l.locate(i)
	e := *l.chunks[c].at(at)
	l.own(c).remove(at)
	l.dismiss(c, e)
}

// Range calls fn for the elements from..to, both included, until it returns false.
func (l *List) Range(from, to int, fn func(i int, e []byte) bool) {
	from, to = max(from, 0), min(to, l.n-1)
	if from > to {
		return
	}
	c, at := l.locate(from)
	for i := from; i <= to; i++ {
		if at == l.chunks[c].len() {
			c, at = c+1, 0
		}
		if !fn(i, view(*l.chunks[c].at(at))) {
			return
		}
		at++
	}
}

// Trim keeps the elements from..to, both included.
func (l *List) Trim(from, to int) {
	from, to = max(from, 0), min(to, l.n-1)
	if from > to {
		*l = List{gen: l.gen}
		return
	}
	for drop := l.n - 1 - to; drop > 0; drop-- {
		l.PopBack()
	}
	for ; from > 0; from-- {
		l.PopFront()
	}
}

func (l *List) Kind() Kind { return KindList }

// Clone shares chunks with the original until one of them writes.
func (l *List) Clone() Value {
	l.gen++
	return &List{chunks: slices.Clone(l.chunks), n: l.n, bytes: l.bytes, gen: l.gen}
}

func (l *List) Size() int64 { return containerSize + l.bytes + int64(l.n)*elementSize }

// Encoding is that of every list in Redis 7.0.
func (l *List) Encoding() string { return "quicklist" }

// locate returns the chunk of element i and its place there, searching from the nearer end.
func (l *List) locate(i int) (c, at int) {
	if i > l.n/2 {
		start := l.n
		for c = len(l.chunks) - 1; ; c-- {
			if start -= l.chunks[c].len(); start <= i {
				return c, i - start
			}
		}
	}
	for i >= l.chunks[c].len() {
		i -= l.chunks[c].len()
		c++
	}
	return c, i
}

// own returns chunk c, copied first if it is shared with another list.
func (l *List) own(c int) *chunk {
	if l.chunks[c].gen != l.gen {
		l.chunks[c] = l.chunks[c].copy(l.gen)
	}
	return l.chunks[c]
}

func (l *List) newChunk() *chunk { return &chunk{gen: l.gen} }

// pushChunk puts a chunk in front. Room for as many chunks as there are is made at once, so that it
// costs constant time on average.
func (l *List) pushChunk() {
	l.chunks = slices.Insert(l.chunks, 0, l.newChunk())
}

func (l *List) admit(b []byte) string {
	l.n++
	l.bytes += int64(len(b))
	return string(b)
}

// dismiss counts element e of chunk c as gone, and the chunk with it if that was its last.
func (l *List) dismiss(c int, e string) {
	l.n--
	l.bytes -= int64(len(e))
	if l.chunks[c].len() > 0 {
		return
	}
	if c == 0 {
		l.chunks[0] = nil
		l.chunks = l.chunks[1:]
		return
	}
	l.chunks = slices.Delete(l.chunks, c, c+1)
}
