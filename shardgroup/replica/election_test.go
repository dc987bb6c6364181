package replica

import (
	"fmt"
	"testing"
	"time"
)

func TestElectionAndProposals(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		l := g.leader()
		for i := range 100 {
			g.mustPut(l, fmt.Sprint(i))
		}
		g.converge()
		for _, m := range g.others(l) {
			if m.LeaseValid() || m.IsLeader() {
				t.Errorf("%s is no leader", m.name)
			}
			if id, _ := m.Leader(); id != idOf(l.name) {
				t.Errorf("%s follows %s", m.name, id)
			}
		}
		if err := l.Confirm(t.Context()); err != nil {
			t.Error(err)
		}
		if p := l.Progress(); len(p) != 2 || p[0].Matched != l.LastIndex() || time.Since(p[0].LastContact) > 200*time.Millisecond {
			t.Errorf("progress %+v, last index %d", p, l.LastIndex())
		}
	})
}

// A group of one leads at once, also after a restart, and always has its lease.
func TestGroupOfOne(t *testing.T) {
	inBubble(t, "a", func(t *testing.T, g *trio) {
		began := time.Now()
		l := g.leader()
		g.mustPut(l, "x")
		if d := time.Since(began); d > 50*time.Millisecond {
			t.Errorf("took %v to lead alone", d)
		}
		time.Sleep(time.Minute)
		if !l.LeaseValid() {
			t.Error("lost its lease against nobody")
		}
		if err := l.Confirm(t.Context()); err != nil {
			t.Error(err)
		}
		l.crash()
		l.restart()
		g.leader()
		g.converge()
	})
}
