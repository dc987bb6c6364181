package lua

import (
	"math"

	glua "github.com/yuin/gopher-lua"
)

func (s *state) mathLibrary() *glua.LTable {
	t := s.library([]entry{
		{"abs", s.mathOne(math.Abs)}, {"acos", s.mathOne(math.Acos)}, {"asin", s.mathOne(math.Asin)},
		{"atan", s.mathOne(math.Atan)}, {"atan2", s.mathTwo(math.Atan2)}, {"ceil", s.mathOne(math.Ceil)},
		{"cos", s.mathOne(math.Cos)}, {"cosh", s.mathOne(math.Cosh)}, {"deg", s.mathOne(degrees)},
		{"exp", s.mathOne(math.Exp)}, {"floor", s.mathOne(math.Floor)}, {"fmod", s.mathTwo(math.Mod)},
		{"frexp", s.mathFrexp}, {"ldexp", s.mathLdexp}, {"log", s.mathOne(math.Log)}, {"log10", s.mathOne(math.Log10)},
		{"max", s.mathMax}, {"min", s.mathMin}, {"mod", s.mathTwo(math.Mod)}, {"modf", s.mathModf},
		{"pow", s.mathTwo(math.Pow)}, {"rad", s.mathOne(radians)}, {"random", s.mathRandom}, {"randomseed", s.mathSeed},
		{"sin", s.mathOne(math.Sin)}, {"sinh", s.mathOne(math.Sinh)}, {"sqrt", s.mathOne(math.Sqrt)},
		{"tan", s.mathOne(math.Tan)}, {"tanh", s.mathOne(math.Tanh)},
	})
	t.RawSetString("pi", glua.LNumber(math.Pi))
	t.RawSetString("huge", glua.LNumber(math.Inf(1)))
	return t
}

func degrees(x float64) float64 { return x / (math.Pi / 180) }
func radians(x float64) float64 { return x * (math.Pi / 180) }

func (s *state) mathOne(f func(float64) float64) glua.LGFunction {
	return func(L *glua.LState) int { return push(L, glua.LNumber(f(s.checkNumber(L, 1)))) }
}

func (s *state) mathTwo(f func(a, b float64) float64) glua.LGFunction {
	return func(L *glua.LState) int {
		b := s.checkNumber(L, 2) // first, as C evaluates it
		return push(L, glua.LNumber(f(s.checkNumber(L, 1), b)))
	}
}

func (s *state) mathMax(L *glua.LState) int {
	return s.extreme(L, func(a, b float64) bool { return a > b })
}

func (s *state) mathMin(L *glua.LState) int {
	return s.extreme(L, func(a, b float64) bool { return a < b })
}

func (s *state) extreme(L *glua.LState, better func(a, b float64) bool) int {
	best := s.checkNumber(L, 1)
	for i := 2; i <= L.GetTop(); i++ {
		if n := s.checkNumber(L, i); better(n, best) {
			best = n
		}
	}
	return push(L, glua.LNumber(best))
}

func (s *state) mathFrexp(L *glua.LState) int {
	fraction, exp := math.Frexp(s.checkNumber(L, 1))
	return push(L, glua.LNumber(fraction), glua.LNumber(exp))
}

func (s *state) mathLdexp(L *glua.LState) int {
	return push(L, glua.LNumber(math.Ldexp(s.checkNumber(L, 1), s.checkInt(L, 2))))
}

func (s *state) mathModf(L *glua.LState) int {
	x := s.checkNumber(L, 1)
	if math.IsInf(x, 0) {
		return push(L, glua.LNumber(x), glua.LNumber(0))
	}
	whole, fraction := math.Modf(x)
	return push(L, glua.LNumber(whole), glua.LNumber(fraction))
}

func (s *state) mathSeed(L *glua.LState) int {
	s.run.random = newDrand(uint64(toInt64(s.checkNumber(L, 1))))
	return 0
}

// mathRandom gives the numbers that Redis gives after the same math.randomseed.
func (s *state) mathRandom(L *glua.LState) int {
	r := float64(s.run.random.next()%math.MaxInt32) / math.MaxInt32
	switch L.GetTop() {
	case 0:
		return push(L, glua.LNumber(r))
	case 1:
		high := s.checkInt(L, 1)
		if high < 1 {
			s.argError(L, 1, "interval is empty")
		}
		return push(L, glua.LNumber(math.Floor(r*float64(high))+1))
	case 2:
		low, high := s.checkInt(L, 1), s.checkInt(L, 2)
		if low > high {
			s.argError(L, 2, "interval is empty")
		}
		scaled := float64(r * float64(high-low+1))
		return push(L, glua.LNumber(math.Floor(scaled)+float64(low)))
	}
	s.fail(L, "wrong number of arguments")
	return 0
}

// drand is POSIX' linear congruential generator of 48 bits.
type drand struct{ state uint64 }

// newDrand returns a generator; 32 bits of the seed count.
func newDrand(seed uint64) drand {
	const low = 0x330e
	return drand{state: seed<<32>>16 | low}
}

// next returns 31 random bits.
func (r *drand) next() uint32 {
	const (
		factor = 0x5deece66d
		addend = 0xb
		mask   = 1<<48 - 1
	)
	r.state = (r.state*factor + addend) & mask
	return uint32(r.state >> 17)
}
