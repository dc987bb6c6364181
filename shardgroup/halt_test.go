package shardgroup

import (
	"errors"
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/shardgroup/replica"
)

// damaged is an entry with one bit wrong, as memory or a cable may make it before the log
// puts its own checksum around it.
func damaged(g *Group) []byte {
	entry := fsm.EncodeTick(g.header(fsm.KindTick, g.seq.Add(1)), fsm.TickBody{})
	entry[len(entry)-1] ^= 1
	return entry
}

// An entry that cannot be read is not skipped: the member that meets it applies nothing more,
// serves nothing, and says so. A majority meets it, as all have the same bytes; the last one
// does not hear any more that the entry is committed.
func TestDamagedEntryHaltsMembers(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		g.fill(10)
		g.applied()
		l := g.leader()
		before := l.Machine().Applied()
		bad := l.replica.Propose(damaged(l.Group))
		behind, err := g.doOn(l, "SET behind 1") // in the log, behind the damage
		if err == nil {
			t.Errorf("a command behind a damaged entry was answered %q", behind)
		}
		if err := bad.Wait(t.Context()); !errors.Is(err, replica.ErrUnknown) {
			t.Errorf("the damaged entry: %v", err)
		}
		time.Sleep(10 * time.Second)
		halted := 0
		for _, s := range g.seats {
			select {
			case err := <-s.failed:
				halted++
				if !errors.Is(err, fsm.ErrCorrupt) {
					t.Errorf("%s: %v", s.node, err)
				}
			default:
			}
		}
		if halted < 2 {
			t.Errorf("%d members halted", halted)
		}
		for _, s := range g.seats {
			if at := s.Machine().Applied(); at != before {
				t.Errorf("%s went on from entry %d to %d", s.node, before, at)
			}
			if s.Leading() {
				t.Errorf("%s leads", s.node)
			}
		}
	})
}

// A witness reads only the heads of entries, and stops at one that it cannot read.
func TestDamagedEntryHaltsWitness(t *testing.T) {
	var failed error
	w := &witness{fail: func(err error) { failed = err }}
	w.Apply(7, 1, []byte("no entry"))
	if !errors.Is(w.Halted(), fsm.ErrCorrupt) || !errors.Is(failed, fsm.ErrCorrupt) {
		t.Errorf("halted %v, failed %v", w.Halted(), failed)
	}
}
