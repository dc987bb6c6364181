package replica

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/persistence"
)

// join starts a member that is in nobody's configuration yet.
func (g *trio) join(name string) *member {
	g.t.Helper()
	m := g.add(name)
	m.open()
	m.start()
	return m
}

func TestLearnerBecomesVoter(t *testing.T) {
	inBubble(t, "a", func(t *testing.T, g *trio) {
		l := g.leader()
		g.mustPut(l, "x")
		b := g.join("b")
		if err := l.Promote(t.Context(), b.options.ID); !errors.Is(err, ErrNoMember) || !errors.Is(err, ErrNotRun) {
			t.Errorf("promoted a stranger: %v", err)
		}
		if err := l.AddLearner(b.options.ID); err != nil {
			t.Fatal(err)
		}
		g.converge()
		if s, ok := l.Configuration().Find("b:1"); !ok || s.Voter {
			t.Errorf("b is %+v", s)
		}
		g.net.CutBoth("a", "b")
		if !l.LeaseValid() {
			t.Error("a learner is needed for the lease")
		}
		g.mustPut(l, "y")
		g.net.HealAll()
		g.converge()
		if err := l.Promote(t.Context(), "b:1"); err != nil {
			t.Fatal(err)
		}
		g.mustPut(l, "z")
		g.converge()
		for _, m := range g.members {
			if c := m.fsm.config; c.Voters() != 2 {
				t.Errorf("%s was told %+v", m.name, c)
			}
		}
		// Of two voters each is needed.
		g.net.CutBoth("a", "b")
		time.Sleep(time.Second)
		if l.LeaseValid() || l.IsLeader() {
			t.Error("leads without the other of two voters")
		}
		g.net.HealAll()
		g.leader()
		if err := g.put(g.leader(), "v"); err != nil {
			t.Error(err)
		}
		g.converge()
	})
}

// A learner that lags is not promoted, one with a long way to go catches up by
// snapshot.
func TestSnapshotCatchUp(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		l := g.leader()
		for i := range 600 {
			g.mustPut(l, fmt.Sprint(i))
		}
		if err := l.TakeSnapshot(); err != nil {
			t.Fatal(err)
		}
		if first, _ := l.store.Log.FirstIndex(); l.SnapshotIndex() == 0 || first < 500 {
			t.Fatalf("snapshot at %d, log from %d", l.SnapshotIndex(), first)
		}
		d := g.add("d")
		d.open()
		if err := l.AddLearner("d:1"); err != nil {
			t.Fatal(err)
		}
		if err := l.Promote(t.Context(), "d:1"); !errors.Is(err, ErrNotCaughtUp) || !errors.Is(err, ErrNotRun) {
			t.Errorf("promoted a member that is not even up: %v", err)
		}
		d.start()
		g.converge()
		if d.fsm.restore != 1 || d.AppliedIndex() < 600 {
			t.Errorf("%d snapshots restored, applied %d", d.fsm.restore, d.AppliedIndex())
		}
		g.eventually("d is promoted", func() bool { return l.Promote(t.Context(), "d:1") == nil })
		d.crash()
		d.restart()
		g.mustPut(l, "after")
		g.converge()
	})
}

// Snapshots are taken by entries and by bytes, and a restart begins with one.
func TestSnapshotsByEntriesAndBytes(t *testing.T) {
	for name, o := range map[string]Options{
		"entries": {SnapshotEntries: 50, SnapshotBytes: 1 << 30},
		"bytes":   {SnapshotEntries: 1 << 30, SnapshotBytes: 1000},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, "a", func(t *testing.T, g *trio) {
				a := g.leader()
				a.shutdown()
				a.options.SnapshotEntries, a.options.SnapshotBytes = o.SnapshotEntries, o.SnapshotBytes
				a.restart()
				g.leader()
				for i := range 300 {
					g.mustPut(a, fmt.Sprintf("entry %09d", i))
				}
				g.eventually("a snapshot", func() bool { return a.SnapshotIndex() > 200 })
				if first, _ := a.store.Log.FirstIndex(); first < 100 {
					t.Errorf("the log still begins at %d", first)
				}
				list, err := a.store.Snapshots.List()
				if err != nil || len(list) == 0 || list[0].Index != a.SnapshotIndex() {
					t.Errorf("snapshots %v %v", list, err)
				}
				a.crash()
				a.restart()
				g.leader()
				g.converge()
				if a.fsm.restore != 1 {
					t.Errorf("%d snapshots restored", a.fsm.restore)
				}
			})
		})
	}
}

// A learner that has died since it caught up gets no vote: with one of three voters dead, the group
// would need it, and could not take its vote back.
func TestPromotionOfTheDead(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		l := g.leader()
		d := g.join("d")
		if err := l.AddLearner("d:1"); err != nil {
			t.Fatal(err)
		}
		g.eventually("d has caught up", func() bool { return l.caughtUp("d:1") == nil })
		dead := g.others(l)[0]
		dead.crash()
		g.mustPut(l, "x")
		d.crash()
		if err := l.Promote(t.Context(), "d:1"); !errors.Is(err, ErrNoMajority) || !errors.Is(err, ErrNotRun) {
			t.Errorf("promoted: %v", err)
		}
		g.mustPut(l, "y")
		d.restart()
		g.eventually("d is promoted", func() bool { return l.Promote(t.Context(), "d:1") == nil })
		if err := l.Remove(t.Context(), dead.options.ID); err != nil {
			t.Fatal(err)
		}
		g.mustPut(l, "z")
		g.converge()
	})
}

func TestRemoveAndDemote(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		l := g.leader()
		out, other := g.others(l)[0], g.others(l)[1]
		if err := other.Remove(t.Context(), out.options.ID); !errors.Is(err, ErrNotRun) || !errors.Is(err, ErrNotLeader) {
			t.Errorf("a follower removed a member: %v", err)
		}
		if err := l.Demote(t.Context(), out.options.ID); err != nil {
			t.Fatal(err)
		}
		if err := l.Remove(t.Context(), out.options.ID); err != nil {
			t.Fatal(err)
		}
		term := l.Term()
		time.Sleep(10 * time.Second) // the removed member does not disturb
		if !l.IsLeader() || l.Term() != term {
			t.Errorf("the removed member disturbed: term %d, now %d", term, l.Term())
		}
		out.shutdown()
		g.mustPut(l, "x")
		if err := l.Remove(t.Context(), other.options.ID); err != nil {
			t.Fatal(err)
		}
		g.eventually("a lease alone", l.LeaseValid)
		if err := l.Remove(t.Context(), l.options.ID); !errors.Is(err, ErrNotRun) {
			t.Errorf("removed the last voter: %v", err)
		}
		if err := l.Demote(t.Context(), l.options.ID); !errors.Is(err, ErrNotRun) {
			t.Errorf("demoted the last voter: %v", err)
		}
		other.shutdown()
		g.mustPut(l, "y")
		g.converge()
	})
}

// A leader that removes itself steps down; the rest go on.
func TestLeaderRemovesItself(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		l := g.leader()
		if err := l.Remove(t.Context(), l.options.ID); err != nil {
			t.Fatal(err)
		}
		next := g.leader(l)
		if l.IsLeader() || l.LeaseValid() {
			t.Error("leads on")
		}
		l.shutdown()
		g.mustPut(next, "x")
		g.converge()
	})
}

func TestTransfer(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		l := g.leader()
		next := g.others(l)[0]
		if err := l.Transfer(t.Context(), l.options.ID); !errors.Is(err, ErrNotRun) {
			t.Errorf("transferred to itself: %v", err)
		}
		if err := next.Transfer(t.Context(), l.options.ID); !errors.Is(err, ErrNotLeader) {
			t.Errorf("a follower transferred: %v", err)
		}
		g.mustPut(l, "x")
		began := time.Now()
		if err := l.Transfer(t.Context(), next.options.ID); err != nil {
			t.Fatal(err)
		}
		if g.leader() != next || time.Since(began) > 100*time.Millisecond {
			t.Errorf("%s leads after %v", g.leader().name, time.Since(began))
		}
		g.mustPut(next, "y")
		g.converge()
	})
}

// A transfer to a member that falls silent fails; the leader leads on, writes,
// and does not use its lease for the rest of the term.
func TestFailedTransfer(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		l := g.leader()
		dead := g.others(l)[0]
		g.net.CutBoth(l.name, dead.name)
		if err := l.Transfer(t.Context(), dead.options.ID); err == nil || errors.Is(err, ErrNotRun) {
			t.Fatalf("transfer: %v", err)
		}
		term := l.Term()
		for range 3000 {
			if l.Term() == term && l.LeaseValid() {
				t.Fatal("a lease after a failed transfer")
			}
			time.Sleep(time.Millisecond)
		}
		if l.IsLeader() && l.Term() == term {
			if err := l.Confirm(t.Context()); err != nil {
				t.Error(err)
			}
			g.mustPut(l, "x")
		}
		// The request to take over arrives late: nobody obeys.
		g.net.HealAll()
		time.Sleep(time.Second)
		select {
		case err := <-l.Failed():
			t.Errorf("failed: %v", err)
		default:
		}
		// A member that lags or is away is not even tried.
		g.isolate(dead)
		now := g.leaderAny(dead)
		time.Sleep(time.Second)
		if err := now.Transfer(t.Context(), dead.options.ID); !errors.Is(err, ErrNotCaughtUp) {
			t.Errorf("transfer to a member that is away: %v", err)
		}
		g.net.HealAll()
		g.converge()
	})
}

// leaderAny waits for a leader, with or without a lease.
func (g *trio) leaderAny(not *member) (found *member) {
	g.eventually("a leader", func() bool {
		for _, m := range g.members {
			if m.up && m != not && m.IsLeader() {
				found = m
			}
		}
		return found != nil
	})
	return found
}

func TestBootstrapOnlyOnce(t *testing.T) {
	disk := persistence.NewMemory()
	store, err := disk.OpenGroup("g", persistence.GroupOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c := Configuration{Servers: []Server{{ID: "a:1", Voter: true}}}
	if err := Bootstrap(store, Configuration{}); err == nil {
		t.Error("bootstrapped without a voter")
	}
	if err := store.Stable.SetUint64(keyTerm(), 1); err != nil { // a crash in the middle
		t.Fatal(err)
	}
	if err := Bootstrap(store, c); err != nil {
		t.Fatal(err)
	}
	if err := Bootstrap(store, c); !errors.Is(err, ErrNotEmpty) {
		t.Error(err)
	}
}
