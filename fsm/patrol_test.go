package fsm

import (
	"fmt"
	"strings"
	"testing"

	"github.com/redoubtdb/redoubt/fsm/keyspace"
	"github.com/redoubtdb/redoubt/slotmap"
)

// roundsUntil counts the rounds until two machines that have applied the same give different
// samples.
func roundsUntil(t *testing.T, a, b *rig, limit int) int {
	t.Helper()
	for n := 1; n <= limit; n++ {
		for _, r := range []*rig{a, b} {
			r.now += patrolRound
			r.apply(EncodeTick(r.header(), TickBody{}))
		}
		if x, y := a.m.Sample(), b.m.Sample(); x != y {
			if x.Index != y.Index || x.Log != y.Log {
				t.Fatalf("the logs differ: %+v %+v", x, y)
			}
			return n
		}
	}
	return limit + 1
}

// fillStrings puts small keys into a machine, those of a second kind all into one slot.
func fillStrings(r *rig) {
	var keys []string
	for i := range 3000 {
		keys = append(keys, fmt.Sprintf("SET key:%d value-%d", i, i), fmt.Sprintf("SET {tag}:%d %d", i, i))
	}
	r.run(keys...)
}

// fillElements makes a value of more elements than a round looks at.
func fillElements(command string, element func(i int) string) func(r *rig) {
	return func(r *rig) {
		for from := 0; from < 2*patrolElements; from += 1024 {
			var line strings.Builder
			for i := from; i < from+1024; i++ {
				line.WriteString(" " + element(i))
			}
			r.run(command + line.String())
		}
	}
}

// Whatever is wrong, a patrol comes by after some rounds: also in values, strings and slots that
// are too large to be looked at as a whole.
func TestPatrolFindsDamage(t *testing.T) {
	const limit = 3000
	flipped := func(v keyspace.Value) {
		s := v.(*keyspace.String)
		b := append([]byte(nil), s.Bytes()...)
		b[len(b)/2] ^= 1
		s.Set(b)
	}
	for _, c := range []struct {
		key    string
		fill   func(r *rig)
		damage func(v keyspace.Value)
	}{
		{"key:7", fillStrings, flipped},
		{"{tag}:1777", fillStrings, flipped},
		{"long", func(r *rig) { r.run("SET long " + strings.Repeat("x", 4*patrolBytes)) }, flipped},
		{"list", fillElements("RPUSH list", func(i int) string { return fmt.Sprint("e", i) }), func(v keyspace.Value) { v.(*keyspace.List).Set(5000, []byte("e")) }},
		{"set", fillElements("SADD set", func(i int) string { return fmt.Sprint("m", i) }), func(v keyspace.Value) {
			v.(*keyspace.Set).Remove([]byte("m777"))
			v.(*keyspace.Set).Add([]byte("m777"))
		}},
		{"hash", fillElements("HSET hash", func(i int) string { return fmt.Sprintf("f%d v%d", i, i) }), func(v keyspace.Value) { v.(*keyspace.Hash).Set([]byte("f9000"), []byte("v")) }},
	} {
		t.Run(c.key, func(t *testing.T) {
			a, b := newRig(t), newRig(t)
			c.fill(a)
			c.fill(b)
			if n := roundsUntil(t, a, b, 50); n <= 50 {
				t.Fatalf("equal machines differ in round %d", n)
			}
			v := b.m.db.Slot(slotmap.KeySlot([]byte(c.key))).Edit([]byte(c.key))
			if v == nil {
				t.Fatal("no such key")
			}
			c.damage(v)
			n := roundsUntil(t, a, b, limit)
			if n > limit {
				t.Errorf("not found in %d rounds", limit)
			}
			t.Logf("found in round %d", n)
		})
	}
}

// A gate that differs, and a key more, are found too.
func TestPatrolFindsWrongState(t *testing.T) {
	for name, change := range map[string]func(m *Machine){
		"gate": func(m *Machine) { m.epochs[9000]++ },
		"key":  func(m *Machine) { m.db.Slot(77).PutString([]byte("stray"), []byte("x"), 0) },
	} {
		a, b := newRig(t), newRig(t)
		change(b.m)
		if n := roundsUntil(t, a, b, 200); n > 200 {
			t.Errorf("%s: not found", name)
		}
	}
}

// BenchmarkSample is what a round costs, with a million keys and with few, beside a write.
func BenchmarkSample(b *testing.B) {
	for _, keys := range []int{100, 1_000_000} {
		r := full(b, keys)
		b.Run(fmt.Sprint(keys, "keys"), func(b *testing.B) {
			for b.Loop() {
				r.m.status.now.Add(patrolRound)
				r.m.Sample()
			}
		})
	}
	r := full(b, 1000)
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			r.m.db.Slot(1).PutString([]byte("key"), make([]byte, 32), 0)
		}
	})
	b.Run("entryOfOneWrite", func(b *testing.B) {
		req := request(r.op("SET key:000000000001 12345678901234567890123456789012"))
		entry := encode(r.header(), req)
		for b.Loop() {
			r.index++
			if err := r.m.Apply(r.index, 1, entry, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}
