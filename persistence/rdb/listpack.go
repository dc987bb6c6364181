package rdb

import "encoding/binary"

// listpack is Redis 7's packed collection:
//
//	total:4 count:2 (head body backlen)... 0xFF
//
// where backlen is the size of head and body, in 1 to 5 bytes, for walking
// backwards.
type listpack struct {
	rest []byte
}

const listpackHeaderBytes = 6

func newListpack(b []byte) (*listpack, error) {
	if len(b) < listpackHeaderBytes+1 || uint64(binary.LittleEndian.Uint32(b)) != uint64(len(b)) {
		return nil, corrupt("listpack: size does not match %d bytes", len(b))
	}
	return &listpack{b[listpackHeaderBytes:]}, nil
}

func (l *listpack) next(dst []byte) ([]byte, bool, error) {
	if len(l.rest) == 0 {
		return nil, false, corrupt("listpack has no end")
	}
	if l.rest[0] == packedEnd {
		if len(l.rest) > 1 {
			return nil, false, corrupt("listpack ends %d bytes early", len(l.rest)-1)
		}
		return nil, false, nil
	}
	h, err := listpackHead(l.rest)
	if err != nil {
		return nil, false, err
	}
	element, rest, err := h.element(l.rest, dst)
	if err != nil {
		return nil, false, err
	}
	back := backlenBytes(h.size + h.body)
	if len(rest) < back {
		return nil, false, corrupt("listpack: element without its size")
	}
	l.rest = rest[back:]
	return element, true, nil
}

// listpackHead reads the head that b, not empty, begins with.
func listpackHead(b []byte) (head, error) {
	first := b[0]
	switch {
	case first>>7 == 0:
		return head{size: 1, immediate: true, value: int64(first)}, nil
	case first>>6 == 0b10:
		return head{size: 1, body: int(first & 0x3f)}, nil
	case first>>5 == 0b110 && len(b) >= 2: // thirteen bits, signed
		n := int64(first&0x1f)<<8 | int64(b[1])
		if n >= 1<<12 {
			n -= 1 << 13
		}
		return head{size: 2, immediate: true, value: n}, nil
	case first>>4 == 0b1110 && len(b) >= 2:
		return head{size: 2, body: int(first&0x0f)<<8 | int(b[1])}, nil
	case first == 0xF0 && len(b) >= 5:
		return head{size: 5, body: int(binary.LittleEndian.Uint32(b[1:]))}, nil
	case first == 0xF1:
		return head{size: 1, body: 2, number: true}, nil
	case first == 0xF2:
		return head{size: 1, body: 3, number: true}, nil
	case first == 0xF3:
		return head{size: 1, body: 4, number: true}, nil
	case first == 0xF4:
		return head{size: 1, body: 8, number: true}, nil
	}
	return head{}, corrupt("listpack: element begins with byte %#x", first)
}

// backlenBytes returns how many bytes the size of an element of n bytes takes:
// seven bits each.
func backlenBytes(n int) int {
	switch {
	case n < 1<<7:
		return 1
	case n < 1<<14:
		return 2
	case n < 1<<21:
		return 3
	case n < 1<<28:
		return 4
	}
	return 5
}
