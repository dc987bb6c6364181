package keyspace

const chunkMax = 128 // elements a chunk of a list

// chunk is a run of list elements with room at either end:
//
//	buf: | free | elements lo..hi | free |
//
// A chunk belongs to the list whose generation it has; see paged.
type chunk struct {
	gen    uint64
	lo, hi int
	buf    []string
}

func (c *chunk) len() int         { return c.hi - c.lo }
func (c *chunk) items() []string  { return c.buf[c.lo:c.hi] }
func (c *chunk) full() bool       { return c.len() == chunkMax }
func (c *chunk) at(i int) *string { return &c.buf[c.lo+i] }

func (c *chunk) pushBack(e string) {
	if c.hi == len(c.buf) {
		c.makeRoom(0)
	}
	c.buf[c.hi] = e
	c.hi++
}

func (c *chunk) pushFront(e string) {
	if c.lo == 0 {
		c.makeRoom(1)
	}
	c.lo--
	c.buf[c.lo] = e
}

// makeRoom gives the chunk, which is not full, free places at the front (share 1) or the back (share 0):
// in a larger buffer, or by moving the elements to the other end.
func (c *chunk) makeRoom(share int) {
	old, n := c.items(), c.len()
	if size := len(c.buf); size < chunkMax && n >= size/2 {
		c.buf = make([]string, min(chunkMax, max(2, n+n/2+1)))
	}
	c.lo = (len(c.buf) - n) * share
	c.hi = c.lo + n
	copy(c.buf[c.lo:], old)
	clear(c.buf[:c.lo])
	clear(c.buf[c.hi:])
}

func (c *chunk) popBack() (e string) {
	c.hi--
	e, c.buf[c.hi] = c.buf[c.hi], ""
	return e
}

func (c *chunk) popFront() (e string) {
	e, c.buf[c.lo] = c.buf[c.lo], ""
	c.lo++
	return e
}

// insert puts e before element i of a chunk that is not full.
func (c *chunk) insert(i int, e string) {
	c.pushBack(e)
	items := c.items()
	copy(items[i+1:], items[i:])
	items[i] = e
}

// remove takes element i out.
func (c *chunk) remove(i int) {
	items := c.items()
	copy(items[i:], items[i+1:])
	c.popBack()
}

// split moves the upper half into a new chunk.
func (c *chunk) split() *chunk {
	half := c.len() / 2
	upper := &chunk{gen: c.gen, buf: make([]string, chunkMax)}
	upper.hi = copy(upper.buf, c.items()[half:])
	clear(c.items()[half:])
	c.hi = c.lo + half
	return upper
}

func (c *chunk) copy(gen uint64) *chunk {
	return &chunk{gen: gen, lo: c.lo, hi: c.hi, buf: append([]string(nil), c.buf...)}
}
