package fsm

import (
	"fmt"

	"github.com/redoubtdb/redoubt/fsm/keyspace"
)

// Digest returns a hash of the whole state: time, gates, keys with their order, expiries, revisions and
// elements. Members that applied the same entries have the same digest at the same index.
func (f *Frozen) Digest() uint64 {
	var d digest
	d.state(&f.state)
	_ = f.slots(func(slot uint16, _ int) error {
		f.keys.Each(slot, func(key []byte, v keyspace.Value, expire int64, rev uint64) bool {
			d.whole(key, v, expire, rev)
			return true
		})
		return nil
	})
	return d.sum
}

// digest is a running hash; it depends on the order of what goes in.
type digest struct {
	sum      uint64
	elements uint64 // of the present key
}

func (d *digest) number(n uint64) { d.sum = mix(fold(d.sum^n, hashMulA)) }

// state adds everything but the keys. The log's hash is left out: it is compared on its own.
func (d *digest) state(s *frozenState) {
	d.number(s.index)
	d.number(uint64(s.now))
	d.number(s.rev)
	d.number(s.safe)
	for i := range s.gates {
		g := &s.gates[i]
		d.number(uint64(g.From)<<32 | uint64(g.To)<<8 | uint64(g.Gate))
		d.number(g.Epoch)
	}
}

// key begins a key; its elements follow, then end.
func (d *digest) key(key []byte, kind keyspace.Kind, sticky bool, expire int64, rev uint64) {
	d.sum = hash64(d.sum, key)
	head := uint64(kind) << 1
	if sticky {
		head |= 1
	}
	d.number(head)
	d.number(uint64(expire))
	d.number(rev)
	d.elements = 0
}

// whole adds a key with its value.
func (d *digest) whole(key []byte, v keyspace.Value, expire int64, rev uint64) {
	d.key(key, v.Kind(), isSticky(v), expire, rev)
	each(v, d.element)
	d.end()
}

// element adds an element; b is empty except for the value of a hash's field.
func (d *digest) element(a, b []byte) {
	d.sum = hash64(hash64(d.sum, a), b)
	d.elements++
}

func (d *digest) end() { d.number(d.elements) }

// each calls fn for every element of a value, in order; b is the value of a hash's field, else empty.
func each(v keyspace.Value, fn func(a, b []byte)) {
	switch v := v.(type) {
	case *keyspace.String:
		fn(v.Bytes(), nil)
	case *keyspace.List:
		v.Range(0, v.Len()-1, func(_ int, e []byte) bool { fn(e, nil); return true })
	case *keyspace.Set:
		v.Each(func(m []byte) bool { fn(m, nil); return true })
	case *keyspace.Hash:
		v.Each(func(field, value []byte) bool { fn(field, value); return true })
	default:
		panic(fmt.Sprintf("fsm: a %s cannot be saved", v.Kind()))
	}
}

func isSticky(v keyspace.Value) bool {
	s, ok := v.(keyspace.Sticky)
	return ok && s.Sticky()
}
