package fsm

import (
	"encoding/binary"
	"math/bits"
)

// Constants of hash64: odd numbers with irregular bits. They are part of snapshots; see formatVersion.
const (
	hashMulA = 0x9fb21c651e98df25
	hashMulB = 0xd6e8feb86659fd93
)

// hash64 returns a 64-bit hash of b that depends on seed, eight bytes at a time. It finds accidents, not
// attacks.
func hash64(seed uint64, b []byte) uint64 {
	h := seed ^ uint64(len(b))*hashMulA
	for len(b) >= 8 {
		h = fold(h^binary.LittleEndian.Uint64(b), hashMulA)
		b = b[8:]
	}
	var tail uint64
	for i, c := range b {
		tail |= uint64(c) << (8 * i)
	}
	return mix(fold(h^tail, hashMulB))
}

// fold multiplies to 128 bits and joins the halves.
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a|1<<63, b)
	return hi ^ lo ^ bits.RotateLeft64(a, 23)
}

// mix spreads every bit of x over all bits.
func mix(x uint64) uint64 {
	x ^= x >> 32
	x *= hashMulB
	x ^= x >> 29
	x *= hashMulA
	return x ^ x>>32
}
