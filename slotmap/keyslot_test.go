package slotmap_test

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/redoubtdb/redoubt/slotmap"
)

// The expected slots are those of redis-server 7.0.15, CLUSTER KEYSLOT.
func TestKeySlot(t *testing.T) {
	for key, want := range map[string]uint16{
		"":                       0,
		"123456789":              12739, // 0x31c3, the check value of CRC16/XMODEM
		"a":                      15495,
		"b":                      3300,
		"c":                      7365,
		"hash_tag":               2515,
		"a{hash_tag}":            2515,
		"{hash_tag}":             2515,
		"x{hash_tag}y{other}":    2515,
		"{user1000}.following":   3443,
		"foo{}{bar}":             8363, // an empty first tag: the whole key
		"{}a{b}":                 16175,
		"{}":                     15257,
		"foo{{bar}}zap":          4015, // the tag is "{bar"
		"{bar":                   4015, // not closed: the whole key
		"foo{bar}{zap}":          5061,
		"bar}":                   6624,
		"}{":                     12793,
		"a{b":                    13340,
		"{{}}":                   4092, // the tag is "{"
		"}a{b}":                  3300,
		"\x00":                   0,
		"\xff\xfe{\x00\xff}\x80": 7920,
	} {
		if got := slotmap.KeySlot([]byte(key)); got != want {
			t.Errorf("KeySlot(%q) = %d, want %d", key, got, want)
		}
	}
}

func TestKeySlotAllocatesNothing(t *testing.T) {
	key := []byte("some{long enough key}with a tag")
	if n := testing.AllocsPerRun(100, func() { slotmap.KeySlot(key) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// reference computes the slot bit by bit, and finds the tag with package bytes.
func reference(key []byte) uint16 {
	if open := bytes.IndexByte(key, '{'); open >= 0 {
		if length := bytes.IndexByte(key[open+1:], '}'); length > 0 {
			key = key[open+1 : open+1+length]
		}
	}
	var crc uint32
	for _, b := range key {
		crc ^= uint32(b) << 8
		for range 8 {
			if crc <<= 1; crc&0x10000 != 0 {
				crc ^= 0x11021
			}
		}
	}
	return uint16(crc % slotmap.SlotCount)
}

func TestKeySlotAgreesWithReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := []byte(rapid.StringOf(rapid.SampledFrom([]rune("{}ab\x00é"))).Draw(t, "key"))
		if got, want := slotmap.KeySlot(key), reference(key); got != want {
			t.Fatalf("KeySlot(%q) = %d, want %d", key, got, want)
		}
	})
}

func BenchmarkKeySlot(b *testing.B) {
	key := []byte("user:1000:profile")
	for b.Loop() {
		slotmap.KeySlot(key)
	}
}
