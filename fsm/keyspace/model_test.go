package keyspace

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// model is a keyspace as simple as it can be: per slot a slice of keys in dense order.
type model struct {
	slots map[uint16][]modelKey
	rev   uint64
}

type modelKey struct {
	key    string
	val    string // rendered
	expire int64
	rev    uint64
}

func (m *model) at(slot uint16, key string) *modelKey {
	keys := m.slots[slot]
	if i := slices.IndexFunc(keys, func(k modelKey) bool { return k.key == key }); i >= 0 {
		return &keys[i]
	}
	return nil
}

func (m *model) put(slot uint16, key, val string, expire int64) {
	m.rev++
	if k := m.at(slot, key); k != nil {
		k.val, k.expire, k.rev = val, expire, m.rev
		return
	}
	m.slots[slot] = append(m.slots[slot], modelKey{key, val, expire, m.rev})
}

func (m *model) delete(slot uint16, key string) bool {
	keys := m.slots[slot]
	i := slices.IndexFunc(keys, func(k modelKey) bool { return k.key == key })
	if i < 0 {
		return false
	}
	last := len(keys) - 1
	keys[i] = keys[last]
	m.slots[slot] = keys[:last]
	return true
}

func (m *model) clone() *model {
	c := &model{slots: map[uint16][]modelKey{}, rev: m.rev}
	for s, keys := range m.slots {
		c.slots[s] = slices.Clone(keys)
	}
	return c
}

// due returns the keys that expired before now in the order in which they must go.
func (m *model) due(now int64) (due []string) {
	type item struct {
		at   int64
		slot uint16
		key  string
	}
	var items []item
	for s, keys := range m.slots {
		for _, k := range keys {
			if k.expire != 0 && k.expire < now {
				items = append(items, item{k.expire, s, k.key})
			}
		}
	}
	slices.SortFunc(items, func(a, b item) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.slot, b.slot), cmp.Compare(a.key, b.key))
	})
	for _, it := range items {
		due = append(due, fmt.Sprintf("%d/%s", it.slot, it.key))
	}
	return due
}

// render shows the content of a value.
func render(v Value) string {
	switch v := v.(type) {
	case *String:
		return fmt.Sprintf("%q", v.Bytes())
	case *List:
		out := "list"
		v.Range(0, v.Len()-1, func(_ int, e []byte) bool { out += fmt.Sprintf(" %q", e); return true })
		return out
	case *Set:
		out := "set"
		v.Each(func(m []byte) bool { out += fmt.Sprintf(" %q", m); return true })
		return out
	case *Hash:
		out := "hash"
		v.Each(func(f, x []byte) bool { out += fmt.Sprintf(" %q=%q", f, x); return true })
		return out
	}
	return "?"
}

// same compares the keyspace with the model.
func same(t *rapid.T, db *DB, m *model) {
	total := 0
	for slot, keys := range m.slots {
		total += len(keys)
		i := 0
		db.Slot(slot).Each(func(key []byte, v Value, expire int64) bool {
			rev, _ := db.Slot(slot).Rev(key)
			if got := (modelKey{string(key), render(v), expire, rev}); i >= len(keys) || got != keys[i] {
				t.Fatalf("slot %d position %d: %+v, want %+v", slot, i, got, keys)
			}
			i++
			return true
		})
		if i != len(keys) || db.Slot(slot).Len() != i {
			t.Fatalf("slot %d has %d keys, want %d", slot, i, len(keys))
		}
	}
	if db.Len() != total || db.Rev() != m.rev {
		t.Fatalf("%d keys, revision %d; want %d, %d", db.Len(), db.Rev(), total, m.rev)
	}
}

// sameFrozen compares a freeze with the model as it was then.
func sameFrozen(t *rapid.T, f *Frozen, m *model) {
	total := 0
	for slot, keys := range m.slots {
		total += len(keys)
		i := 0
		f.Each(slot, func(key []byte, v Value, expire int64, rev uint64) bool {
			if got := (modelKey{string(key), render(v), expire, rev}); i >= len(keys) || got != keys[i] {
				t.Fatalf("frozen slot %d position %d: %+v, want %+v", slot, i, got, keys)
			}
			i++
			return true
		})
		if i != len(keys) || f.SlotLen(slot) != i {
			t.Fatalf("frozen slot %d has %d keys, want %d", slot, i, len(keys))
		}
	}
	if f.Len() != total || f.Rev() != m.rev {
		t.Fatalf("frozen: %d keys, revision %d; want %d, %d", f.Len(), f.Rev(), total, m.rev)
	}
}

// frozenPair is a freeze and what it must show for ever.
type frozenPair struct {
	f *Frozen
	m *model
}

// world is the state machine of the property test.
type world struct {
	db     *DB
	model  *model
	frozen []frozenPair
}

func (w *world) key(t *rapid.T) (slot uint16, key string) {
	slot = rapid.SampledFrom([]uint16{0, 1, 127, 128, 16383}).Draw(t, "slot")
	if n := rapid.IntRange(-1, 400).Draw(t, "key"); n >= 0 {
		return slot, fmt.Sprintf("k%d", n)
	}
	return slot, ""
}

// drawText draws a string's content, also none, or more than is copied when it gets another key.
func drawText(t *rapid.T) []byte {
	n := rapid.SampledFrom([]int{0, 1, 5, 6, 7, 32, repackMax, repackMax + 1}).Draw(t, "length")
	return bytes.Repeat([]byte{byte('a' + rapid.IntRange(0, 25).Draw(t, "letter"))}, n)
}

func drawExpiry(t *rapid.T) int64 { return rapid.Int64Range(0, 20).Draw(t, "expire") }

func (w *world) Put(t *rapid.T) {
	slot, key := w.key(t)
	expire := drawExpiry(t)
	v := drawValue(t)
	w.db.Slot(slot).Put([]byte(key), v, expire)
	w.model.put(slot, key, render(v), expire)
}

func (w *world) PutString(t *rapid.T) {
	slot, key := w.key(t)
	expire, text := drawExpiry(t), drawText(t)
	w.db.Slot(slot).PutString([]byte(key), text, expire)
	w.model.put(slot, key, fmt.Sprintf("%q", text), expire)
}

// Restore adds a key with a revision of its own.
func (w *world) Restore(t *rapid.T) {
	slot, key := w.key(t)
	expire, rev := drawExpiry(t), uint64(rapid.IntRange(1, revMask).Draw(t, "revision"))
	var ok bool
	var val string
	if s := w.db.Slot(slot); rapid.Bool().Draw(t, "string") {
		text := drawText(t)
		val, ok = fmt.Sprintf("%q", text), s.RestoreString([]byte(key), text, expire, rev)
	} else {
		v := drawValue(t)
		val, ok = render(v), s.Restore([]byte(key), v, expire, rev)
	}
	if absent := w.model.at(slot, key) == nil; ok != absent {
		t.Fatalf("restoring %s: %v", key, ok)
	}
	if ok {
		w.model.slots[slot] = append(w.model.slots[slot], modelKey{key, val, expire, rev})
	}
}

// Fill adds many keys at once, so that pages and indexes are met at their limits.
func (w *world) Fill(t *rapid.T) {
	slot, _ := w.key(t)
	from, n := rapid.IntRange(0, 400).Draw(t, "from"), rapid.IntRange(1, 400).Draw(t, "n")
	for i := from; i < from+n; i++ {
		key := fmt.Sprintf("k%d", i)
		w.db.Slot(slot).PutString([]byte(key), []byte(key), 0)
		w.model.put(slot, key, fmt.Sprintf("%q", key), 0)
	}
}

func (w *world) Drain(t *rapid.T) {
	slot, _ := w.key(t)
	from, n := rapid.IntRange(0, 400).Draw(t, "from"), rapid.IntRange(1, 400).Draw(t, "n")
	for i := from; i < from+n; i++ {
		w.delete(t, slot, fmt.Sprintf("k%d", i))
	}
}

func (w *world) delete(t *rapid.T, slot uint16, key string) {
	if got, want := w.db.Slot(slot).Delete([]byte(key)), w.model.delete(slot, key); got != want {
		t.Fatalf("deleting %s: %v", key, got)
	}
}

func (w *world) Delete(t *rapid.T) {
	slot, key := w.key(t)
	w.delete(t, slot, key)
}

// Copy gives a key's value to another key, too, and Rename instead.
func (w *world) Copy(t *rapid.T)   { w.give(t, true) }
func (w *world) Rename(t *rapid.T) { w.give(t, false) }

func (w *world) give(t *rapid.T, keep bool) {
	slot, from := w.key(t)
	_, to := w.key(t)
	s := w.db.Slot(slot)
	v, expire, ok := s.Lookup([]byte(from))
	if !ok || from == to {
		return
	}
	if keep {
		v = v.Clone()
	} else {
		w.delete(t, slot, from)
	}
	s.Put([]byte(to), v, expire)
	w.model.put(slot, to, render(v), expire)
}

func (w *world) Edit(t *rapid.T) {
	slot, key := w.key(t)
	s := w.db.Slot(slot)
	v := s.Edit([]byte(key))
	k := w.model.at(slot, key)
	if (v == nil) != (k == nil) {
		t.Fatalf("editing %s: %v", key, v)
	}
	if v == nil {
		return
	}
	mutate(t, v)
	s.Touch([]byte(key))
	w.model.rev++
	k.rev, k.val = w.model.rev, render(v)
}

func (w *world) SetExpire(t *rapid.T) {
	slot, key := w.key(t)
	expire := drawExpiry(t)
	k := w.model.at(slot, key)
	if ok := w.db.Slot(slot).SetExpire([]byte(key), expire); ok != (k != nil) {
		t.Fatalf("setting the expiry of %s: %v", key, ok)
	}
	if k != nil {
		w.model.rev++
		k.rev, k.expire = w.model.rev, expire
	}
}

func (w *world) Expire(t *rapid.T) {
	now := drawExpiry(t)
	for _, want := range w.model.due(now) {
		slot, key, ok := w.db.Due(now)
		if got := fmt.Sprintf("%d/%s", slot, key); !ok || got != want {
			t.Fatalf("%s is due, want %s", got, want)
		}
		if n := w.db.PopExpired(now, 1); n != 1 {
			t.Fatalf("popped %d keys", n)
		}
		w.model.delete(slot, string(key))
	}
	if n := w.db.PopExpired(now, 1); n != 0 {
		t.Fatal("popped a key that is not due")
	}
}

func (w *world) Freeze(t *rapid.T) {
	if len(w.frozen) < 3 {
		w.frozen = append(w.frozen, frozenPair{w.db.Freeze(), w.model.clone()})
	}
}

func (w *world) Release(t *rapid.T) {
	if len(w.frozen) == 0 {
		return
	}
	i := rapid.IntRange(0, len(w.frozen)-1).Draw(t, "freeze")
	sameFrozen(t, w.frozen[i].f, w.frozen[i].m)
	w.frozen[i].f.Release()
	w.frozen = slices.Delete(w.frozen, i, i+1)
}

func (w *world) Clear(t *rapid.T) {
	if rapid.IntRange(0, 9).Draw(t, "one in ten") == 0 {
		w.db.Clear()
		w.model.slots = map[uint16][]modelKey{}
	}
}

func (w *world) Check(t *rapid.T) {
	same(t, w.db, w.model)
	for _, p := range w.frozen {
		sameFrozen(t, p.f, p.m)
	}
	slot, key := w.key(t)
	v, expire, ok := w.db.Slot(slot).Lookup([]byte(key))
	k := w.model.at(slot, key)
	if ok != (k != nil) || ok && (render(v) != k.val || expire != k.expire) {
		t.Fatalf("looking up %s: %v %d %v", key, v, expire, ok)
	}
	w.checkNextExpiry(t)
}

func (w *world) checkNextExpiry(t *rapid.T) {
	want, expires := int64(0), 0
	for _, keys := range w.model.slots {
		for _, k := range keys {
			if k.expire == 0 {
				continue
			}
			expires++
			if want == 0 || k.expire < want {
				want = k.expire
			}
		}
	}
	if got, ok := w.db.NextExpiry(); got != want || ok != (want != 0) || w.db.Expires() != expires {
		t.Fatalf("next expiry %d %v of %d, want %d of %d", got, ok, w.db.Expires(), want, expires)
	}
}

func TestKeyspaceAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{db: NewDB(), model: &model{slots: map[uint16][]modelKey{}}}
		t.Repeat(rapid.StateMachineActions(w))
	})
}
