package replica

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

// The last data member that knows everything dies while the other lags: the
// witness still has in its log what the other lacks, snapshots or not, leads
// for as long as it takes, and hands over. Without its limit it would not have.
func TestWitnessKeepsWhatADataMemberLacks(t *testing.T) {
	inBubble(t, "a b w", func(t *testing.T, g *trio) {
		a, b, w := g.member("a"), g.member("b"), g.member("w")
		var keep atomic.Uint64
		w.shutdown()
		w.options.Witness, w.options.SnapshotEntries, w.options.TrailingEntries = true, 20, 1
		w.retain = keep.Load
		w.restart()
		l := g.leader()
		if l != a {
			if err := l.Transfer(t.Context(), "a:1"); err != nil {
				t.Fatal(err)
			}
			g.leader(w, b)
		}
		for i := range 10 {
			g.mustPut(a, fmt.Sprint("both ", i))
		}
		g.converge()
		keep.Store(b.LastIndex() + 1)
		lacks := b.LastIndex() + 1

		g.isolate(b)
		for i := range 200 {
			g.mustPut(a, fmt.Sprint("not b ", i))
		}
		g.eventually("the witness takes snapshots", func() bool { return w.SnapshotIndex() > lacks+100 })
		time.Sleep(10 * time.Second)
		if first, _ := w.store.Log.FirstIndex(); first == 0 || first > lacks {
			t.Fatalf("the witness begins at %d, b lacks %d", first, lacks)
		}
		a.crash()
		g.net.HealAll()
		g.eventually("b has everything", func() bool { return len(b.fsm.all()) >= len(g.acked) })
		if b.fsm.restore != 0 {
			t.Error("b was given a snapshot of the witness")
		}
		if w.IsLeader() {
			g.eventually("the witness hands over", func() bool { return w.Transfer(t.Context(), "b:1") == nil })
		}
		g.mustPut(g.leader(w), "x")

		keep.Store(b.LastIndex())
		g.eventually("the witness truncates when it may", func() bool {
			_ = g.put(b, "y")
			_ = w.TakeSnapshot()
			first, _ := w.store.Log.FirstIndex()
			return first > lacks+100
		})
		a.restart()
		g.converge()
	})
}

// A witness lets data members stand for election first.
func TestWitnessIsPatient(t *testing.T) {
	inBubble(t, "a b w", func(t *testing.T, g *trio) {
		w := g.member("w")
		w.shutdown()
		w.options.Witness = true
		w.restart()
		for i := range 10 {
			l := g.leader()
			g.mustPut(l, fmt.Sprint(i))
			g.converge()
			if l == w {
				t.Fatal("the witness leads although data members could")
			}
			l.crash()
			g.leader(l)
			l.restart()
			g.converge()
		}
	})
}

// The leader dies, and of the two that are left only the witness has all: it does not let its patience run out first.
func TestWitnessStandsAtOnceWhereItMust(t *testing.T) {
	inBubble(t, "a b w", func(t *testing.T, g *trio) {
		a, b, w := g.member("a"), g.member("b"), g.member("w")
		w.shutdown()
		w.options.Witness = true
		w.restart()
		for i := range 10 {
			if l := g.leader(w); l != a {
				if err := l.Transfer(t.Context(), "a:1"); err != nil {
					t.Fatal(err)
				}
				g.leader(w, b)
			}
			g.mustPut(a, fmt.Sprint("both ", i))
			g.converge()
			g.isolate(b)
			g.mustPut(a, fmt.Sprint("not b ", i))
			a.crash()
			g.net.Reset(a.name, b.name)
			g.net.HealAll()
			began := time.Now()
			g.eventually("the witness leads, and hands over", func() bool {
				if w.IsLeader() {
					_ = w.Transfer(t.Context(), "b:1")
				}
				return b.IsLeader()
			})
			o := w.running.Load().options
			if took, limit := time.Since(began), o.election()*5/4+20*time.Millisecond; took > limit {
				t.Errorf("a new leader took %v, not at most %v; the patience of a witness is %v", took, limit, o.patience())
			}
			g.mustPut(b, fmt.Sprint("b ", i))
			a.restart()
			g.converge()
		}
	})
}

// The limit on truncation, by itself.
func TestRetainLimit(t *testing.T) {
	for _, c := range []struct {
		name         string
		keep         uint64
		from, to     uint64
		first, after uint64 // first index left, last index left
	}{
		{"nothing is known", 0, 1, 50, 1, 100},
		{"below the limit", 60, 1, 50, 51, 100},
		{"at the limit", 52, 1, 50, 51, 100},
		{"beyond the limit", 30, 1, 50, 29, 100},
		{"close to the head", 2, 1, 50, 1, 100},
		{"the limit is at the head", 1, 1, 50, 1, 100},
		{"a suffix", 30, 80, 100, 1, 79},
		{"everything", 30, 1, 100, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			inner := raft.NewInmemStore()
			l := &logStore{inner: inner, stores: &stores{started: new(atomic.Bool)}, snapshots: &snapshotStore{}, retain: func() uint64 { return c.keep },
				flusher: &flusher{log: syncedLog{inner}}, deferred: func([]*raft.Log) bool { return false }}
			for i := range uint64(100) {
				if err := l.StoreLog(&raft.Log{Index: i + 1}); err != nil {
					t.Fatal(err)
				}
			}
			if err := l.DeleteRange(c.from, c.to); err != nil {
				t.Fatal(err)
			}
			first, _ := l.FirstIndex()
			last, _ := l.LastIndex()
			if first != c.first || last != c.after {
				t.Errorf("left %d to %d, want %d to %d", first, last, c.first, c.after)
			}
		})
	}
}
