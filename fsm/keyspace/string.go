package keyspace

import (
	"slices"
	"unsafe"
)

const (
	embeddedMax = 44      // bytes up to which Redis keeps a string beside its object
	repackMax   = 1 << 10 // bytes up to which a packed string is copied when it gets another key
	stringSize  = 16      // bytes of a String without its data
)

// Flags in String.room.
const (
	rawFlag    = 1 << 31 // was edited in place, as Redis' "raw"
	packedFlag = 1 << 30 // stands in one block with its key
	roomMask   = packedFlag - 1
)

// String is a byte string, at most 512 MiB long. A packed one never changes: it stands in a block without
// pointers, which the collector need not look into, with its key before its content.
//
//	block: | length | room | key | content |
//
// A block is no whole String: copying one by value would read bytes as a pointer.
type String struct {
	_      noCopy
	length uint32
	room   uint32 // flags, and the capacity, or the length of the key
	data   *byte  // not of a packed string
}

const headSize = unsafe.Offsetof(String{}.data) // bytes of a block before the key

// noCopy makes go vet report what copies its owner.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}

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
func CopyString(b []byte) *String { return NewString(slices.Clone(b)) }

// pack returns a packed string with copies of key and content.
func pack(key, content []byte) *String {
	const word = 8
	size := max(unsafe.Sizeof(String{}), headSize+uintptr(len(key)+len(content)))
	block := make([]uint64, (size+word-1)/word)
	s := (*String)(unsafe.Pointer(unsafe.SliceData(block)))
	s.length, s.room = uint32(len(content)), uint32(len(key))|packedFlag
	b := s.body()
	copy(b[copy(b, key):], content)
	return s
}

func (s *String) packed() bool { return s.room&packedFlag != 0 }

// body returns key and content of a packed string.
func (s *String) body() []byte {
	b := (*byte)(unsafe.Add(unsafe.Pointer(s), headSize))
	return unsafe.Slice(b, uintptr(s.room&roomMask)+uintptr(s.length))
}

// packedKey returns the key of a packed string. It keeps the block in memory.
func (s *String) packedKey() string { return lend(s.body()[:s.room&roomMask]) }

// Bytes returns the content, valid until the next edit. It must not be written to.
func (s *String) Bytes() []byte {
	if s.packed() {
		return s.body()[s.room&roomMask:]
	}
	return unsafe.Slice(s.data, int(s.length))
}

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
	s.mustBeEditable()
	return unsafe.Slice(s.data, int(s.room&roomMask))[:s.length]
}

func (s *String) adopt(b []byte, flag uint32) {
	s.mustBeEditable()
	s.data, s.length, s.room = unsafe.SliceData(b), uint32(len(b)), uint32(min(cap(b), roomMask))|flag
}

func (s *String) mustBeEditable() {
	if s.packed() {
		panic("keyspace: a string that is read was edited; see Slot.Edit")
	}
}

func (s *String) Kind() Kind { return KindString }

// Clone copies the bytes of a string that may be edited in place.
func (s *String) Clone() Value {
	if s.packed() {
		return s
	}
	c := CopyString(s.Bytes())
	c.room |= s.room & rawFlag
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
func (s *String) Sticky() bool { return s.room&rawFlag != 0 }

// SetSticky marks the string as edited in place.
func (s *String) SetSticky() {
	s.mustBeEditable()
	s.room |= rawFlag
}
