package keyspace

import "slices"

// List is a list of elements: a deque of chunks. Both ends take constant time, an index the number of
// chunks before it.
type List struct {
	dir   []*chunk // free places, then the chunks, none of them empty
	head  int      // number of free places
	n     int
	bytes int64 // of all elements
	gen   uint64
}

var _ Value = (*List)(nil)

// NewList returns an empty list.
func NewList() *List { return &List{} }

// Len returns the number of elements.
func (l *List) Len() int { return l.n }

// PushBack appends a copy of b.
func (l *List) PushBack(b []byte) {
	if c := l.chunks(); len(c) == 0 || c[len(c)-1].full() {
		l.growBack()
	}
	l.own(len(l.chunks()) - 1).pushBack(l.admit(b))
}

// PushFront prepends a copy of b.
func (l *List) PushFront(b []byte) {
	if c := l.chunks(); len(c) == 0 || c[0].full() {
		l.growFront()
	}
	l.own(0).pushFront(l.admit(b))
}

// PopBack removes the last element and returns it.
func (l *List) PopBack() ([]byte, bool) {
	if l.n == 0 {
		return nil, false
	}
	last := len(l.chunks()) - 1
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
	return view(*l.chunks()[c].at(at))
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
		l.dir = slices.Insert(l.dir, l.head+c+1, target.split())
		if at >= target.len() {
			at -= target.len()
			target = l.chunks()[c+1]
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
	e := *l.chunks()[c].at(at)
	l.own(c).remove(at)
	l.dismiss(c, e)
	l.join(c)
}

// Range calls fn for the elements from..to, both included, until it returns false.
func (l *List) Range(from, to int, fn func(i int, e []byte) bool) {
	from, to = max(from, 0), min(to, l.n-1)
	if from > to {
		return
	}
	c, at := l.locate(from)
	chunks := l.chunks()
	for i := from; i <= to; i++ {
		if at == chunks[c].len() {
			c, at = c+1, 0
		}
		if !fn(i, view(*chunks[c].at(at))) {
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
	return &List{dir: slices.Clone(l.chunks()), n: l.n, bytes: l.bytes, gen: l.gen}
}

func (l *List) Size() int64 { return containerSize + l.bytes + int64(l.n)*elementSize }

// Encoding is that of every list in Redis 7.0.
func (l *List) Encoding() string { return "quicklist" }
