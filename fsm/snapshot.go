package fsm

import (
	"encoding/binary"
	"fmt"
	"io"
	"strconv"

	"github.com/redoubtdb/redoubt/fsm/keyspace"
	"github.com/redoubtdb/redoubt/persistence/rdb"
)

// A snapshot is an RDB file that redis-server loads. What Redis has no place for stands in auxiliary
// fields, which it skips: the state besides the keys at the file's head, in decimal digits; and before
// each run of keys of one slot, which stand in dense order, a field
//
//	slot, number of keys, then for each key: revision<<1 | sticky
//
// in unsigned varints; and at the end a digest of all that, which Load compares with what it made.
const (
	snapshotVersion = 1
	runKeys         = 256 // keys a run at most

	auxVersion = "redoubt-format"
	auxIndex   = "redoubt-index"
	auxTerm    = "redoubt-term"
	auxNow     = "redoubt-now"
	auxRev     = "redoubt-rev"
	auxSafe    = "redoubt-safe"
	auxLogHash = "redoubt-loghash"
	auxGates   = "redoubt-gates" // as the body of a KindGates entry
	auxRun     = "redoubt-keys"
	auxDigest  = "redoubt-digest"
)

// WriteTo writes the snapshot and returns its size. Equal states give equal bytes.
func (f *Frozen) WriteTo(w io.Writer) (int64, error) {
	out := rdb.NewWriter(w)
	out.Header(rdb.Version)
	f.writeState(out)
	out.SelectDB(0)
	out.ResizeDB(f.keys.Len(), f.keys.Expires())
	run := runBuffer{out: out}
	run.digest.state(&f.state)
	err := f.slots(func(slot uint16, n int) error {
		f.writeSlot(&run, slot, n)
		return out.Err()
	})
	if err == nil {
		auxNumber(out, auxDigest, f.state.seal(run.digest.sum))
		err = out.Footer()
	}
	if err != nil {
		err = fmt.Errorf("writing a snapshot: %w", err)
	}
	return out.Written(), err
}

// seal adds to the state's digest what members do not compare by it.
func (s *frozenState) seal(sum uint64) uint64 {
	d := digest{sum: sum}
	d.number(s.term)
	d.number(s.logHash)
	return d.sum
}

func (f *Frozen) writeState(out *rdb.Writer) {
	s := &f.state
	auxNumber(out, auxVersion, snapshotVersion)
	auxNumber(out, auxIndex, s.index)
	auxNumber(out, auxTerm, s.term)
	auxNumber(out, auxNow, uint64(s.now))
	auxNumber(out, auxRev, s.rev)
	auxNumber(out, auxSafe, s.safe)
	auxNumber(out, auxLogHash, s.logHash)
	out.Aux(auxGates, appendGates(nil, s.gates))
}

func auxNumber(out *rdb.Writer, name string, n uint64) {
	out.Aux(name, strconv.AppendUint(nil, n, 10))
}

// writeSlot writes a slot's keys in runs.
func (f *Frozen) writeSlot(run *runBuffer, slot uint16, n int) {
	f.keys.Each(slot, func(key []byte, v keyspace.Value, expire int64, rev uint64) bool {
		run.add(key, v, expire, rev)
		if run.n == min(runKeys, n) {
			run.write(slot)
			n -= runKeys
		}
		return run.out.Err() == nil
	})
}

// runBuffer collects the keys of a run, since their marks go before them.
type runBuffer struct {
	out    *rdb.Writer
	digest digest
	n      int
	marks  []byte
	head   []byte // memory of the field before a run
	keys   [runKeys]frozenKey
}

type frozenKey struct {
	key    []byte
	value  keyspace.Value
	expire int64
	rev    uint64
}

func (b *runBuffer) add(key []byte, v keyspace.Value, expire int64, rev uint64) {
	mark := rev << 1
	if isSticky(v) {
		mark |= 1
	}
	b.marks = binary.AppendUvarint(b.marks, mark)
	b.keys[b.n] = frozenKey{key, v, expire, rev}
	b.n++
}

func (b *runBuffer) write(slot uint16) {
	head := binary.AppendUvarint(b.head[:0], uint64(slot))
	head = binary.AppendUvarint(head, uint64(b.n))
	b.head = append(head, b.marks...)
	b.out.Aux(auxRun, b.head)
	for i := range b.n {
		k := &b.keys[i]
		if k.expire != 0 {
			b.out.Expire(k.expire)
		}
		writeValue(b.out, k.key, k.value)
		b.digest.whole(k.key, k.value, k.expire, k.rev)
	}
	clear(b.keys[:b.n])
	b.n, b.marks = 0, b.marks[:0]
}

func writeValue(out *rdb.Writer, key []byte, v keyspace.Value) {
	switch v := v.(type) {
	case *keyspace.String:
		out.String(key, v.Bytes())
	case *keyspace.List:
		out.BeginList(key, v.Len())
		each(v, func(e, _ []byte) { out.Element(e) })
	case *keyspace.Set:
		out.BeginSet(key, v.Len())
		each(v, func(m, _ []byte) { out.Element(m) })
	case *keyspace.Hash:
		out.BeginHash(key, v.Len())
		each(v, out.Pair)
	default:
		panic(fmt.Sprintf("fsm: a %s cannot be saved", v.Kind()))
	}
}
