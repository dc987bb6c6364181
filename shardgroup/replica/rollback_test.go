package replica

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"github.com/redoubtdb/redoubt/persistence"
)

// loss is a case in which two of three members lose the end of their logs.
type loss struct {
	name   string
	before func(g *trio, survivor *member) // they lose it
	after  func(l *member)                 // there is a leader again
}

var losses = []loss{
	{"its log", func(*trio, *member) {}, func(*member) {}},
	{"its snapshot", func(g *trio, survivor *member) { // without a log behind it
		end := survivor.LastIndex()
		survivor.options.TrailingEntries = 1
		survivor.crash()
		survivor.restart()
		g.eventually("the survivor has applied its log again", func() bool { return survivor.AppliedIndex() >= end })
		if err := survivor.TakeSnapshot(); err != nil {
			g.t.Fatal(err)
		}
		survivor.crash()
		survivor.edit(func(s *persistence.GroupStore) error {
			first, _ := s.Log.FirstIndex()
			last, _ := s.Log.LastIndex()
			return s.Log.DeleteRange(first, last)
		})
		survivor.restart()
	}, func(*member) {}},
	{"its log, by a snapshot", func(*trio, *member) {}, func(l *member) {
		if err := l.TakeSnapshot(); err != nil {
			l.t.Fatal(err)
		}
	}},
}

// edit does something with the store of a member that is down.
func (m *member) edit(do func(*persistence.GroupStore) error) {
	m.t.Helper()
	s, err := m.disk.OpenGroup("g", persistence.GroupOptions{})
	if err == nil {
		err = errors.Join(do(s), s.Close())
	}
	if err != nil {
		m.t.Fatal(err)
	}
}

// lose lets two of three members lose the last acknowledged entries, and tells what the third makes of it, and
// whether all have the same then.
func (c *loss) lose(t *testing.T, h hazards) (failure error, same bool) {
	inBubbleExposed(t, "a b c", h, func(t *testing.T, g *trio) {
		survivor := g.leader()
		for i := range 60 {
			g.mustPut(survivor, fmt.Sprint(i))
		}
		g.converge()
		c.before(g, survivor)
		g.isolate(survivor)
		end := survivor.LastIndex()
		for _, m := range g.others(survivor) {
			m.options.TrailingEntries = 1
			m.crash()
			m.edit(func(s *persistence.GroupStore) error {
				last, _ := s.Log.LastIndex()
				return s.Log.DeleteRange(end-9, last)
			})
			m.restart()
		}
		g.acked = nil
		l := g.leader(survivor)
		for i := range 5 {
			g.mustPut(l, fmt.Sprint("again ", i))
		}
		if l.LastIndex() >= end {
			t.Fatalf("the new leader is at %d already, the survivor at %d", l.LastIndex(), end)
		}
		c.after(l)
		g.net.HealAll()
		for i := range 20 {
			g.mustPut(l, fmt.Sprint("more ", i))
		}
		time.Sleep(3 * time.Second) // virtual time: whoever does not notice by then does not at all
		select {
		case failure = <-survivor.Failed():
			survivor.shutdown()
			survivor.edit((*persistence.GroupStore).Reset)
			survivor.restart()
			g.mustPut(l, "end")
			g.converge()
		default:
		}
		same = slices.Equal(survivor.fsm.all(), l.fsm.all())
	})
	return failure, same
}

// A member that has applied what the group has lost notices it, and is like the others when it has
// begun anew.
func TestMajorityLosesItsEnd(t *testing.T) {
	for _, c := range losses {
		t.Run(c.name, func(t *testing.T) {
			if failure, same := c.lose(t, 0); !errors.Is(failure, ErrRolledBack) || !same {
				t.Errorf("%v, the same state: %v", failure, same)
			}
		})
	}
}

func TestNoticingOfLossesIsNeeded(t *testing.T) {
	for _, c := range losses[:1] { // in the others the leader begins again and again, without a pause
		t.Run(c.name, func(t *testing.T) {
			if _, same := c.lose(t, hazardRollback); same {
				t.Error("the states are the same: the test shows nothing")
			}
		})
	}
}

// A leader's entries contradict our snapshot where they have another term at its end, or a later one before.
func TestRolledBack(t *testing.T) {
	for _, c := range []struct {
		name           string
		prev, prevTerm uint64
		terms          []uint64 // of the entries that follow
		want           bool
	}{
		{"a heartbeat", 0, 0, nil, false},
		{"ends before it", 17, 2, []uint64{2, 3}, false},
		{"ends before it, in a later term", 17, 2, []uint64{3, 4}, true},
		{"the same", 17, 2, []uint64{2, 3, 3, 4}, false},
		{"another entry there", 17, 2, []uint64{2, 2, 2, 4}, true},
		{"a later one there", 17, 2, []uint64{2, 3, 4, 4}, true},
		{"behind the same", 20, 3, []uint64{4}, false},
		{"behind another entry", 20, 2, []uint64{4}, true},
		{"behind", 21, 4, []uint64{4}, false},
		{"nothing, behind an earlier one of a later term", 18, 4, nil, true},
		{"nothing, behind an earlier one", 18, 3, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, term := range []uint64{5, 6} {
				b := &standIn{term: term, snap: position{20, 3}}
				req := &raft.AppendEntriesRequest{Term: 5, PrevLogEntry: c.prev, PrevLogTerm: c.prevTerm}
				for i, term := range c.terms {
					req.Entries = append(req.Entries, &raft.Log{Index: c.prev + uint64(i) + 1, Term: term})
				}
				want := c.want && term == 5 // a leader of the past proves nothing
				if got := newGate(b, time.Second).rolledBack(req); got != want || (len(b.lost) == 1) != want {
					t.Errorf("in term %d: %v, failed at %v", term, got, b.lost)
				}
			}
		})
	}
	b := &standIn{term: 5}
	req := &raft.AppendEntriesRequest{Term: 5, PrevLogEntry: 3, PrevLogTerm: 2}
	if newGate(b, time.Second).rolledBack(req) {
		t.Error("without any snapshot")
	}
}

// What is cut off is told from what goes because a snapshot holds it.
func TestCheckRollback(t *testing.T) {
	for _, c := range []struct {
		name                string
		first, last         uint64 // of the log; 0: empty
		snapshot, committed uint64
		from, to            uint64
		want                bool
	}{
		{"a tail that is not committed", 1, 30, 10, 20, 21, 30, false},
		{"a tail that is", 1, 30, 10, 20, 20, 30, true},
		{"a tail that the snapshot holds", 1, 30, 10, 20, 5, 30, true},
		{"all behind the snapshot", 11, 30, 10, 20, 11, 30, true},
		{"all behind the snapshot, not committed", 11, 30, 10, 10, 11, 30, false},
		{"the head", 1, 30, 10, 20, 1, 9, false},
		{"the head, which is all there is", 1, 9, 10, 20, 1, 9, false},
		{"nothing", 0, 0, 10, 20, 0, 9, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, err := persistence.NewMemory().OpenGroup("g", persistence.GroupOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if c.last > 0 {
				if err := g.Log.StoreLogs(entriesOf(c.first, c.last)); err != nil {
					t.Fatal(err)
				}
			}
			var failure error
			l := &logStore{
				inner: g.Log, stores: &stores{fail: func(err error) { failure = err }},
				snapshots: &snapshotStore{newest: position{c.snapshot, 3}}, committed: func() uint64 { return c.committed },
			}
			err = l.checkRollback(c.from, c.to)
			if errors.Is(err, ErrRolledBack) != c.want || errors.Is(failure, ErrRolledBack) != c.want {
				t.Errorf("%v, %v", err, failure)
			}
		})
	}
}
