package lua

import (
	"encoding/binary"
	"math"

	glua "github.com/yuin/gopher-lua"
)

func (s *state) msgpackUnpack(L *glua.LState) int { return s.msgpackRead(L, 0, 0, false) }

func (s *state) msgpackUnpackOne(L *glua.LState) int {
	return s.msgpackRead(L, 1, s.optInt(L, 2, 0), true)
}

func (s *state) msgpackUnpackLimit(L *glua.LState) int {
	return s.msgpackRead(L, s.checkInt(L, 2), s.optInt(L, 3, 0), true)
}

// msgpackRead unpacks up to limit values, all if it is 0, from an offset on. With
// position the offset of the rest comes first, -1 if nothing is left.
func (s *state) msgpackRead(L *glua.LState, limit, offset int, position bool) int {
	data := s.checkString(L, 1)
	switch {
	case offset < 0 || limit < 0:
		s.fail(L, "Invalid request to unpack with offset of "+formatNumber(float64(offset))+" and limit of "+formatNumber(float64(len(data)))+".")
	case offset > len(data):
		s.fail(L, "Start offset "+formatNumber(float64(offset))+" greater than input length "+formatNumber(float64(len(data)))+".")
	}
	u := unpacker{s: s, L: L, in: data, pos: offset}
	var values []glua.LValue
	for u.pos < len(data) && (limit == 0 || len(values) < limit) {
		if len(values) >= maxUnpacked {
			s.fail(L, "too many results to unpack")
		}
		values = append(values, u.value(0))
	}
	if !position {
		return push(L, values...)
	}
	next := u.pos
	if next == len(data) {
		next = -1
	}
	return push(L, glua.LNumber(next)) + push(L, values...)
}

type unpacker struct {
	s   *state
	L   *glua.LState
	in  string
	pos int
}

// take returns the next n bytes.
func (u *unpacker) take(n int) string {
	if n > len(u.in)-u.pos {
		u.s.fail(u.L, "Missing bytes in input.")
	}
	text := u.in[u.pos : u.pos+n]
	u.pos += n
	return text
}

// uint reads a big-endian number of n bytes.
func (u *unpacker) uint(n int) uint64 {
	var buf [8]byte
	copy(buf[8-n:], u.take(n))
	return binary.BigEndian.Uint64(buf[:])
}

func (u *unpacker) int(n int) int64 {
	unused := 64 - 8*n
	return int64(u.uint(n)<<unused) >> unused
}

func (u *unpacker) value(depth int) glua.LValue {
	u.s.spend(u.L, 2)
	if depth > maxReplyDepth {
		u.s.fail(u.L, "Bad data format in input.")
	}
	c := u.take(1)[0]
	switch {
	case c < 0x80:
		return glua.LNumber(c)
	case c >= 0xe0:
		return glua.LNumber(int8(c))
	case c < 0x90:
		return u.mapping(int(c&15), depth)
	case c < 0xa0:
		return u.array(int(c&15), depth)
	case c < 0xc0:
		return u.text(int(c & 31))
	}
	return u.long(c, depth)
}

// long reads a value whose first byte says only what it is.
func (u *unpacker) long(c byte, depth int) glua.LValue {
	switch c {
	case 0xc0:
		return glua.LNil
	case 0xc2, 0xc3:
		return glua.LBool(c == 0xc3)
	case 0xca:
		return glua.LNumber(math.Float32frombits(uint32(u.uint(4))))
	case 0xcb:
		return glua.LNumber(math.Float64frombits(u.uint(8)))
	case 0xcc, 0xcd, 0xce, 0xcf:
		return glua.LNumber(u.uint(1 << (c - 0xcc)))
	case 0xd0, 0xd1, 0xd2, 0xd3:
		return glua.LNumber(u.int(1 << (c - 0xd0)))
	case 0xd9, 0xda, 0xdb:
		return u.text(int(u.uint(1 << (c - 0xd9))))
	case 0xc4, 0xc5, 0xc6:
		return u.text(int(u.uint(1 << (c - 0xc4))))
	case 0xdc, 0xdd:
		return u.array(int(u.uint(2<<(c-0xdc))), depth)
	case 0xde, 0xdf:
		return u.mapping(int(u.uint(2<<(c-0xde))), depth)
	}
	u.s.fail(u.L, "Bad data format in input.")
	return nil
}

func (u *unpacker) text(n int) glua.LValue { return u.s.newString(u.L, u.take(n)) }

func (u *unpacker) array(n, depth int) glua.LValue {
	t := u.s.newTable(u.L, min(n, len(u.in)-u.pos), 0)
	for i := 1; i <= n; i++ {
		u.s.setItem(u.L, t, i, u.value(depth+1))
	}
	return t
}

func (u *unpacker) mapping(n, depth int) glua.LValue {
	t := u.s.newTable(u.L, 0, min(n, len(u.in)-u.pos))
	for range n {
		k := u.value(depth + 1)
		v := u.value(depth + 1)
		u.s.rawSet(u.L, t, k, v)
	}
	return t
}
