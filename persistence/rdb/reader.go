package rdb

import (
	"errors"
	"io"
	"strconv"
)

// Handler is told what a file holds, in its order. Slices are valid until the
// method returns. An error ends Read, which returns it as it is.
type Handler interface {
	// Aux tells an auxiliary field.
	Aux(name, value []byte) error
	// ResizeDB tells how many keys a database has, and how many expire: hints.
	ResizeDB(db int, keys, expires int64) error
	// BeginKey tells a key. Its elements follow, then EndKey.
	BeginKey(k Key) error
	// Element tells one element of the key.
	Element(e Element) error
	// EndKey tells that the key is complete.
	EndKey() error
}

// Key is the head of a key.
type Key struct {
	DB       int
	Kind     Kind
	Name     []byte
	ExpireMs int64 // Unix time; 0: it does not expire
	Len      int64 // elements announced, 0 if the file does not say: a hint
}

// Element is a part of a key's value: a string's value, a list's element, a
// set's member, a hash's field and value, a sorted set's member and score.
type Element struct {
	A     []byte  // string: the value; hash: the field; else the element
	B     []byte  // hash: the value
	Score float64 // sorted set
}

// Reader reads a dump file.
type Reader struct {
	src *source
	h   Handler

	db       int
	expireMs int64 // of the next key
	elements int64 // of the key at hand

	name, a, b, blob, packed []byte // kept from key to key
	digits                   [2][20]byte
}

// NewReader returns a Reader of r, which it buffers: it may take more from r
// than the file.
func NewReader(r io.Reader) *Reader { return &Reader{src: newSource(r)} }

// Read reads the file to its end and tells h what it holds. What is wrong with
// the file is an *Error; then h has seen part of it, perhaps with damage.
func (r *Reader) Read(h Handler) error {
	r.h = h
	version, err := r.header()
	if err != nil {
		return r.located(err)
	}
	for {
		more, err := r.record()
		if err != nil {
			return r.located(err)
		}
		if !more {
			break
		}
	}
	if version < firstVersionWithChecksum {
		return nil
	}
	return r.located(r.footer())
}

// Offset returns how many bytes of the file were read.
func (r *Reader) Offset() int64 { return r.src.offset() }

const firstVersionWithChecksum = 5

// located adds the offset to errors about the file.
func (r *Reader) located(err error) error {
	var h *handlerError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &h):
		return h.err
	}
	return &Error{r.src.offset(), err}
}

// handlerError marks an error of the Handler on its way up.
type handlerError struct{ err error }

func (e *handlerError) Error() string { return e.err.Error() }

func told(err error) error {
	if err == nil {
		return nil
	}
	return &handlerError{err}
}

func (r *Reader) header() (version int, err error) {
	b, err := r.src.take(len(magic) + 4)
	if err != nil {
		return 0, err
	}
	if string(b[:len(magic)]) != magic {
		return 0, corrupt("no dump file: it begins with %q", b)
	}
	version, err = strconv.Atoi(string(b[len(magic):]))
	if err != nil || version < 1 {
		return 0, corrupt("version %q", b[len(magic):])
	}
	if version > Version {
		return 0, unsupported("version %d", version)
	}
	return version, nil
}

// footer compares the checksum. Zero means that the writer made none.
func (r *Reader) footer() error {
	want := r.src.checksum()
	got, err := r.src.uint64()
	if err != nil {
		return err
	}
	if got != 0 && got != want {
		return ErrChecksum
	}
	return nil
}

// record reads an opcode and what belongs to it; more is false at the end.
func (r *Reader) record() (more bool, err error) {
	op, err := r.src.byte()
	if err != nil {
		return false, err
	}
	switch op {
	case opEOF:
		return false, nil
	case opSelectDB:
		n, err := r.src.count()
		r.db = int(n)
		return true, err
	case opResizeDB:
		return true, r.resize()
	case opAux:
		return true, r.aux()
	case opExpireMs:
		ms, err := r.src.uint64()
		r.expireMs = int64(ms)
		return true, err
	case opExpireSecond:
		s, err := r.src.uint32()
		r.expireMs = int64(int32(s)) * 1000
		return true, err
	case opFreq:
		_, err := r.src.byte()
		return true, err
	case opIdle:
		_, err := r.src.count()
		return true, err
	case opFunction, opFunction2:
		return false, unsupported("function library")
	case opModuleAux:
		return false, unsupported("module data")
	}
	return true, r.key(op)
}

func (r *Reader) resize() error {
	keys, err := r.src.count()
	if err != nil {
		return err
	}
	expires, err := r.src.count()
	if err != nil {
		return err
	}
	return told(r.h.ResizeDB(r.db, keys, expires))
}

func (r *Reader) aux() (err error) {
	if r.name, err = r.string(r.name); err != nil {
		return err
	}
	if r.a, err = r.string(r.a); err != nil {
		return err
	}
	return told(r.h.Aux(r.name, r.a))
}
