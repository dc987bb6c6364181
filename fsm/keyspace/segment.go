package keyspace

import "math/bits"

const (
	segmentBits  = 10
	segmentCells = 1 << segmentBits // cells of a segment at most
	minCells     = 16               // and at least
	freeCell     = 0
	sparePosBits = 2 // positions may grow fourfold before cells must be written anew
)

// segment is a hash table of positions: open addressing, linear probing, four bytes a cell.
//
//	cell: | bits of the hash | position+1, posBits |
//
// The bits of the hash make that a probe seldom looks at a wrong entry. The table is at most three
// quarters full.
type segment struct {
	cells   []uint32
	used    uint32 // cells that are not free
	gen     uint32 // of the index that may write to it; see paged
	posBits uint8
	depth   uint8 // number of hash bits that all its entries have in common; see directory
}

// makeSegment returns an empty segment for positions up to pos.
func makeSegment(cells, pos int, depth uint8, gen uint32) segment {
	posBits := min(32, bits.Len(uint(pos+1))+sparePosBits)
	return segment{cells: make([]uint32, cells), gen: gen, posBits: uint8(posBits), depth: depth}
}

func (s *segment) wrap() uint32    { return uint32(len(s.cells) - 1) }
func (s *segment) posMask() uint32 { return uint32(1)<<s.posBits - 1 }

// home is the cell where the search for a hash begins; it comes from the lowest bits, the tag from the
// upper half, the directory's index from the bits between.
func (s *segment) home(h uint64) uint32 { return uint32(h) & s.wrap() }
func (s *segment) tag(h uint64) uint32  { return uint32(h>>32) &^ s.posMask() }

// first returns the first position that may be the one searched and its cell; -1 if there is none.
func (s *segment) first(h uint64) (pos int, cell uint32) { return s.probe(h, s.home(h)) }

// next continues a search behind cell.
func (s *segment) next(h uint64, cell uint32) (pos int, at uint32) {
	return s.probe(h, (cell+1)&s.wrap())
}

func (s *segment) probe(h uint64, cell uint32) (int, uint32) {
	wrap, mask, tag := s.wrap(), s.posMask(), s.tag(h)
	for {
		c := s.cells[cell]
		if c == freeCell {
			return -1, cell
		}
		if c&^mask == tag {
			return int(c&mask) - 1, cell
		}
		cell = (cell + 1) & wrap
	}
}

// find returns the cell that holds pos.
func (s *segment) find(h uint64, pos int) uint32 {
	p, cell := s.first(h)
	for p != pos {
		if p < 0 {
			panic("keyspace: a position is missing from its index")
		}
		p, cell = s.next(h, cell)
	}
	return cell
}

// takes reports whether pos can be added.
func (s *segment) takes(pos int) bool { return !s.full() && s.fits(pos) }

func (s *segment) full() bool        { return int(s.used+1)*4 > len(s.cells)*3 }
func (s *segment) fits(pos int) bool { return uint64(pos)+1 <= uint64(s.posMask()) }

// sparse reports whether a quarter of the cells would do.
func (s *segment) sparse() bool { return int(s.used)*8 < len(s.cells) }

func (s *segment) add(h uint64, pos int) {
	cell := s.home(h)
	for s.cells[cell] != freeCell {
		cell = (cell + 1) & s.wrap()
	}
	s.cells[cell] = s.tag(h) | uint32(pos+1)
	s.used++
}

// move changes an entry's position.
func (s *segment) move(h uint64, from, to int) {
	s.cells[s.find(h, from)] = s.tag(h) | uint32(to+1)
}

// remove frees the cell of pos and closes the gap behind it.
func (s *segment) remove(h uint64, pos int, hashAt hasher) {
	hole := s.find(h, pos)
	for cell := (hole + 1) & s.wrap(); s.cells[cell] != freeCell; cell = (cell + 1) & s.wrap() {
		home := s.home(hashAt(s.pos(cell)))
		if (cell-home)&s.wrap() >= (cell-hole)&s.wrap() {
			s.cells[hole] = s.cells[cell]
			hole = cell
		}
	}
	s.cells[hole] = freeCell
	s.used--
}

// pos returns the position in a cell that is not free.
func (s *segment) pos(cell uint32) int { return int(s.cells[cell]&s.posMask()) - 1 }

// pour adds all entries to whichever segment into chooses. Their order cannot be observed.
func (s *segment) pour(hashAt hasher, into func(h uint64) *segment) {
	for cell, c := range s.cells {
		if c != freeCell {
			pos := s.pos(uint32(cell))
			h := hashAt(pos)
			into(h).add(h, pos)
		}
	}
}

// highest returns the highest position in the segment.
func (s *segment) highest() int {
	top := -1
	for cell, c := range s.cells {
		if c != freeCell {
			top = max(top, s.pos(uint32(cell)))
		}
	}
	return top
}

// remade returns a segment of the given size for positions up to top that holds the same entries.
func (s *segment) remade(cells, top int, hashAt hasher) segment {
	c := makeSegment(cells, top, s.depth, s.gen)
	s.pour(hashAt, func(uint64) *segment { return &c })
	return c
}
