package command

import "math/bits"

// Rand is a small deterministic generator: xoshiro256** (Blackman and Vigna),
// its state filled by splitmix64. The same seed gives the same numbers on every
// member and in every version: changing it needs a new entry version. Not for
// secrets. The zero value is not seeded; use [NewRand] or Seed.
type Rand struct {
	s [4]uint64
}

// NewRand returns a generator seeded with seed.
func NewRand(seed uint64) *Rand {
	r := new(Rand)
	r.Seed(seed)
	return r
}

// Seed starts the sequence that belongs to seed.
func (r *Rand) Seed(seed uint64) {
	for i := range r.s {
		seed += 0x9e3779b97f4a7c15
		z := seed
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		r.s[i] = z ^ z>>31
	}
}

// Uint64 returns the next 64 bits.
func (r *Rand) Uint64() uint64 {
	s := &r.s
	out := bits.RotateLeft64(s[1]*5, 7) * 9
	t := s[1] << 17
	s[2] ^= s[0]
	s[3] ^= s[1]
	s[1] ^= s[2]
	s[0] ^= s[3]
	s[2] ^= t
	s[3] = bits.RotateLeft64(s[3], 45)
	return out
}

// Intn returns a number in [0, n), all equally likely. It panics if n <= 0.
func (r *Rand) Intn(n int) int {
	if n <= 0 {
		panic("command: Intn of a non-positive number")
	}
	// The high word of a 64x64 bit product is uniform once the low words that
	// would make some results likelier are rejected (Lemire).
	bound := uint64(n)
	hi, lo := bits.Mul64(r.Uint64(), bound)
	if lo < bound {
		for reject := -bound % bound; lo < reject; {
			hi, lo = bits.Mul64(r.Uint64(), bound)
		}
	}
	return int(hi)
}

// Float64 returns a number in [0, 1) with 53 random bits.
func (r *Rand) Float64() float64 {
	return float64(r.Uint64()>>11) / (1 << 53)
}
