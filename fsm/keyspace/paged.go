package keyspace

import "slices"

const (
	pageBits = 4
	pageLen  = 1 << pageBits // entries a page
	pageMask = pageLen - 1
)

// page is a run of entries. Only the array whose generation equals the page's may write to it.
type page[T any] struct {
	items []T
	gen   uint64
}

// paged is a growing array in pages that are copied on write. All pages but the last are full. The first
// is at hand without another look at memory: most arrays have no other.
//
// The table of pages is the array's own. The entries of a page whose generation is the array's own are
// reachable from this array alone. Whoever shares them (clone, freeze) raises the generation of each
// array that may still write.
type paged[T any] struct {
	first page[T]
	n     int
	gen   uint64
	more  []page[T]
}

// page returns the page of position i.
func (a *paged[T]) page(i int) *page[T] {
	if i < pageLen {
		return &a.first
	}
	return &a.more[i>>pageBits-1]
}

// at returns the entry at position i for reading.
func (a *paged[T]) at(i int) *T { return &a.page(i).items[i&pageMask] }

// own makes the page of position i writable and reports whether its entries had to be copied for that.
// The page is valid until the next push or pop.
func (a *paged[T]) own(i int) (p *page[T], copied bool) {
	p = a.page(i)
	if p.gen == a.gen {
		return p, false
	}
	p.items = resized(p.items, cap(p.items))
	p.gen = a.gen
	return p, true
}

// push appends v. The last page must be writable (see own).
func (a *paged[T]) push(v T) {
	switch {
	case a.n == 0:
		a.first = page[T]{gen: a.gen}
	case a.n&pageMask == 0:
		a.more = append(a.more, page[T]{gen: a.gen})
	}
	p := a.page(a.n)
	if len(p.items) == cap(p.items) {
		p.items = resized(p.items, grownPage(len(p.items)))
	}
	p.items = append(p.items, v)
	a.n++
}

// pop drops the last entry. Its page must be writable.
func (a *paged[T]) pop() {
	p := a.page(a.n - 1)
	last := len(p.items) - 1
	clear(p.items[last:])
	p.items = p.items[:last]
	a.n--
	if last == 0 {
		*p = page[T]{}
		a.more = a.more[:max(0, len(a.more)-1)]
		return
	}
	if c := cap(p.items); c >= 16 && last*4 <= c {
		p.items = resized(p.items, c/2)
	}
}

// clone returns an array with the same content. Both copy a page before they next write to it.
func (a *paged[T]) clone() paged[T] {
	a.gen++
	c := *a
	c.more = slices.Clone(a.more)
	return c
}

// each calls fn with the entries of every page until it returns false.
func (a *paged[T]) each(fn func(items []T) bool) {
	if !fn(a.first.items) {
		return
	}
	for i := range a.more {
		if !fn(a.more[i].items) {
			return
		}
	}
}

// grownPage returns the capacity that follows n: small steps, since many slots hold few keys.
func grownPage(n int) int {
	if n < 4 {
		return n + max(1, n)
	}
	return min(pageLen, n+4)
}

func resized[T any](items []T, capacity int) []T {
	c := make([]T, len(items), capacity)
	copy(c, items)
	return c
}
