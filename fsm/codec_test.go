package fsm

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
)

func TestHeaderRoundTrip(t *testing.T) {
	want := Header{Now: -5, Seed: 1 << 63, Proposer: 7, Seq: 9}
	for kind, entry := range map[Kind][]byte{
		KindCommands: encode(Header{Kind: KindCommands, Now: -5, Seed: 1 << 63, Proposer: 7, Seq: 9}),
		KindNewTerm:  EncodeNewTerm(want),
		KindTick:     EncodeTick(want, TickBody{SafeIndex: 12}),
		KindGates:    EncodeGates(want, nil),
		KindDigest:   EncodeDigest(want, 3),
	} {
		want.Kind = kind
		if got, err := DecodeHeader(entry); err != nil || got != want {
			t.Errorf("%+v %v", got, err)
		}
	}
}

func TestEveryDamageIsFound(t *testing.T) {
	entry := EncodeTick(Header{Now: 1, Seed: 2}, TickBody{SafeIndex: 3})
	for i := range entry {
		for bit := range 8 {
			bad := bytes.Clone(entry)
			bad[i] ^= 1 << bit
			if _, err := DecodeHeader(bad); !errors.Is(err, ErrCorrupt) {
				t.Fatalf("byte %d bit %d: %v", i, bit, err)
			}
		}
	}
	for n := range entry {
		if _, err := DecodeTick(entry[:n]); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("%d bytes: %v", n, err)
		}
	}
}

func TestNewerEntriesAreRefused(t *testing.T) {
	newer := EncodeNewTerm(Header{})
	newer[0]++
	if _, err := DecodeHeader(seal(newer)); !errors.Is(err, ErrVersion) {
		t.Error(err)
	}
	unknown := EncodeNewTerm(Header{})
	unknown[1] = 99
	if _, err := DecodeHeader(seal(unknown)); !errors.Is(err, ErrVersion) {
		t.Error(err)
	}
}

func TestTickAndGatesRoundTrip(t *testing.T) {
	if tick, err := DecodeTick(EncodeTick(Header{}, TickBody{SafeIndex: 1 << 40})); err != nil || tick.SafeIndex != 1<<40 {
		t.Error(tick, err)
	}
	if _, err := DecodeTick(EncodeNewTerm(Header{})); !errors.Is(err, ErrCorrupt) {
		t.Error(err)
	}
	want := []GateChange{{0, 16383, GateOwned, 1 << 50, false}, {5, 5, GateNone, 0, true}}
	got, err := decodeGates(appendGates(nil, want))
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Error(got, err)
	}
	for _, bad := range []GateChange{{From: 2, To: 1}, {To: 16384}, {Gate: gateLast + 1}} {
		if _, err := decodeGates(appendGates(nil, []GateChange{bad})); !errors.Is(err, ErrCorrupt) {
			t.Error(bad, err)
		}
	}
}

// TestItemsRoundTrip encodes random commands and transactions and decodes them again.
func TestItemsRoundTrip(t *testing.T) {
	table := testTable(t)
	templates := twinCommands()
	rapid.Check(t, func(t *rapid.T) {
		var want []Op
		for range rapid.IntRange(0, 20).Draw(t, "ops") {
			op := drawOp(t, table, templates)
			op.Asking = rapid.Bool().Draw(t, "asking")
			if op.IsWrite() {
				want = append(want, op)
			}
		}
		var e Encoder
		var entries [2][]byte
		for round := range entries { // an encoder is used again and again
			e.Begin(Header{Kind: KindCommands, Now: int64(round)})
			for i := range want {
				e.AddOp(&want[i])
			}
			size := e.Size()
			entry := e.Finish()
			if len(entry) != size || cap(entry) != size {
				t.Fatal("size is wrong")
			}
			entries[round] = entry
		}
		for _, entry := range entries { // and what it made stays
			compareItems(t, &items{table: table}, entry, want)
		}
	})
}

func compareItems(t *rapid.T, it *items, entry []byte, want []Op) {
	_, body, err := splitEntry(entry)
	if err != nil {
		t.Fatal(err)
	}
	it.reset(body)
	for i := range want {
		got, err := it.next()
		if err != nil {
			t.Fatal(err)
		}
		if show(got) != show(&want[i]) {
			t.Fatalf("got  %s\nwant %s", show(got), show(&want[i]))
		}
	}
	if it.more() {
		t.Fatal("something is left")
	}
	it.release()
}

// show prints what an entry keeps of an op.
func show(op *Op) string {
	name := ""
	if op.Spec != nil && op.Spec.Run != nil {
		name = op.Spec.Name
	}
	out := fmt.Sprintf("%s %q %d %v %v [", name, op.Args, op.Slot, op.Asking, op.Watch)
	for i := range op.Queue {
		out += show(&op.Queue[i]) + ", "
	}
	return out + "]"
}

// FuzzEntry decodes anything as an entry of every kind. It must not panic, nor allocate by what a
// number in it claims, and what was decoded must be encoded to the same again.
func FuzzEntry(f *testing.F) {
	table := testTable(f)
	var e Encoder
	e.Begin(Header{Kind: KindCommands})
	set := opOf(table, argv("SET a 1"))
	exec := Op{Spec: table.Lookup([]byte("exec")), Queue: []Op{set, {Slot: NoSlot, Local: nil}}, Watch: []Watch{{Key: []byte("a"), Exists: true, Rev: 4}}}
	exec.Queue = exec.Queue[:1]
	e.AddOp(&set)
	e.AddOp(&exec)
	f.Add(e.Finish())
	for _, op := range fuzzSeeds(table) {
		e.Begin(Header{Kind: KindCommands, Now: -1, Seed: math.MaxUint64, Proposer: 3, Seq: 4})
		e.AddOp(&op)
		f.Add(e.Finish())
	}
	f.Add(EncodeTick(Header{}, TickBody{SafeIndex: 1}))
	f.Add(EncodeGates(Header{}, []GateChange{{0, 100, GateOwned, 5, true}}))
	f.Add(EncodeGates(Header{}, []GateChange{{5, 5, GateNone, math.MaxUint64, false}, {0, 16383, GateImporting, 1 << 40, true}}))
	f.Add(EncodeGates(Header{}, nil))
	f.Add(EncodeDigest(Header{}, 1))
	f.Add(EncodeNewTerm(Header{}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := DecodeHeader(b); err == nil && len(b) < headerBytes {
			t.Fatal("too short")
		}
		if len(b) < headerBytes {
			return
		}
		entry := bytes.Clone(b)
		entry[0] = entryVersion
		seal(entry)
		h, body, err := splitEntry(entry)
		if err != nil {
			return
		}
		fuzzFixed(t, h, entry, body)
		if gates, err := decodeGates(body); err == nil {
			if cap(gates) > len(body) {
				t.Fatal("memory follows a claim")
			}
			again, err := decodeGates(appendGates(nil, gates))
			if err != nil || fmt.Sprint(again) != fmt.Sprint(gates) {
				t.Fatal("gates changed")
			}
		}
		fuzzItems(t, &items{table: table}, h, body)
	})
}

// fuzzSeeds are ops that use every part of an item.
func fuzzSeeds(table *command.Table) []Op {
	set, long := opOf(table, argv("SET a 1")), opOf(table, [][]byte{[]byte("set"), []byte("k"), bytes.Repeat([]byte("x"), 300)})
	set.Asking = true
	placeholder := Op{Slot: NoSlot, Local: func(*resp.Writer) {}}
	exec := Op{Spec: table.Lookup([]byte("exec")), Slot: set.Slot, Asking: true, Queue: []Op{placeholder, set, long},
		Watch: []Watch{{Key: []byte("a"), Exists: true, Rev: math.MaxUint64}, {Key: []byte{}}}}
	empty := opOf(table, [][]byte{[]byte("SET"), {}, {}})
	return []Op{set, long, exec, empty, opOf(table, argv("FLUSHALL")), opOf(table, argv("MSET {a}1 x {a}2 y {a}3 z"))}
}

// fuzzFixed decodes the body as one of fixed size, and as the kind that the header names: what
// is accepted must be the very entry that its content is encoded to.
func fuzzFixed(t *testing.T, h Header, entry, body []byte) {
	tick, tickErr := decodeTick(body)
	digest, digestErr := decodeDigest(body)
	if (tickErr == nil) != (len(body) == 8) || (digestErr == nil) != (len(body) == 8) {
		t.Fatalf("%d bytes: %v, %v", len(body), tickErr, digestErr)
	}
	switch {
	case h.Kind == KindTick && tickErr == nil && !bytes.Equal(entry, EncodeTick(h, tick)):
		t.Fatal("the tick changed")
	case h.Kind == KindDigest && digestErr == nil && !bytes.Equal(entry, EncodeDigest(h, digest)):
		t.Fatal("the digest changed")
	case h.Kind == KindNewTerm && len(body) == 0 && !bytes.Equal(entry, EncodeNewTerm(h)):
		t.Fatal("the first entry of a term changed")
	}
}

func fuzzItems(t *testing.T, it *items, h Header, body []byte) {
	it.reset(body)
	for it.more() {
		op, err := it.next()
		if errors.Is(err, ErrCorrupt) {
			return
		}
		if cap(it.args) > 2*len(body)+8 || cap(op.Queue) > 2*len(body)+8 || cap(op.Watch) > 2*len(body)+8 {
			t.Fatal("memory follows a claim")
		}
		if err != nil {
			return
		}
		want := show(op)
		for i := range op.Queue {
			if q := &op.Queue[i]; q.Spec == nil {
				q.Local = func(*resp.Writer) {} // a placeholder stands for a frontend's command
			}
		}
		var e Encoder
		e.Begin(h)
		if op.Spec == nil && !op.isExec() {
			return // an empty transaction is told by its Spec, which is not in the entry
		}
		e.AddOp(op)
		_, again, err := splitEntry(e.Finish())
		if err != nil {
			t.Fatal(err)
		}
		other := items{table: it.table}
		other.reset(again)
		back, err := other.next()
		if err != nil || show(back) != want {
			t.Fatalf("%v\ngot  %s\nwant %s", err, show(back), want)
		}
	}
}
