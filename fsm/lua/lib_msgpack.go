package lua

import (
	"encoding/binary"
	"math"

	glua "github.com/yuin/gopher-lua"
)

// maxMsgpackDepth is where nested tables become nil.
const maxMsgpackDepth = 16

// msgpackLibrary is cmsgpack.
func (s *state) msgpackLibrary() *glua.LTable {
	t := s.library([]entry{
		{"pack", s.msgpackPack}, {"unpack", s.msgpackUnpack},
		{"unpack_one", s.msgpackUnpackOne}, {"unpack_limit", s.msgpackUnpackLimit},
	})
	t.RawSetString("_NAME", glua.LString("cmsgpack"))
	t.RawSetString("_VERSION", glua.LString("lua-cmsgpack 0.4.0"))
	return t
}

func (s *state) msgpackPack(L *glua.LState) int {
	n := L.GetTop()
	if n == 0 {
		s.argError(L, 0, "MessagePack pack needs input.")
	}
	p := packer{s: s, L: L}
	for i := 1; i <= n; i++ {
		p.value(L.Get(i), 0)
	}
	return push(L, s.newString(L, string(p.out)))
}

type packer struct {
	s   *state
	L   *glua.LState
	out []byte
}

func (p *packer) value(v glua.LValue, depth int) {
	p.s.spend(p.L, 2)
	p.s.room(p.L, len(p.out))
	switch v := v.(type) {
	case glua.LBool:
		p.out = append(p.out, 0xc2)
		if v {
			p.out[len(p.out)-1] = 0xc3
		}
	case glua.LNumber:
		p.number(float64(v))
	case glua.LString:
		p.text(string(v))
	case *glua.LTable:
		if depth < maxMsgpackDepth {
			p.table(p.s.real(v), depth)
			return
		}
		p.out = append(p.out, 0xc0)
	default:
		p.out = append(p.out, 0xc0)
	}
}

func (p *packer) number(f float64) {
	f = canonical(f)
	if f == math.Trunc(f) && f >= math.MinInt64 && f < math.MaxInt64 {
		p.integer(int64(f))
		return
	}
	if single := float32(f); float64(single) == f {
		p.out = binary.BigEndian.AppendUint32(append(p.out, 0xca), math.Float32bits(single))
		return
	}
	p.out = binary.BigEndian.AppendUint64(append(p.out, 0xcb), math.Float64bits(f))
}

func (p *packer) integer(n int64) {
	if n >= 0 {
		p.unsigned(uint64(n))
		return
	}
	switch {
	case n >= -32:
		p.out = append(p.out, byte(n))
	case n >= math.MinInt8:
		p.out = append(p.out, 0xd0, byte(n))
	case n >= math.MinInt16:
		p.out = binary.BigEndian.AppendUint16(append(p.out, 0xd1), uint16(n))
	case n >= math.MinInt32:
		p.out = binary.BigEndian.AppendUint32(append(p.out, 0xd2), uint32(n))
	default:
		p.out = binary.BigEndian.AppendUint64(append(p.out, 0xd3), uint64(n))
	}
}

func (p *packer) unsigned(n uint64) {
	switch {
	case n <= 127:
		p.out = append(p.out, byte(n))
	case n <= math.MaxUint8:
		p.out = append(p.out, 0xcc, byte(n))
	case n <= math.MaxUint16:
		p.out = binary.BigEndian.AppendUint16(append(p.out, 0xcd), uint16(n))
	case n <= math.MaxUint32:
		p.out = binary.BigEndian.AppendUint32(append(p.out, 0xce), uint32(n))
	default:
		p.out = binary.BigEndian.AppendUint64(append(p.out, 0xcf), n)
	}
}

// sized writes the head of something that has a length: fixed is the byte of the
// short form, which holds lengths up to limit; codes those of 8, 16 and 32 bits,
// 0 where there is none.
func (p *packer) sized(n int, fixed byte, limit int, codes [3]byte) {
	switch {
	case n <= limit:
		p.out = append(p.out, fixed|byte(n))
	case n <= math.MaxUint8 && codes[0] != 0:
		p.out = append(p.out, codes[0], byte(n))
	case n <= math.MaxUint16:
		p.out = binary.BigEndian.AppendUint16(append(p.out, codes[1]), uint16(n))
	default:
		p.out = binary.BigEndian.AppendUint32(append(p.out, codes[2]), uint32(n))
	}
}

func (p *packer) text(text string) {
	p.s.room(p.L, len(p.out)+len(text))
	p.s.work(p.L, len(text))
	p.sized(len(text), 0xa0, 31, [3]byte{0xd9, 0xda, 0xdb})
	p.out = append(p.out, text...)
}

// table writes an array if the keys are 1..n, else a map.
func (p *packer) table(t *glua.LTable, depth int) {
	n, array := 0, true
	highest := 0
	for k, _ := t.Next(glua.LNil); k != glua.LNil; k, _ = t.Next(k) {
		p.s.spend(p.L, 1)
		i, ok := arrayIndex(k)
		array = array && ok
		n, highest = n+1, max(highest, i)
	}
	if array && highest == n {
		p.sized(n, 0x90, 15, [3]byte{0, 0xdc, 0xdd})
		for i := 1; i <= n; i++ {
			p.value(t.RawGetInt(i), depth+1)
		}
		return
	}
	p.sized(n, 0x80, 15, [3]byte{0, 0xde, 0xdf})
	for k, v := t.Next(glua.LNil); k != glua.LNil; k, v = t.Next(k) {
		p.value(k, depth+1)
		p.value(v, depth+1)
	}
}
