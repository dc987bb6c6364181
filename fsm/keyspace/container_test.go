package keyspace

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// denseModel is a dense array with swap-deletion and a Go map as its index.
type denseModel struct {
	order []uint32
	at    map[uint32]int
}

func (m *denseModel) add(e uint32) bool {
	if _, ok := m.at[e]; ok {
		return false
	}
	m.at[e] = len(m.order)
	m.order = append(m.order, e)
	return true
}

func (m *denseModel) remove(e uint32) bool {
	i, ok := m.at[e]
	if !ok {
		return false
	}
	last := m.order[len(m.order)-1]
	m.order[i], m.at[last] = last, i
	m.order = m.order[:len(m.order)-1]
	delete(m.at, e)
	return true
}

// TestLargeContainers lets sets and hashes grow and shrink over all sizes of segments and directories,
// and clones them on the way.
func TestLargeContainers(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	set, hash := NewSet(), NewHash()
	model := &denseModel{at: map[uint32]int{}}
	type saved struct {
		set, hash Value
		order     []uint32
	}
	var clones []saved
	for _, goal := range []int{20_000, 300, 9_000, 0, 2_000, 700, 50_000, 10} {
		for grow := len(model.order) < goal; len(model.order) < goal == grow && len(model.order) != goal; {
			e := rng.Uint32N(100_000)
			if !grow && rng.IntN(4) > 0 {
				e = model.order[rng.IntN(len(model.order))]
			}
			b := binary.BigEndian.AppendUint32(nil, e)
			if grow == (rng.IntN(5) > 0) {
				want := model.add(e)
				if set.Add(b) != want || hash.Set(b, b) != want {
					t.Fatal("added wrongly")
				}
			} else {
				want := model.remove(e)
				if set.Remove(b) != want || hash.Delete(b) != want {
					t.Fatal("removed wrongly")
				}
			}
			if rng.IntN(10_000) == 0 {
				clones = append(clones, saved{set.Clone(), hash.Clone(), slices.Clone(model.order)})
				if rng.IntN(2) == 0 { // from now on the clone is the one that is written to
					c := &clones[len(clones)-1]
					var s, h Value = set, hash
					set, hash = c.set.(*Set), c.hash.(*Hash)
					c.set, c.hash = s, h
				}
			}
		}
		checkContainers(t, set, hash, model.order)
	}
	if len(clones) < 5 {
		t.Fatal("too few clones to tell")
	}
	for _, c := range clones {
		checkContainers(t, c.set.(*Set), c.hash.(*Hash), c.order)
	}
}

func checkContainers(t *testing.T, set *Set, hash *Hash, order []uint32) {
	t.Helper()
	if set.Len() != len(order) || hash.Len() != len(order) {
		t.Fatalf("%d and %d elements, want %d", set.Len(), hash.Len(), len(order))
	}
	for i, e := range order {
		b := binary.BigEndian.AppendUint32(nil, e)
		field, value := hash.At(i)
		if string(set.At(i)) != string(b) || string(field) != string(b) || string(value) != string(b) {
			t.Fatalf("element %d is wrong", i)
		}
		if got, ok := hash.Get(b); !ok || string(got) != string(b) || !set.Has(b) {
			t.Fatalf("element %d is not found", i)
		}
	}
}

// TestListAgainstModel compares a list with a slice.
func TestListAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, model, next := NewList(), []string{}, 0
		var clones []Value
		var orders [][]string
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			do := rapid.SampledFrom([]string{"front", "back", "before", "after", "popfront", "popback", "remove", "set", "trim", "clone"}).Draw(t, "do")
			for range rapid.SampledFrom([]int{1, 1, 5, 150}).Draw(t, "times") {
				next++
				model = listStep(l, model, do, fmt.Sprint(next), next*7919)
			}
			if do == "clone" && len(clones) < 4 {
				clones = append(clones, l.Clone())
				orders = append(orders, slices.Clone(model))
			}
			checkList(t, l, model)
		}
		for i, c := range clones {
			checkList(t, c.(*List), orders[i])
		}
	})
}

func listStep(l *List, m []string, do, e string, at int) []string {
	b := []byte(e)
	if do == "front" || len(m) == 0 {
		l.PushFront(b)
		return slices.Insert(m, 0, e)
	}
	at %= len(m)
	switch do {
	case "back":
		l.PushBack(b)
		return append(m, e)
	case "before":
		l.InsertBefore(at, b)
		return slices.Insert(m, at, e)
	case "after":
		l.InsertAfter(at, b)
		return slices.Insert(m, at+1, e)
	case "popfront":
		if got, ok := l.PopFront(); !ok || string(got) != m[0] {
			panic("popped wrongly")
		}
		return slices.Delete(m, 0, 1)
	case "popback":
		if got, ok := l.PopBack(); !ok || string(got) != m[len(m)-1] {
			panic("popped wrongly")
		}
		return m[:len(m)-1]
	case "remove":
		l.Remove(at)
		return slices.Delete(m, at, at+1)
	case "set":
		l.Set(at, b)
		m[at] = e
	case "trim":
		l.Trim(at/8, len(m)-1-at/16)
		return slices.Clone(m[at/8 : max(at/8, len(m)-at/16)])
	}
	return m
}

func checkList(t *rapid.T, l *List, m []string) {
	if l.Len() != len(m) {
		t.Fatalf("%d elements, want %d", l.Len(), len(m))
	}
	var bytes int64
	for i, e := range m {
		if string(l.Index(i)) != e {
			t.Fatalf("element %d is %s, want %s", i, l.Index(i), e)
		}
		bytes += int64(len(e))
	}
	if want := NewList().Size() + bytes + int64(len(m))*elementSize; l.Size() != want {
		t.Fatalf("size %d, want %d", l.Size(), want)
	}
	from := len(m) / 3
	l.Range(from, len(m), func(i int, e []byte) bool {
		if i != from || string(e) != m[i] {
			t.Fatalf("range gives %d: %s", i, e)
		}
		from++
		return true
	})
	if from != len(m) {
		t.Fatalf("range ends at %d of %d", from, len(m))
	}
}

// TestListStaysCompact removes most elements, at random, and counts the chunks that are left.
func TestListStaysCompact(t *testing.T) {
	l := NewList()
	for i := range 100_000 {
		l.PushBack(fmt.Append(nil, i))
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for l.Len() > 2000 {
		l.Remove(rng.IntN(l.Len()))
	}
	if n := len(l.chunks()); n > 2000/chunkMax*8 {
		t.Errorf("%d chunks for 2000 elements", n)
	}
}

// TestScanMissesNothing scans a slot and the whole keyspace while keys come and go: what is there from
// beginning to end is seen.
func TestScanMissesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		db := NewDB()
		slots := []uint16{3, 4, 130, 16383}
		key := func(i int) (*Slot, []byte) { return db.Slot(slots[i%len(slots)]), fmt.Append(nil, i) }
		n := rapid.IntRange(0, 200).Draw(t, "keys")
		for i := range n {
			s, k := key(i)
			s.PutString(k, nil, 0)
		}
		seen := map[string]bool{}
		note := func(k []byte, _ Value, _ int64) { seen[string(k)] = true }
		gone := map[int]bool{}
		cursor, calls := uint64(0), 0
		for {
			before := len(seen)
			count := rapid.IntRange(1, 30).Draw(t, "count")
			if cursor = db.Scan(cursor, count, note); cursor == 0 {
				break
			}
			if got := len(seen) - before; got > count {
				t.Fatalf("%d keys for a count of %d", got, count)
			}
			if calls++; calls > 2000 {
				t.Fatal("the scan never ends")
			}
			for range rapid.IntRange(0, 10).Draw(t, "changes") {
				i := rapid.IntRange(0, 300).Draw(t, "key")
				s, k := key(i)
				if s.Delete(k) {
					gone[i] = true
				} else {
					s.PutString(k, nil, 0)
				}
			}
		}
		for i := range n {
			if _, k := key(i); !gone[i] && !seen[string(k)] {
				t.Fatalf("key %d was there all the time, and was not seen", i)
			}
		}
	})
}

func TestRandomKeyReachesEveryKey(t *testing.T) {
	db := NewDB()
	want := map[string]bool{}
	for i := range 1000 {
		k := fmt.Append(nil, i)
		db.Slot(uint16(i*131%16384)).PutString(k, nil, 0)
		want[string(k)] = true
	}
	for rank := range db.Len() {
		k, _, _ := db.RandomKey(rank)
		delete(want, string(k))
	}
	if len(want) > 0 {
		t.Errorf("%d keys have no rank", len(want))
	}
}

func TestStrings(t *testing.T) {
	s := CopyString([]byte("12345"))
	for _, c := range []struct {
		name     string
		do       func()
		want     string
		encoding string
	}{
		{"copied", func() {}, "12345", "int"},
		{"appended", func() { s.Append([]byte("6")) }, "123456", "raw"},
		{"set", func() { s.Set([]byte("-9223372036854775808")) }, "-9223372036854775808", "int"},
		{"too large", func() { s.Set([]byte("9223372036854775808")) }, "9223372036854775808", "embstr"},
		{"zero", func() { s.Set([]byte("0")) }, "0", "int"},
		{"leading zero", func() { s.Set([]byte("01")) }, "01", "embstr"},
		{"minus zero", func() { s.Set([]byte("-0")) }, "-0", "embstr"},
		{"empty", func() { s.Set(nil) }, "", "embstr"},
		{"gap", func() { s.SetRange(3, []byte("x")) }, "\x00\x00\x00x", "raw"},
		{"within", func() { s.SetRange(1, []byte("yz")) }, "\x00yzx", "raw"},
		{"44", func() { s.Set(make([]byte, 44)) }, string(make([]byte, 44)), "embstr"},
		{"45", func() { s.Set(make([]byte, 45)) }, string(make([]byte, 45)), "raw"},
	} {
		c.do()
		if got := s.Bytes(); string(got) != c.want || s.Encoding() != c.encoding || s.Len() != len(c.want) {
			t.Errorf("%s: %q %s", c.name, got, s.Encoding())
		}
		clone := s.Clone().(*String)
		clone.SetRange(0, []byte("#"))
		if string(s.Bytes()) != c.want {
			t.Errorf("%s: a clone changes the original", c.name)
		}
	}
}

// TestElementsAreCopied writes into memory that was passed in.
func TestElementsAreCopied(t *testing.T) {
	b := []byte("abc")
	l, h, s, str := NewList(), NewHash(), NewSet(), NewString(nil)
	l.PushBack(b)
	l.PushFront(b)
	l.InsertBefore(1, b)
	l.Set(0, b)
	h.Set(b, b)
	h.Set(b, b)
	s.Add(b)
	str.Append(b)
	str.SetRange(3, b)
	db := NewDB()
	db.Slot(0).PutString(b, b, 5)
	db.Slot(1).Put(b, CopyString(b), 5)
	copy(b, "xyz")
	for _, v := range []Value{l, h, s, str} {
		if got := render(v); got != map[Kind]string{
			KindList: `list "abc" "abc" "abc"`, KindHash: `hash "abc"="abc"`, KindSet: `set "abc"`, KindString: `"abcabc"`,
		}[v.Kind()] {
			t.Errorf("%s holds the caller's memory: %s", v.Kind(), got)
		}
	}
	for slot := range uint16(2) {
		if v, _, ok := db.Slot(slot).Lookup([]byte("abc")); !ok || render(v) != `"abc"` {
			t.Error("a key or its value is the caller's memory")
		}
	}
}
