package rdb

import (
	"encoding/binary"
	"fmt"
	"hash/crc64"
	"io"
	"math"
)

// Writer writes a dump file: Header, any number of Aux, SelectDB, ResizeDB,
// then the keys, then Footer. A collection is begun with its number of elements,
// which must follow at once.
//
// The first error of the underlying writer sticks: what is called after it does
// nothing, and Footer returns it. Calls in a wrong order are bugs, and panic.
type Writer struct {
	w     io.Writer
	buf   []byte
	table *crc64.Table
	crc   uint64
	n     int64 // bytes handed to w
	left  int64 // elements that must still follow
	err   error
}

const writeBufferBytes = 64 << 10

// NewWriter returns a Writer to w, which it buffers.
func NewWriter(w io.Writer) *Writer {
	return &Writer{w: w, buf: make([]byte, 0, writeBufferBytes), table: newCRC()}
}

// Header begins the file.
func (w *Writer) Header(version int) {
	w.bytes(fmt.Appendf(nil, "%s%04d", magic, version))
}

// Aux writes an auxiliary field.
func (w *Writer) Aux(name string, value []byte) {
	w.op(opAux)
	w.string([]byte(name))
	w.string(value)
}

// SelectDB says which database the next keys are in.
func (w *Writer) SelectDB(n int) {
	w.op(opSelectDB)
	w.length(uint64(n))
}

// ResizeDB tells how many keys there are, and how many of them expire.
func (w *Writer) ResizeDB(keys, expires int) {
	w.op(opResizeDB)
	w.length(uint64(keys))
	w.length(uint64(expires))
}

// Expire gives the next key a time to expire, in Unix milliseconds.
func (w *Writer) Expire(ms int64) {
	w.op(opExpireMs)
	w.fixed(uint64(ms))
}

// String writes a string key.
func (w *Writer) String(key, value []byte) {
	w.op(typeString)
	w.string(key)
	w.string(value)
}

// BeginList begins a list key of n elements; n calls of Element follow, head
// first.
func (w *Writer) BeginList(key []byte, n int) { w.begin(typeList, key, n) }

// BeginSet begins a set key of n members; n calls of Element follow.
func (w *Writer) BeginSet(key []byte, n int) { w.begin(typeSet, key, n) }

// BeginHash begins a hash key of n fields; n calls of Pair follow.
func (w *Writer) BeginHash(key []byte, n int) { w.begin(typeHash, key, n) }

// BeginZSet begins a sorted set key of n members; n calls of Scored follow.
func (w *Writer) BeginZSet(key []byte, n int) { w.begin(typeZSet, key, n) }

// Element writes a list's element or a set's member.
func (w *Writer) Element(b []byte) {
	w.element()
	w.string(b)
}

// Pair writes a hash's field and its value.
func (w *Writer) Pair(field, value []byte) {
	w.element()
	w.string(field)
	w.string(value)
}

// Scored writes a sorted set's member and its score.
func (w *Writer) Scored(member []byte, score float64) {
	w.element()
	w.string(member)
	w.fixed(math.Float64bits(score))
}

// Footer ends the file and returns the first error of all.
func (w *Writer) Footer() error {
	w.op(opEOF)
	w.flush()
	w.fixed(w.crc)
	w.flush()
	return w.err
}

// Err returns the first error so far. One who writes a large file may ask now
// and then, to stop early.
func (w *Writer) Err() error { return w.err }

// Written returns how many bytes the underlying writer was given.
func (w *Writer) Written() int64 { return w.n }

// begin writes the head of a collection. An empty one must not be written: Redis
// has no empty collections.
func (w *Writer) begin(kind byte, key []byte, n int) {
	if n <= 0 {
		panic(fmt.Sprintf("rdb: collection of %d elements", n))
	}
	w.op(kind)
	w.string(key)
	w.length(uint64(n))
	w.left = int64(n)
}

func (w *Writer) element() {
	if w.left == 0 {
		panic("rdb: more elements than the collection was begun with")
	}
	w.left--
}

// op writes an opcode or a type.
func (w *Writer) op(b byte) {
	if w.left != 0 {
		panic(fmt.Sprintf("rdb: collection ends %d elements early", w.left))
	}
	w.room(1)
	w.buf = append(w.buf, b)
}

func (w *Writer) length(n uint64) {
	w.room(9)
	w.buf = appendLength(w.buf, n)
}

func appendLength(b []byte, n uint64) []byte {
	switch {
	case n < 1<<6:
		return append(b, byte(n))
	case n < 1<<14:
		return append(b, 1<<6|byte(n>>8), byte(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(b, length32), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, length64), n)
}

func (w *Writer) fixed(n uint64) {
	w.room(8)
	w.buf = binary.LittleEndian.AppendUint64(w.buf, n)
}

func (w *Writer) string(b []byte) {
	w.length(uint64(len(b)))
	w.bytes(b)
}

func (w *Writer) bytes(b []byte) {
	for len(b) > 0 {
		w.room(1)
		n := copy(w.buf[len(w.buf):cap(w.buf)], b)
		w.buf = w.buf[:len(w.buf)+n]
		b = b[n:]
	}
}

// room makes sure that n bytes fit into the buffer.
func (w *Writer) room(n int) {
	if cap(w.buf)-len(w.buf) < n {
		w.flush()
	}
}

func (w *Writer) flush() {
	if w.err == nil && len(w.buf) > 0 {
		var n int
		n, w.err = w.w.Write(w.buf)
		w.n += int64(n)
		w.crc = updateCRC(w.crc, w.table, w.buf)
	}
	w.buf = w.buf[:0]
}
