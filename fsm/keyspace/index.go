package keyspace

import (
	"hash/maphash"
	"slices"
)

// hasher returns the hash of the entry at a position of a dense array.
type hasher func(pos int) uint64

// index finds positions of a dense array by hash. What it costs to grow is spread out: it consists of
// segments of bounded size, each of which is split alone when it is full (extendible hashing), so that
// no single command waits for millions of entries.
//
// The seed is random and nothing observable depends on the order of cells: nothing may iterate an index
// but to rebuild it.
type index struct {
	seed maphash.Seed
	root segment    // everything, as long as one segment is enough
	dir  *directory // then this
}

// directory finds the segment of a hash by as many of its bits as all segments need at most. A segment
// that needs fewer, by its depth, stands in several places.
type directory struct {
	segs []*segment // 2^bits of them
	gen  uint32     // segments of another generation are copied before they are written to
}

// on reports whether the index exists; without one the owner scans its few entries.
func (x *index) on() bool { return x.root.cells != nil || x.dir != nil }

func (x *index) hash(key []byte) uint64     { return maphash.Bytes(x.seed, key) }
func (x *index) hashString(k string) uint64 { return maphash.String(x.seed, k) }

// segment returns the segment to search for a hash.
func (x *index) segment(h uint64) *segment {
	if x.dir == nil {
		return &x.root
	}
	return x.dir.segs[x.dir.place(h)]
}

// build makes the index for the first n entries.
func (x *index) build(n int, hashAt hasher) {
	x.seed = maphash.MakeSeed()
	x.root = makeSegment(minCells, n, 0, 0)
	for pos := range n {
		x.add(pos, hashAt)
	}
}

// enter takes in the newest of n entries. Up to limit entries need no index.
func (x *index) enter(n, limit int, hashAt hasher) {
	switch {
	case x.on():
		x.add(n-1, hashAt)
	case n > limit:
		x.build(n, hashAt)
	}
}

// leave takes out the entry at pos and gives its place to the last one. The array has not changed yet.
func (x *index) leave(pos, last int, hashAt hasher) (h uint64) {
	if !x.on() {
		return 0
	}
	h = x.remove(pos, hashAt)
	if pos != last {
		x.move(last, pos, hashAt)
	}
	return h
}

// settle gives memory back after leave, whose result h is, when the array has changed to n entries.
func (x *index) settle(h uint64, n, limit int, hashAt hasher) {
	switch {
	case !x.on():
	case n <= limit/2:
		x.drop()
	default:
		x.tidy(h, hashAt)
	}
}

// drop forgets everything.
func (x *index) drop() { *x = index{} }

// clone returns an index with the same content. Both copy a segment before they next write to it.
func (x *index) clone() index {
	c := *x
	c.root.cells = slices.Clone(x.root.cells)
	if x.dir != nil {
		x.dir.gen++
		c.dir = &directory{segs: slices.Clone(x.dir.segs), gen: x.dir.gen}
	}
	return c
}

// add enters position pos, which must not be there yet.
func (x *index) add(pos int, hashAt hasher) {
	h := hashAt(pos)
	seg := x.writable(h)
	for !seg.takes(pos) {
		x.enlarge(seg, pos, h, hashAt)
		seg = x.writable(h)
	}
	seg.add(h, pos)
}

// move changes the position of the entry at from, which is still there for hashAt.
func (x *index) move(from, to int, hashAt hasher) {
	h := hashAt(from)
	x.writable(h).move(h, from, to)
}

// remove takes position pos out, which is still there for hashAt, and returns its hash.
func (x *index) remove(pos int, hashAt hasher) (h uint64) {
	h = hashAt(pos)
	x.writable(h).remove(h, pos, hashAt)
	return h
}

// tidy gives memory back after remove, whose result h is. Positions must be up to date again.
func (x *index) tidy(h uint64, hashAt hasher) {
	seg := x.segment(h)
	switch {
	case !seg.sparse():
	case x.dir != nil:
		x.merge(h, hashAt)
	case len(seg.cells) > minCells:
		x.root = seg.remade(len(seg.cells)/2, seg.highest(), hashAt)
	}
}

// enlarge makes room in seg, the segment of hash h, for an entry at pos, the highest position of all.
func (x *index) enlarge(seg *segment, pos int, h uint64, hashAt hasher) {
	switch {
	case !seg.full():
		*seg = seg.remade(len(seg.cells), pos, hashAt)
	case len(seg.cells) < segmentCells:
		*seg = seg.remade(2*len(seg.cells), pos, hashAt)
	default:
		x.split(h, pos, hashAt)
	}
}

// writable returns the segment of a hash to write to.
func (x *index) writable(h uint64) *segment {
	seg := x.segment(h)
	if x.dir == nil || seg.gen == x.dir.gen {
		return seg
	}
	c := *seg
	c.cells, c.gen = slices.Clone(seg.cells), x.dir.gen
	x.dir.put(h, &c)
	return &c
}

// split divides the full segment of hash h by one more bit.
func (x *index) split(h uint64, pos int, hashAt hasher) {
	if x.dir == nil {
		root := x.root
		x.root, x.dir = segment{}, &directory{segs: []*segment{&root}}
	}
	d := x.dir
	old := d.segs[d.place(h)]
	if d.deepest(old) {
		d.segs = slices.Concat(d.segs, d.segs)
	}
	halves := [2]segment{
		makeSegment(segmentCells, pos, old.depth+1, d.gen),
		makeSegment(segmentCells, pos, old.depth+1, d.gen),
	}
	bit := segmentBits + old.depth
	old.pour(hashAt, func(h uint64) *segment { return &halves[h>>bit&1] })
	d.put(h&^(1<<bit), &halves[0])
	d.put(h|1<<bit, &halves[1])
}

// merge joins the segment of hash h with the one it was split from, if both are nearly empty.
func (x *index) merge(h uint64, hashAt hasher) {
	d := x.dir
	seg := d.segs[d.place(h)]
	buddy := d.segs[d.place(h^1<<(segmentBits+seg.depth-1))]
	if buddy.depth != seg.depth || (seg.used+buddy.used)*4 > segmentCells {
		return
	}
	deepest := d.deepest(seg)
	both := makeSegment(segmentCells, max(seg.highest(), buddy.highest()), seg.depth-1, d.gen)
	into := func(uint64) *segment { return &both }
	seg.pour(hashAt, into)
	buddy.pour(hashAt, into)
	if both.depth == 0 {
		x.root, x.dir = both, nil
		return
	}
	d.put(h, &both)
	if deepest {
		d.shrink()
	}
}

// place returns where the segment of a hash stands.
func (d *directory) place(h uint64) int { return int(h>>segmentBits) & (len(d.segs) - 1) }

// put sets the segment of a hash, and of all hashes that share the segment's bits.
func (d *directory) put(h uint64, seg *segment) {
	step := 1 << seg.depth
	for i := int(h>>segmentBits) & (step - 1); i < len(d.segs); i += step {
		d.segs[i] = seg
	}
}

// deepest reports whether the segment needs all the bits the directory has.
func (d *directory) deepest(seg *segment) bool { return 1<<seg.depth == len(d.segs) }

// shrink halves the directory when no segment needs all its bits.
func (d *directory) shrink() {
	half := len(d.segs) / 2
	if slices.Equal(d.segs[:half], d.segs[half:]) {
		d.segs = slices.Clone(d.segs[:half])
	}
}

// indexSize returns about how many bytes the index of n entries takes, whatever its past.
func indexSize(n int) int64 { return int64(n) * 7 }
