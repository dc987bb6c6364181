package shardgroup

import (
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/resp"
)

func TestJudge(t *testing.T) {
	at := func(index, state uint64) fsm.Sample { return fsm.Sample{Index: index, Log: 1, State: state} }
	list := func(s ...fsm.Sample) []fsm.Sample { return s }
	three := []string{"a", "b", "c"}
	for _, c := range []struct {
		name     string
		data     []string
		seen     map[string][]fsm.Sample
		compared uint64
		index    uint64
		wrong    []string
	}{
		{"nobody answered", three, map[string][]fsm.Sample{"a": list(at(5, 1))}, 0, 0, nil},
		{"no entry in common", three, map[string][]fsm.Sample{"a": list(at(5, 1)), "b": list(at(6, 1))}, 0, 0, nil},
		{"all alike", three, map[string][]fsm.Sample{"a": list(at(5, 1), at(6, 2)), "b": list(at(5, 1), at(6, 2)), "c": list(at(5, 1))}, 6, 0, nil},
		{"one of three is wrong", three, map[string][]fsm.Sample{"a": list(at(5, 1)), "b": list(at(5, 2)), "c": list(at(5, 1))}, 5, 5, []string{"b"}},
		{"one lags, two differ: nobody can tell", three, map[string][]fsm.Sample{"a": list(at(5, 1)), "b": list(at(5, 2)), "c": list(at(4, 1))}, 5, 5, nil},
		{"three differ", three, map[string][]fsm.Sample{"a": list(at(5, 1)), "b": list(at(5, 2)), "c": list(at(5, 3))}, 5, 5, nil},
		{"one of two: nobody can tell", []string{"a", "b"}, map[string][]fsm.Sample{"a": list(at(5, 1)), "b": list(at(5, 2))}, 5, 5, nil},
		{"two of four: nobody can tell", []string{"a", "b", "c", "d"}, map[string][]fsm.Sample{
			"a": list(at(5, 1)), "b": list(at(5, 2)), "c": list(at(5, 1)), "d": list(at(5, 2))}, 5, 5, nil},
		{"the first difference counts", three, map[string][]fsm.Sample{
			"a": list(at(5, 1), at(6, 1), at(7, 1)), "b": list(at(5, 1), at(6, 2), at(7, 2)), "c": list(at(6, 1), at(7, 3))}, 7, 6, []string{"b"}},
		{"the logs differ", three, map[string][]fsm.Sample{"a": list(at(5, 1)), "b": list(at(5, 1)), "c": list(fsm.Sample{Index: 5, Log: 2, State: 1})}, 5, 5, []string{"c"}},
	} {
		v := judge(c.data, c.seen)
		if v.compared != c.compared || v.index != c.index || !reflect.DeepEqual(v.wrong, c.wrong) {
			t.Errorf("%s: %+v", c.name, v)
		}
	}
}

func TestSamplesTravel(t *testing.T) {
	want := []fsm.Sample{{Index: 1, Log: 2, State: 3}, {Index: 1 << 60, Log: 1 << 63, State: 7}}
	got, err := decodeSamples(encodeSamples(want))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v %v", got, err)
	}
	other := encodeSamples(want)
	other[0]++
	if got, err := decodeSamples(append(other, 1, 2, 3)); err != nil || len(got) != 0 {
		t.Errorf("samples of another version: %v %v", got, err)
	}
	for _, bad := range [][]byte{nil, encodeSamples(want)[:20]} {
		if _, err := decodeSamples(bad); err == nil {
			t.Errorf("% x was taken", bad)
		}
	}
}

// noticed waits until a member stops because its state differs.
func (g *trio) noticed(s *testSeat, limit time.Duration) {
	g.t.Helper()
	began := time.Now()
	g.until("the damage is noticed", func() bool { return len(s.failed) > 0 })
	if err := <-s.failed; !errors.Is(err, ErrDiverged) {
		g.t.Errorf("%s: %v", s.node, err)
	}
	if took := time.Since(began); took > limit {
		g.t.Errorf("the damage was noticed after %v", took)
	}
	if g.log.count("THE MEMBERS OF A GROUP HAVE DIFFERENT STATES") == 0 {
		g.t.Error("nothing was logged")
	}
}

// A replica whose memory has a wrong bit is found within seconds, although nothing happens in
// the group; it stops, and the rest goes on.
func TestPatrolFindsDamagedReplica(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		g.fill(100)
		time.Sleep(time.Minute)
		for _, s := range g.seats {
			if p := s.Patrol(); p.Mismatches != 0 || p.Checked == 0 {
				t.Fatalf("%s before the damage: %+v", s.node, p)
			}
		}
		bad := g.followers()[0]
		if !bad.Machine().Damage([]byte("key:42")) {
			t.Fatal("no damage was done")
		}
		g.noticed(bad, 2*time.Minute)
		op, w := g.op("GET key:42"), new(resp.Writer)
		if err := bad.ReplicaRead(t.Context(), &op, w, true); err == nil {
			t.Errorf("the damaged replica answered %q", w.Bytes())
		}
		if p := g.leader().Patrol(); p.Mismatches == 0 {
			t.Error("the leader does not count it")
		}
		g.stop(bad)
		for range 20 {
			if out, err := g.do("INCR key:42"); err != nil {
				t.Fatal(out, err)
			}
			time.Sleep(time.Second)
		}
		for _, s := range g.seats {
			if s != bad && len(s.failed) > 0 {
				t.Errorf("%s failed: %v", s.node, <-s.failed)
			}
		}
	})
}

// The same on a busy leader: it stops, although it is the one who asks, and another leads.
func TestPatrolFindsDamagedLeader(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		g.fill(100)
		g.applied()
		bad := g.leader()
		var writer sync.WaitGroup
		stop := make(chan struct{})
		end := sync.OnceFunc(func() { close(stop); writer.Wait() })
		defer end()
		writer.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(10 * time.Millisecond):
				}
				if l := g.leader(); l != nil && l != bad {
					return
				}
				if bad.Leading() {
					_, _ = g.doOn(bad, "INCR counter")
				}
			}
		})
		time.Sleep(3 * time.Second)
		bad.Machine().Damage([]byte("key:42"))
		g.noticed(bad, 20*time.Second)
		g.until("another leads", func() bool { l := g.leader(); return l != nil && l != bad })
		end()
		g.stop(bad)
		if out, err := g.do("GETSET key:42 x"); err != nil || out != "$2\r\n42\r\n" {
			t.Errorf("%q %v", out, err)
		}
	})
}

// Of two members nobody can tell who is right: both say that they differ, and go on.
func TestPatrolOfTwo(t *testing.T) {
	inBubble(t, "a b", func(t *testing.T, g *trio) {
		g.fill(100)
		g.applied()
		g.followers()[0].Machine().Damage([]byte("key:42"))
		g.until("both have noticed", func() bool {
			return g.seats[0].Patrol().Mismatches > 0 && g.seats[1].Patrol().Mismatches > 0
		})
		time.Sleep(5 * time.Second)
		if out, err := g.do("SET x 1"); err != nil {
			t.Error(out, err)
		}
		for _, s := range g.seats {
			if len(s.failed) > 0 {
				t.Errorf("%s failed: %v", s.node, <-s.failed)
			}
		}
		if n := g.log.count("THE MEMBERS OF A GROUP HAVE DIFFERENT STATES"); n != 2 {
			t.Errorf("it was logged %d times in some seconds, not once by each", n)
		}
	})
}
