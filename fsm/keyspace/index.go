package keyspace

import "hash/maphash"

const (
	indexMinCells = 16 // smallest table, a power of two
	indexFree     = 0  // a cell that holds nothing
)

// index finds positions of a dense array by hash: open addressing, linear probing, four bytes a cell.
// In a table of 2^k cells the low k bits of a cell are position+1 and the others are bits of the hash,
// so that a probe seldom looks at a wrong entry:
//
//	| hash, 32-k bits | position+1, k bits |
//
// The table is at most three quarters full, hence position+1 always fits. The order of its cells
// depends on a random seed: nothing may ever iterate it.
type index struct {
	cells []uint32
	seed  maphash.Seed
}

// on reports whether a table exists; without one the owner scans its few entries.
func (x *index) on() bool { return x.cells != nil }

func (x *index) hash(key []byte) uint64     { return maphash.Bytes(x.seed, key) }
func (x *index) hashString(k string) uint64 { return maphash.String(x.seed, k) }

// mask selects the position bits of a cell, and of a hash the cell it belongs to.
func (x *index) mask() uint32 { return uint32(len(x.cells) - 1) }

// tag is the part of a cell that comes from the hash. It uses the upper half, the home cell the lower.
func (x *index) tag(h uint64) uint32 { return uint32(h>>32) &^ x.mask() }

// first returns the first position that may be the one searched and its cell; -1 if there is none.
func (x *index) first(h uint64) (pos int, cell uint32) { return x.probe(h, uint32(h)&x.mask()) }

// next continues a search after cell.
func (x *index) next(h uint64, cell uint32) (pos int, at uint32) {
	return x.probe(h, (cell+1)&x.mask())
}

func (x *index) probe(h uint64, cell uint32) (int, uint32) {
	mask, tag := x.mask(), x.tag(h)
	for {
		c := x.cells[cell]
		if c == indexFree {
			return -1, cell
		}
		if c&^mask == tag {
			return int(c&mask) - 1, cell
		}
		cell = (cell + 1) & mask
	}
}

// add enters position pos, which must not be there yet. The table must have room.
func (x *index) add(h uint64, pos int) {
	mask := x.mask()
	cell := uint32(h) & mask
	for x.cells[cell] != indexFree {
		cell = (cell + 1) & mask
	}
	x.cells[cell] = x.tag(h) | uint32(pos+1)
}

// find returns the cell that holds pos.
func (x *index) find(h uint64, pos int) uint32 {
	p, cell := x.first(h)
	for p != pos {
		if p < 0 {
			panic("keyspace: a position is missing from its index")
		}
		p, cell = x.next(h, cell)
	}
	return cell
}

// move changes an entry's position from one to the other.
func (x *index) move(h uint64, from, to int) {
	x.cells[x.find(h, from)] = x.tag(h) | uint32(to+1)
}

// remove frees the cell of pos and closes the gap behind it; hashAt returns the hash of the entry at
// a position.
func (x *index) remove(h uint64, pos int, hashAt func(pos int) uint64) {
	mask := x.mask()
	hole := x.find(h, pos)
	for cell := (hole + 1) & mask; x.cells[cell] != indexFree; cell = (cell + 1) & mask {
		home := uint32(hashAt(int(x.cells[cell]&mask)-1)) & mask
		if (cell-home)&mask >= (cell-hole)&mask {
			x.cells[hole] = x.cells[cell]
			hole = cell
		}
	}
	x.cells[hole] = indexFree
}

// full reports whether one more than n entries would exceed the load the table is made for.
func (x *index) full(n int) bool { return (n+1)*4 > len(x.cells)*3 }

// sparse reports whether n entries would fit a table of a quarter of the size.
func (x *index) sparse(n int) bool { return len(x.cells) > indexMinCells && n*8 < len(x.cells) }

// rebuild makes the table anew for n entries with room to grow.
func (x *index) rebuild(n int, hashAt func(pos int) uint64) {
	if !x.on() {
		x.seed = maphash.MakeSeed()
	}
	size := indexMinCells
	for n*2 > size {
		size *= 2
	}
	x.cells = make([]uint32, size)
	for pos := range n {
		x.add(hashAt(pos), pos)
	}
}

// drop forgets the table.
func (x *index) drop() { x.cells = nil }

// clone copies the table.
func (x *index) clone() index {
	return index{cells: append([]uint32(nil), x.cells...), seed: x.seed}
}

// size returns the bytes a table for n entries takes when it was just made; it does not depend on
// the past of this one.
func indexSize(n int) int64 { return int64(n) * 6 }
