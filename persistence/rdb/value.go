package rdb

import (
	"encoding/binary"
	"fmt"
	"math"
)

// key reads a key and its value.
func (r *Reader) key(valueType byte) (err error) {
	r.shrink()
	kind, err := kindOf(valueType)
	if err != nil {
		return err
	}
	if r.name, err = r.string(r.name); err != nil {
		return err
	}
	k := Key{DB: r.db, Kind: kind, Name: r.name, ExpireMs: r.expireMs}
	r.expireMs, r.elements = 0, 0
	if err := r.value(k, valueType); err != nil {
		return err
	}
	if r.elements == 0 {
		return corrupt("empty %s", kind)
	}
	return told(r.h.EndKey())
}

// kindOf returns the data type that a value's type is an encoding of.
func kindOf(valueType byte) (Kind, error) {
	switch valueType {
	case typeString:
		return String, nil
	case typeList, typeListZiplist, typeQuicklist, typeQuicklist2:
		return List, nil
	case typeSet, typeSetIntset:
		return Set, nil
	case typeHash, typeHashZiplist, typeHashListpack:
		return Hash, nil
	case typeZSet, typeZSetText, typeZSetZiplist, typeZSetListpack:
		return ZSet, nil
	case typeModule, typeModule2:
		return 0, unsupported("module value")
	case typeStream, typeStream2:
		return 0, unsupported("stream")
	case typeZipmap:
		return 0, unsupported("zipmap, the hash encoding of Redis before 2.6")
	}
	return 0, corrupt("type %d", valueType)
}

// value reads the value of k.
func (r *Reader) value(k Key, valueType byte) error {
	switch valueType {
	case typeString:
		return r.stringValue(k)
	case typeList, typeSet, typeHash, typeZSet, typeZSetText:
		return r.plain(k, valueType)
	case typeQuicklist, typeQuicklist2:
		return r.quicklist(k, valueType == typeQuicklist2)
	}
	b, err := r.string(r.blob)
	if err != nil {
		return err
	}
	r.blob = b
	elements, size, err := unpack(valueType, b)
	if err != nil {
		return err
	}
	if k.Kind == Hash || k.Kind == ZSet {
		size /= 2
	}
	k.Len = int64(size)
	if err := told(r.h.BeginKey(k)); err != nil {
		return err
	}
	return r.walk(k.Kind, elements)
}

// unpack opens a packed collection and tells how many elements its header
// announces, 0 if it does not.
func unpack(valueType byte, b []byte) (p packed, size int, err error) {
	const unknown = math.MaxUint16
	switch valueType {
	case typeSetIntset:
		p, err = newIntset(b)
		if err == nil {
			size = int(binary.LittleEndian.Uint32(b[4:]))
		}
	case typeListZiplist, typeHashZiplist, typeZSetZiplist:
		p, err = newZiplist(b)
		if err == nil {
			size = int(binary.LittleEndian.Uint16(b[8:]))
		}
	case typeHashListpack, typeZSetListpack:
		p, err = newListpack(b)
		if err == nil {
			size = int(binary.LittleEndian.Uint16(b[4:]))
		}
	default:
		panic(fmt.Sprintf("rdb: type %d is not packed", valueType))
	}
	if size == unknown && valueType != typeSetIntset {
		size = 0
	}
	return p, size, err
}

func (r *Reader) stringValue(k Key) (err error) {
	if err := told(r.h.BeginKey(k)); err != nil {
		return err
	}
	if r.a, err = r.string(r.a); err != nil {
		return err
	}
	return r.tell(Element{A: r.a})
}

// plain reads a collection whose elements stand one after the other.
func (r *Reader) plain(k Key, valueType byte) (err error) {
	if k.Len, err = r.src.count(); err != nil {
		return err
	}
	if err := told(r.h.BeginKey(k)); err != nil {
		return err
	}
	for range k.Len {
		var e Element
		if r.a, err = r.string(r.a); err != nil {
			return err
		}
		e.A = r.a
		switch valueType {
		case typeHash:
			r.b, err = r.string(r.b)
			e.B = r.b
		case typeZSet:
			e.Score, err = r.score()
		case typeZSetText:
			e.Score, err = r.scoreText()
		}
		if err != nil {
			return err
		}
		if err := r.tell(e); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reader) score() (float64, error) {
	bits, err := r.src.uint64()
	if err != nil {
		return 0, err
	}
	f := math.Float64frombits(bits)
	if math.IsNaN(f) {
		return 0, corrupt("score is not a number")
	}
	return f, nil
}

// quicklist reads a list in nodes, each a ziplist; or, in the second form, a
// listpack or a single element.
func (r *Reader) quicklist(k Key, second bool) error {
	nodes, err := r.src.count()
	if err != nil {
		return err
	}
	if err := told(r.h.BeginKey(k)); err != nil {
		return err
	}
	for range nodes {
		if err := r.node(second); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reader) node(second bool) (err error) {
	container := int64(nodePacked)
	if second {
		if container, err = r.src.count(); err != nil {
			return err
		}
	}
	if r.blob, err = r.string(r.blob); err != nil {
		return err
	}
	switch {
	case !second:
		z, err := newZiplist(r.blob)
		if err != nil {
			return err
		}
		return r.walk(List, z)
	case container == nodePlain:
		return r.tell(Element{A: r.blob})
	case container == nodePacked:
		l, err := newListpack(r.blob)
		if err != nil {
			return err
		}
		return r.walk(List, l)
	}
	return corrupt("list node of type %d", container)
}

// walk tells the elements of a packed collection.
func (r *Reader) walk(kind Kind, p packed) error {
	for {
		e, ok, err := r.packedElement(kind, p)
		if err != nil || !ok {
			return err
		}
		if err := r.tell(e); err != nil {
			return err
		}
	}
}

// packedElement reads one element, of which a hash and a sorted set have two
// parts.
func (r *Reader) packedElement(kind Kind, p packed) (e Element, ok bool, err error) {
	e.A, ok, err = p.next(r.digits[0][:0])
	if err != nil || !ok || kind == List || kind == Set {
		return e, ok, err
	}
	second, ok, err := p.next(r.digits[1][:0])
	switch {
	case err != nil:
		return e, false, err
	case !ok:
		return e, false, corrupt("%s with half an element", kind)
	case kind == Hash:
		e.B = second
	default:
		e.Score, err = parseScore(second)
	}
	return e, true, err
}

func (r *Reader) tell(e Element) error {
	r.elements++
	return told(r.h.Element(e))
}

// maxKeptBytes is the largest buffer kept from one key to the next.
const maxKeptBytes = 1 << 20

// shrink gives back what a large key needed.
func (r *Reader) shrink() {
	for _, b := range []*[]byte{&r.name, &r.a, &r.b, &r.blob, &r.packed} {
		if cap(*b) > maxKeptBytes {
			*b = nil
		}
	}
}
