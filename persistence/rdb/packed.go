package rdb

import (
	"encoding/binary"
	"strconv"
)

// packed walks the elements of a collection that stands in one string.
type packed interface {
	// next returns the next element; ok is false at the end. The element
	// aliases the string, or dst where it is a number.
	next(dst []byte) (element []byte, ok bool, err error)
}

// intset is a set of integers of one size:
//
//	size:4 count:4 integers
type intset struct {
	rest []byte
	size int
}

func newIntset(b []byte) (*intset, error) {
	if len(b) < 8 {
		return nil, corrupt("intset of %d bytes", len(b))
	}
	size, count := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
	if size != 2 && size != 4 && size != 8 {
		return nil, corrupt("intset with integers of %d bytes", size)
	}
	if uint64(len(b)-8) != uint64(size)*uint64(count) {
		return nil, corrupt("intset of %d integers in %d bytes", count, len(b))
	}
	return &intset{b[8:], int(size)}, nil
}

func (s *intset) next(dst []byte) ([]byte, bool, error) {
	if len(s.rest) == 0 {
		return nil, false, nil
	}
	n := littleInt(s.rest[:s.size])
	s.rest = s.rest[s.size:]
	return strconv.AppendInt(dst[:0], n, 10), true, nil
}

// packedEnd ends a listpack and a ziplist.
const packedEnd = 0xFF

// head is what an entry of a listpack or ziplist begins with.
type head struct {
	size      int // of the head
	body      int
	number    bool // the body is a little-endian integer
	immediate bool // value is the element, there is no body
	value     int64
}

// element cuts the element that h describes off b, which begins with the head.
func (h head) element(b, dst []byte) (element, rest []byte, err error) {
	if len(b)-h.size < h.body {
		return nil, nil, corrupt("element of %d bytes, %d left", h.body, len(b)-h.size)
	}
	body, rest := b[h.size:h.size+h.body], b[h.size+h.body:]
	switch {
	case h.immediate:
		return strconv.AppendInt(dst[:0], h.value, 10), rest, nil
	case h.number:
		return strconv.AppendInt(dst[:0], littleInt(body), 10), rest, nil
	}
	return body, rest, nil
}
