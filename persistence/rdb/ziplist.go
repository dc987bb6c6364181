package rdb

import "encoding/binary"

// ziplist is the packed collection of Redis before 7:
//
//	total:4 tail:4 count:2 (previous head body)... 0xFF
//
// where previous is the size of the entry before: one byte, or 0xFE and four.
type ziplist struct {
	rest []byte
}

const ziplistHeaderBytes = 10

func newZiplist(b []byte) (*ziplist, error) {
	if len(b) < ziplistHeaderBytes+1 || uint64(binary.LittleEndian.Uint32(b)) != uint64(len(b)) {
		return nil, corrupt("ziplist: size does not match %d bytes", len(b))
	}
	return &ziplist{b[ziplistHeaderBytes:]}, nil
}

func (z *ziplist) next(dst []byte) ([]byte, bool, error) {
	if len(z.rest) == 0 {
		return nil, false, corrupt("ziplist has no end")
	}
	previous := 1
	switch z.rest[0] {
	case packedEnd:
		if len(z.rest) > 1 {
			return nil, false, corrupt("ziplist ends %d bytes early", len(z.rest)-1)
		}
		return nil, false, nil
	case 0xFE:
		previous = 5
	}
	if len(z.rest) <= previous {
		return nil, false, corrupt("ziplist: entry cut off")
	}
	b := z.rest[previous:]
	h, err := ziplistHead(b)
	if err != nil {
		return nil, false, err
	}
	element, rest, err := h.element(b, dst)
	if err != nil {
		return nil, false, err
	}
	z.rest = rest
	return element, true, nil
}

// ziplistHead reads the head that b, not empty, begins with.
func ziplistHead(b []byte) (head, error) {
	first := b[0]
	switch {
	case first>>6 == 0b00:
		return head{size: 1, body: int(first & 0x3f)}, nil
	case first>>6 == 0b01 && len(b) >= 2:
		return head{size: 2, body: int(first&0x3f)<<8 | int(b[1])}, nil
	case first == 0x80 && len(b) >= 5:
		return head{size: 5, body: int(binary.BigEndian.Uint32(b[1:]))}, nil
	case first == 0xC0:
		return head{size: 1, body: 2, number: true}, nil
	case first == 0xD0:
		return head{size: 1, body: 4, number: true}, nil
	case first == 0xE0:
		return head{size: 1, body: 8, number: true}, nil
	case first == 0xF0:
		return head{size: 1, body: 3, number: true}, nil
	case first == 0xFE:
		return head{size: 1, body: 1, number: true}, nil
	case 0xF1 <= first && first <= 0xFD: // 0 to 12
		return head{size: 1, immediate: true, value: int64(first) - 0xF1}, nil
	}
	return head{}, corrupt("ziplist: entry begins with byte %#x", first)
}
