package keyspace

import (
	"encoding/binary"
	"strings"
	"unsafe"
)

// record is one key, in 24 bytes, since a page of them is copied for the first write after a freeze. A
// string stands in one block of memory with its key (see pack), any other value in a box.
type record struct {
	ref    unsafe.Pointer // *String of a block if the mark has packedBit, else *box
	expire int64          // ms since 1970, 0: never
	mark   uint64         // revision, tag of the key, packedBit and sharedBit
}

// box is a key and a value that may be edited in place. Records copied with their page share it: it never changes.
type box struct {
	key string
	val Value
}

// The tag in a mark tells most keys apart without a look at them, which would be somewhere else in memory.
const (
	sharedBit = 1 << 63 // the value may be shared with a Frozen
	tagShift  = 56
	tagMask   = 0x7f << tagShift
	packedBit = 1 << 55
	revMask   = packedBit - 1
)

// packedRecord returns the record of a string, with copies of key and value.
func packedRecord(key, value []byte, expire int64, rev uint64) record {
	return record{unsafe.Pointer(pack(key, value)), expire, tagOf(key) | packedBit | rev&revMask}
}

// boxedRecord returns the record of any value, with a copy of the key.
func boxedRecord(key []byte, v Value, expire int64, rev uint64) record {
	return record{unsafe.Pointer(&box{string(key), v}), expire, tagOf(key) | rev&revMask}
}

func (r *record) rev() uint64 { return r.mark & revMask }

// setRev gives the record a new revision.
func (r *record) setRev(rev uint64) { r.mark = r.mark&^revMask | rev }

func (r *record) packed() bool { return r.mark&packedBit != 0 }

func (r *record) key() string {
	if r.packed() {
		return (*String)(r.ref).packedKey()
	}
	return (*box)(r.ref).key
}

// ownKey returns the key as a string that keeps no value in memory.
func (r *record) ownKey() string {
	if r.packed() {
		return strings.Clone(r.key())
	}
	return r.key()
}

func (r *record) value() Value {
	if r.packed() {
		return (*String)(r.ref)
	}
	return (*box)(r.ref).val
}

// fixed reports whether the value must be replaced by a copy to be edited, whoever knows it.
func (r *record) fixed() bool {
	if r.packed() {
		return true
	}
	s, ok := (*box)(r.ref).val.(*String)
	return ok && s.packed()
}

// detach replaces the value by a copy that nobody else knows and that can be edited.
func (r *record) detach() {
	var v Value
	if old := r.value(); r.fixed() {
		v = CopyString(old.(*String).Bytes())
	} else {
		v = old.Clone()
	}
	r.ref = unsafe.Pointer(&box{r.ownKey(), v})
	r.mark &^= packedBit | sharedBit
}

// tagOf is the tag of a key, at its place in a mark: seven bits of a hash of its length and last bytes,
// in which the keys of a program differ most.
func tagOf(key []byte) uint64 {
	h := uint64(len(key))
	if len(key) >= 8 {
		h ^= binary.LittleEndian.Uint64(key[len(key)-8:])
	} else {
		for _, c := range key {
			h = h<<8 ^ uint64(c)
		}
	}
	return h * 0x9e3779b97f4a7c15 >> (tagShift + 1) << tagShift & tagMask
}
