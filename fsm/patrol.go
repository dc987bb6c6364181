package fsm

import (
	"math/bits"

	"github.com/redoubtdb/redoubt/fsm/keyspace"
	"github.com/redoubtdb/redoubt/slotmap"
)

// A patrol compares the members of a group while they work. At the first entry of each round of the
// group's time every member takes a Sample: the hash of its log, and a digest of a small part of its
// state, which that entry chooses. The parts are chosen by chance, the same on all members, so that
// after some rounds each bit of the state has been looked at: some hundred keys a round, that is
// a million keys in some minutes. A round takes some tenths of a millisecond, ten times a second at most.
const (
	// PatrolVersion says how samples are made. Samples of different versions tell nothing.
	PatrolVersion = 1

	patrolRound    = 100       // ms
	patrolSlots    = 4096      // looked at in a round, at most
	patrolKeys     = 512       // likewise
	patrolElements = 4096      // likewise, but for a few of each value
	patrolBytes    = 128 << 10 // likewise

	patrolFewElements = 16 // of each value, at least
	patrolFewBytes    = 64 // of each element, at least
	patrolShare       = 4  // a value or element takes this part of what is left of the round
)

// PatrolRound is the round that a time (ms) lies in.
func PatrolRound(now int64) int64 { return now / patrolRound }

// Sample is what members compare. Members that have applied the same entries have the same.
type Sample struct {
	Index uint64 // the last entry applied
	Log   uint64 // hash of all entries up to it
	State uint64 // digest of the part of the state that is chosen by it
}

// Sample takes a sample of the present state. It waits for the entry that is being applied.
func (m *Machine) Sample() Sample {
	m.applying.RLock()
	defer m.applying.RUnlock()
	p := patrol{chance: mix(uint64(m.Now()) ^ mix(m.Applied())), keys: patrolKeys, elements: patrolElements, bytes: patrolBytes}
	s := Sample{Index: m.Applied()}
	_, s.Log = m.LogHash()
	for _, n := range [...]uint64{s.Index, uint64(m.Now()), m.SafeIndex(), m.db.Rev(), uint64(m.db.Len()), uint64(m.db.Expires())} {
		p.number(n)
	}
	first := p.pick(slotmap.SlotCount)
	for i := range patrolSlots {
		slot := (first + i) % slotmap.SlotCount
		p.number(m.epochs[slot]<<8 | uint64(m.gates[slot]))
		if p.slot(m.db.Slot(uint16(slot))); p.keys <= 0 {
			break
		}
	}
	s.State = p.sum
	return s
}

// patrol is one walk: a digest, and what may still be looked at.
type patrol struct {
	digest
	chance                uint64
	keys, elements, bytes int
}

// pick returns a number below n.
func (p *patrol) pick(n int) int {
	p.chance = mix(p.chance + hashMulA)
	hi, _ := bits.Mul64(p.chance, uint64(n))
	return int(hi)
}

// window picks one of the parts of k into which n can be cut.
func (p *patrol) window(n, k int) (from, to int) {
	if n <= k {
		return 0, n
	}
	from = p.pick((n+k-1)/k) * k
	return from, min(from+k, n)
}

// slot looks at keys of a slot.
func (p *patrol) slot(s *keyspace.Slot) {
	from, to := p.window(s.Len(), p.keys)
	p.keys -= to - from
	for i := from; i < to; i++ {
		key, v, expire, rev := s.At(i)
		p.number(rev)
		p.number(uint64(expire))
		p.piece(key)
		p.value(v)
	}
}

// value looks at elements of a value.
func (p *patrol) value(v keyspace.Value) {
	n := elementsOf(v)
	p.number(uint64(v.Kind())<<56 | uint64(n))
	from, to := p.window(n, patrolFewElements+p.elements/patrolShare)
	p.elements = max(p.elements-(to-from), 0)
	switch v := v.(type) {
	case *keyspace.String:
		p.piece(v.Bytes())
	case *keyspace.List:
		v.Range(from, to-1, func(_ int, e []byte) bool { p.piece(e); return true })
	case *keyspace.Set:
		for i := from; i < to; i++ {
			p.piece(v.At(i))
		}
	case *keyspace.Hash:
		for i := from; i < to; i++ {
			field, value := v.At(i)
			p.piece(field)
			p.piece(value)
		}
	}
}

func elementsOf(v keyspace.Value) int {
	switch v := v.(type) {
	case *keyspace.List:
		return v.Len()
	case *keyspace.Set:
		return v.Len()
	case *keyspace.Hash:
		return v.Len()
	}
	return 1
}

// piece looks at a part of b.
func (p *patrol) piece(b []byte) {
	from, to := p.window(len(b), patrolFewBytes+p.bytes/patrolShare)
	p.bytes = max(p.bytes-(to-from), 0)
	p.sum = hash64(p.sum^uint64(len(b)), b[from:to])
}
