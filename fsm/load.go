package fsm

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/redoubtdb/redoubt/fsm/keyspace"
	"github.com/redoubtdb/redoubt/persistence/rdb"
	"github.com/redoubtdb/redoubt/slotmap"
)

// Load makes a machine of a snapshot. The machine cannot be told from the one that was frozen.
func Load(r io.Reader, o Options) (*Machine, error) {
	l := loader{m: New(o)}
	if err := l.read(r); err != nil {
		return nil, err
	}
	l.m.adopt(&l.state)
	return l.m, nil
}

// CheckSnapshot reads a snapshot without making a machine of it and reports what is wrong with it.
func CheckSnapshot(r io.Reader) error {
	var l loader
	return l.read(r)
}

// adopt takes over a loaded state; the keys are there already.
func (m *Machine) adopt(s *frozenState) {
	m.term = s.term
	m.db.SetRev(s.rev)
	for i := range s.gates {
		g := &s.gates[i]
		for slot := int(g.From); slot <= int(g.To); slot++ {
			m.gates[slot], m.epochs[slot] = g.Gate, g.Epoch
		}
	}
	m.status.now.Store(s.now)
	m.status.safe.Store(s.safe)
	m.status.hash, m.status.hashIndex = s.logHash, s.index
	m.publish(s.index)
}

// loader is told what a snapshot holds. Without a machine it only checks.
type loader struct {
	m      *Machine
	state  frozenState
	seen   map[string]bool // auxiliary fields
	digest digest
	want   uint64 // digest by the file

	slot                uint16
	marks               []uint64 // of the keys to come in the present run
	dec                 []uint64 // memory of marks
	keys, expires       int64    // so far
	allKeys, allExpires int64    // announced

	key    []byte
	kind   keyspace.Kind
	expire int64
	text   []byte         // of the present key, a string
	value  keyspace.Value // of another one, nil when only checking
	first  bool           // no element of the present key was seen
}

var _ rdb.Handler = (*loader)(nil)

// headFields must stand before the first key.
func headFields() []string {
	return []string{auxVersion, auxIndex, auxTerm, auxNow, auxRev, auxSafe, auxLogHash, auxGates}
}

func badSnapshot(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrBadSnapshot, fmt.Errorf(format, args...))
}

func (l *loader) read(r io.Reader) error {
	l.seen = map[string]bool{}
	if err := rdb.NewReader(r).Read(l); err != nil {
		if errors.Is(err, ErrBadSnapshot) || errors.Is(err, ErrVersion) {
			return err
		}
		return badSnapshot("%w", err)
	}
	got := l.state.seal(l.digest.sum)
	switch {
	case !l.headComplete():
		return badSnapshot("its head is incomplete")
	case !l.seen[auxDigest] || len(l.marks) > 0 || l.keys != l.allKeys || l.expires != l.allExpires:
		return badSnapshot("it ends after %d keys of %d, %d of %d with expiry", l.keys, l.allKeys, l.expires, l.allExpires)
	case got != l.want:
		return badSnapshot("the state's digest is %016x, not %016x", got, l.want)
	}
	return nil
}

func (l *loader) headComplete() bool {
	for _, name := range headFields() {
		if !l.seen[name] {
			return false
		}
	}
	return true
}

// Aux takes a field of the state; those of others are none of our business.
func (l *loader) Aux(name, value []byte) (err error) {
	s := &l.state
	switch string(name) {
	case auxVersion:
		var version uint64
		if err = number(value, &version); err == nil && version != snapshotVersion {
			return fmt.Errorf("%w %d of a snapshot", ErrVersion, version)
		}
	case auxIndex:
		err = number(value, &s.index)
	case auxTerm:
		err = number(value, &s.term)
	case auxNow:
		var now uint64
		err = number(value, &now)
		s.now = int64(now)
	case auxRev:
		err = number(value, &s.rev)
	case auxSafe:
		err = number(value, &s.safe)
	case auxLogHash:
		err = number(value, &s.logHash)
	case auxGates:
		s.gates, err = decodeGates(value)
	case auxDigest:
		err = number(value, &l.want)
	case auxRun:
		return l.run(value)
	default:
		return nil
	}
	if err != nil || l.seen[string(name)] {
		return badSnapshot("field %s is repeated or malformed: %v", name, err)
	}
	l.seen[string(name)] = true
	return nil
}

func number(b []byte, n *uint64) (err error) {
	*n, err = strconv.ParseUint(string(b), 10, 64)
	return err
}

// run takes the marks of the keys that follow.
func (l *loader) run(value []byte) error {
	d := decoder{rest: value}
	slot, n := d.number(), d.count()
	if len(l.marks) > 0 || slot >= slotmap.SlotCount || n == 0 || n > runKeys || !l.headComplete() {
		return badSnapshot("a run of %d keys of slot %d is misplaced", n, slot)
	}
	l.slot = uint16(slot)
	l.dec = l.dec[:0]
	for range n {
		l.dec = append(l.dec, d.number())
	}
	l.marks = l.dec
	return d.end()
}

// ResizeDB takes the numbers of keys.
func (l *loader) ResizeDB(_ int, keys, expires int64) error {
	l.allKeys, l.allExpires = keys, expires
	if !l.headComplete() {
		return badSnapshot("its head is incomplete")
	}
	l.digest.state(&l.state)
	return nil
}

// BeginKey begins a key.
func (l *loader) BeginKey(k rdb.Key) error {
	if len(l.marks) == 0 || k.DB != 0 || slotmap.KeySlot(k.Name) != l.slot {
		return badSnapshot("key %q is misplaced", k.Name)
	}
	l.key, l.expire, l.first = append(l.key[:0], k.Name...), k.ExpireMs, true
	mark := l.marks[0]
	l.kind = kindOf(k.Kind)
	if l.kind == 0 {
		return badSnapshot("key %q has a type that cannot be loaded", k.Name)
	}
	l.digest.key(l.key, l.kind, mark&1 != 0, l.expire, mark>>1)
	l.value = nil
	if l.m != nil && l.kind != keyspace.KindString {
		l.value = newValue(l.kind)
	}
	return nil
}

// Element takes an element of the present key.
func (l *loader) Element(e rdb.Element) error {
	l.digest.element(e.A, e.B)
	fresh := true
	if l.kind == keyspace.KindString {
		l.text = append(l.text[:0], e.A...)
		fresh = l.first
	}
	switch v := l.value.(type) {
	case *keyspace.List:
		v.PushBack(e.A)
	case *keyspace.Set:
		fresh = v.Add(e.A)
	case *keyspace.Hash:
		fresh = v.Set(e.A, e.B)
	}
	l.first = false
	if !fresh {
		return badSnapshot("key %q has an element twice", l.key)
	}
	return nil
}

// EndKey ends a key.
func (l *loader) EndKey() error {
	l.digest.end()
	mark := l.marks[0]
	l.marks = l.marks[1:]
	l.keys++
	if l.expire != 0 {
		l.expires++
	}
	if l.m == nil {
		return nil
	}
	if !l.restore(mark>>1, mark&1 != 0) {
		return badSnapshot("key %q stands twice", l.key)
	}
	return nil
}

// restore puts the present key into its slot unless it is there.
func (l *loader) restore(rev uint64, sticky bool) bool {
	slot := l.m.db.Slot(l.slot)
	if l.kind == keyspace.KindString && !sticky {
		return slot.RestoreString(l.key, l.text, l.expire, rev)
	}
	if l.kind == keyspace.KindString {
		l.value = keyspace.CopyString(l.text)
	}
	if s, ok := l.value.(keyspace.Sticky); ok && sticky {
		s.SetSticky()
	}
	return slot.Restore(l.key, l.value, l.expire, rev)
}

// kindOf translates the type of a key in a file, 0 if machines have no such values.
func kindOf(k rdb.Kind) keyspace.Kind {
	switch k {
	case rdb.String:
		return keyspace.KindString
	case rdb.List:
		return keyspace.KindList
	case rdb.Set:
		return keyspace.KindSet
	case rdb.Hash:
		return keyspace.KindHash
	}
	return 0
}

func newValue(k keyspace.Kind) keyspace.Value {
	switch k {
	case keyspace.KindList:
		return keyspace.NewList()
	case keyspace.KindSet:
		return keyspace.NewSet()
	case keyspace.KindHash:
		return keyspace.NewHash()
	}
	panic(fmt.Sprintf("fsm: no value of kind %d", k))
}
