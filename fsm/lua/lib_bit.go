package lua

import (
	"fmt"
	"math"
	"math/bits"

	glua "github.com/yuin/gopher-lua"
)

// bitLibrary is the library of operations on 32-bit integers.
func (s *state) bitLibrary() []entry {
	return []entry{
		{"tobit", s.bitOne(func(a uint32) uint32 { return a })},
		{"bnot", s.bitOne(func(a uint32) uint32 { return ^a })},
		{"bswap", s.bitOne(bits.ReverseBytes32)},
		{"band", s.bitMany(func(a, b uint32) uint32 { return a & b })},
		{"bor", s.bitMany(func(a, b uint32) uint32 { return a | b })},
		{"bxor", s.bitMany(func(a, b uint32) uint32 { return a ^ b })},
		{"lshift", s.bitShift(func(a uint32, n int) uint32 { return a << n })},
		{"rshift", s.bitShift(func(a uint32, n int) uint32 { return a >> n })},
		{"arshift", s.bitShift(func(a uint32, n int) uint32 { return uint32(int32(a) >> n) })},
		{"rol", s.bitShift(bits.RotateLeft32)},
		{"ror", s.bitShift(func(a uint32, n int) uint32 { return bits.RotateLeft32(a, -n) })},
		{"tohex", s.bitToHex},
	}
}

// checkBits reads a number as 32 bits: it wraps around, and halves go to the
// even neighbour.
func (s *state) checkBits(L *glua.LState, i int) uint32 {
	const wrap = 1 << 32
	n := math.Mod(math.RoundToEven(s.checkNumber(L, i)), wrap)
	if math.IsNaN(n) {
		return 0
	}
	return uint32(int64(n))
}

func pushBits(L *glua.LState, n uint32) int { return push(L, glua.LNumber(int32(n))) }

func (s *state) bitOne(f func(uint32) uint32) glua.LGFunction {
	return func(L *glua.LState) int { return pushBits(L, f(s.checkBits(L, 1))) }
}

func (s *state) bitMany(f func(a, b uint32) uint32) glua.LGFunction {
	return func(L *glua.LState) int {
		n := s.checkBits(L, 1)
		for i := 2; i <= L.GetTop(); i++ {
			n = f(n, s.checkBits(L, i))
		}
		return pushBits(L, n)
	}
}

func (s *state) bitShift(f func(a uint32, n int) uint32) glua.LGFunction {
	return func(L *glua.LState) int {
		return pushBits(L, f(s.checkBits(L, 1), int(s.checkBits(L, 2)&31)))
	}
}

func (s *state) bitToHex(L *glua.LState) int {
	n, digits, format := s.checkBits(L, 1), int32(8), "%08x"
	if L.GetTop() >= 2 {
		digits = int32(s.checkBits(L, 2))
	}
	if digits < 0 {
		digits, format = -digits, "%08X"
	}
	digits = max(0, min(digits, 8))
	text := fmt.Sprintf(format, n)
	return push(L, glua.LString(text[8-digits:]))
}
