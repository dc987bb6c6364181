package keyspace

import (
	"slices"
	"unsafe"
)

const (
	embeddedMax = 44      // bytes up to which Redis keeps a string beside its object
	rawFlag     = 1 << 31 // in String.capacity: was edited in place, as Redis' "raw"
	stringSize  = 16      // bytes of a String without its data
)

// String is a byte string, at most 512 MiB long. It keeps pointer, length and capacity in 16 bytes,
// since there is one for nearly every key.
type String struct {
	data     *byte
	length   uint32
	capacity uint32 // and rawFlag
}

var (
	_ Value  = (*String)(nil)
	_ Sticky = (*String)(nil)
)

// NewString returns a string that owns b; the caller must not use b any more.
func NewString(b []byte) *String {
	s := &String{}
	s.Set(b)
	return s
}

// CopyString returns a string that holds a copy of b.
func CopyString(b []byte) *String {
	s := roomFor(len(b))
	s.Set(append(s.buffer(), b...))
	return s
}

// roomFor returns an empty string with room for n bytes, beside it if they are few: in the sizes that fill
// the runtime's size classes.
func roomFor(n int) *String {
	switch {
	case n > 112:
		return NewString(make([]byte, 0, n))
	case n > 80:
		return besideRoom[[112]byte]()
	case n > 64:
		return besideRoom[[80]byte]()
	case n > 48:
		return besideRoom[[64]byte]()
	case n > 32:
		return besideRoom[[48]byte]()
	case n > 16:
		return besideRoom[[32]byte]()
	case n > 8:
		return besideRoom[[16]byte]()
	}
	return besideRoom[[8]byte]()
}

// besideRoom returns an empty string with its room, an array of bytes, behind it: one object for the collector, and one
// place in memory to read.
func besideRoom[T any]() *String {
	s := &struct {
		String
		room T
	}{}
	s.Set(unsafe.Slice((*byte)(unsafe.Pointer(&s.room)), unsafe.Sizeof(s.room))[:0])
	return &s.String
}

// Bytes returns the content, valid until the next edit. It must not be written to.
func (s *String) Bytes() []byte { return unsafe.Slice(s.data, int(s.length)) }

// Len returns the number of bytes.
func (s *String) Len() int { return int(s.length) }

// Set replaces the content with b, which it owns from now on.
func (s *String) Set(b []byte) { s.adopt(b, 0) }

// Append adds a copy of b to the end, in amortized constant time a byte.
func (s *String) Append(b []byte) { s.adopt(append(s.buffer(), b...), rawFlag) }

// SetRange writes a copy of b at offset, filling a gap with zero bytes.
func (s *String) SetRange(offset int, b []byte) {
	buf := s.buffer()
	if end := offset + len(b); end > len(buf) {
		old := len(buf)
		buf = slices.Grow(buf, end-old)[:end]
		clear(buf[old:])
	}
	copy(buf[offset:], b)
	s.adopt(buf, rawFlag)
}

func (s *String) buffer() []byte {
	return unsafe.Slice(s.data, int(s.capacity&^rawFlag))[:s.length]
}

func (s *String) adopt(b []byte, flag uint32) {
	s.data, s.length, s.capacity = unsafe.SliceData(b), uint32(len(b)), uint32(cap(b))|flag
}

func (s *String) Kind() Kind { return KindString }

// Clone copies the bytes, since strings are edited in place.
func (s *String) Clone() Value {
	c := CopyString(s.Bytes())
	c.capacity |= s.capacity & rawFlag
	return c
}

func (s *String) Size() int64 { return stringSize + int64(s.length) }

func (s *String) Encoding() string {
	switch {
	case s.Sticky():
		return "raw"
	case isInt(s.Bytes()):
		return "int"
	case s.length <= embeddedMax:
		return "embstr"
	}
	return "raw"
}

// Sticky reports whether the string was edited in place since it was last set.
func (s *String) Sticky() bool { return s.capacity&rawFlag != 0 }

// SetSticky marks the string as edited in place.
func (s *String) SetSticky() { s.capacity |= rawFlag }
