package replica

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"
)

// For each hazard of the library there is a test that it does no harm, and one, whose name
// ends in IsNeeded, that it does when our wrapper is taken out: so the first one can fail.

// elections watches, by what the library logs, who becomes leader of which term, and can make a
// member's main goroutine pause where it has won an election.
type elections struct {
	armed atomic.Bool // the next winner pauses
	mu    sync.Mutex  // guards won
	won   map[uint64][]string
}

// electionLog is the log handler of one member.
type electionLog struct {
	slog.Handler
	of *elections
	m  *member
}

func (e electionLog) Enabled(context.Context, slog.Level) bool { return true }
func (e electionLog) WithAttrs([]slog.Attr) slog.Handler       { return e }

func (e electionLog) Handle(_ context.Context, r slog.Record) error {
	switch r.Message {
	case "raft: election won":
		if e.of.armed.CompareAndSwap(true, false) {
			time.Sleep(3 * time.Second)
		}
	case "raft: entering leader state":
		if running := e.m.running.Load(); running != nil {
			e.of.mu.Lock()
			defer e.of.mu.Unlock()
			term := running.raft.CurrentTerm()
			e.of.won[term] = append(e.of.won[term], e.m.name)
		}
	}
	return nil
}

// twoLeaders lets a member win an election and then pause, while others elect a leader of the
// next term, who sends it heartbeats. It returns whether a term had two leaders.
func twoLeaders(t *testing.T, h hazards) (found bool) {
	inBubbleExposed(t, "a b c", h, func(t *testing.T, g *trio) {
		seen := &elections{won: make(map[uint64][]string)}
		for _, m := range g.members {
			m.shutdown()
			m.logger = slog.New(electionLog{slog.DiscardHandler, seen, m})
			m.restart()
		}
		old := g.leader()
		seen.armed.Store(true)
		g.isolate(old)
		g.eventually("somebody has won an election", func() bool { return !seen.armed.Load() })
		g.net.HealAll()
		time.Sleep(8 * time.Second)
		seen.mu.Lock()
		defer seen.mu.Unlock()
		if len(seen.won) < 2 {
			t.Errorf("leaders %v: the test shows nothing", seen.won)
		}
		for _, names := range seen.won {
			found = found || len(names) > 1
		}
		if h != 0 {
			g.overlap = 0 // it is no wonder
			return
		}
		g.mustPut(g.leader(), "x")
		g.converge()
	})
	return found
}

// Heartbeats do not overtake the main loop (hashicorp/raft #695): a member that has won an
// election does not become the leader of a term that it hears of in this moment.
func TestHeartbeatsTakeTheMainLoop(t *testing.T) {
	if twoLeaders(t, 0) {
		t.Error("two members led in one term")
	}
}

func TestHeartbeatsInTheMainLoopIsNeeded(t *testing.T) {
	if !twoLeaders(t, hazardHeartbeats) {
		t.Error("no two leaders in one term: the test shows nothing")
	}
}

// failedWithin is why the member failed, nil if it has not in that time.
func (m *member) failedWithin(d time.Duration) error {
	time.Sleep(d)
	select {
	case err := <-m.Failed():
		return err
	default:
		return nil
	}
}

// stuckTransfer makes the library begin a transfer that does not end (hashicorp/raft #696): its
// target is silent and lacks entries, and the request to send them that an earlier transfer has
// left behind is never taken.
//
// The goroutine that waits for that stays for ever, also after the member's end; release lets it go.
func (g *trio) stuckTransfer() (l, silent *member, release func()) {
	g.t.Helper()
	l = g.leader()
	silent = g.others(l)[0]
	g.net.CutBoth(l.name, silent.name)
	for range 3 {
		g.mustPut(l, fmt.Sprint("lacking ", l.LastIndex()))
		time.Sleep(3 * time.Second)
	}
	to := raft.ServerID(silent.options.ID)
	first := l.raft.LeadershipTransferToServer(to, raft.ServerAddress(to))
	if first.Error() == nil {
		g.t.Fatal("a transfer to a member that is silent succeeded")
	}
	g.eventually("the first one is over", func() bool { return g.put(l, fmt.Sprint("between ", l.LastIndex())) == nil })
	l.raft.LeadershipTransferToServer(to, raft.ServerAddress(to))
	time.Sleep(2 * l.options.election())
	queue := replicationQueue(l.raft, to)
	return l, silent, func() {
		for range 2 {
			queue.TryRecv()
			synctest.Wait()
		}
	}
}

// replicationQueue is where the library's transfer asks for entries to be sent to a peer.
func replicationQueue(r *raft.Raft, peer raft.ServerID) reflect.Value {
	open := func(v reflect.Value) reflect.Value { return reflect.NewAt(v.Type(), v.Addr().UnsafePointer()).Elem() }
	peers := open(reflect.ValueOf(r).Elem().FieldByName("leaderState").FieldByName("replState"))
	return open(peers.MapIndex(reflect.ValueOf(peer)).Elem().FieldByName("triggerDeferErrorCh"))
}

// A transfer that does not end is noticed: the member says so, its group goes on without it, and it
// is well again after a restart. We would not have begun it: the target is silent.
func TestTransferThatHangs(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		l, silent, release := g.stuckTransfer()
		defer release()
		if err := l.Transfer(t.Context(), silent.options.ID); !errors.Is(err, ErrNotRun) || !errors.Is(err, ErrNotCaughtUp) {
			t.Errorf("a transfer to a member that is silent: %v", err)
		}
		term, began := l.Term(), time.Now()
		l.spawn(func() { l.watchTransfer(term, began) })
		if err := l.failedWithin(2 * transferFactor * l.options.election()); !errors.Is(err, ErrTransferStuck) {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		g.mustPut(g.leader(l), "x")
		l.shutdown()
		g.net.HealAll()
		l.restart()
		g.converge()
	})
}

func TestTransferWatchIsNeeded(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		l, _, release := g.stuckTransfer()
		defer release()
		for range 30 { // half a minute, with a majority and all
			if err := g.put(l, "x"); !errors.Is(err, ErrTransferring) {
				t.Fatalf("the transfer ended by itself (%v): the test shows nothing", err)
			}
			time.Sleep(time.Second)
		}
		if !l.IsLeader() {
			t.Error("somebody else leads: the test shows nothing")
		}
	})
}

// The applied index is that of what the state machine has done, and configurations reach it.
// The library's own runs ahead: what waits for it may read the past.
func TestAppliedIndexIsTheMachines(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		l := g.leader()
		var done atomic.Uint64
		l.fsm.mu.Lock()
		l.fsm.onApply = func(index uint64, _ string) {
			time.Sleep(50 * time.Millisecond)
			done.Store(index)
		}
		l.fsm.mu.Unlock()
		for i := range 20 {
			l.Propose([]byte(fmt.Sprint(i)))
		}
		ahead := false
		for range 2000 {
			theirs, ours := l.raft.AppliedIndex(), l.AppliedIndex()
			now := done.Load()
			if ours > now && now > 0 {
				t.Fatalf("applied index %d, the state machine has done %d", ours, now)
			}
			ahead = ahead || now > 0 && theirs > now
			time.Sleep(time.Millisecond)
		}
		if !ahead {
			t.Error("the library's index never ran ahead: the test shows nothing")
		}
		before := l.AppliedIndex()
		if err := l.AddLearner("z:1"); err != nil {
			t.Fatal(err)
		}
		g.eventually("the configuration is applied", func() bool { return l.AppliedIndex() > before })
		if _, ok := l.fsm.config.Find("z:1"); !ok {
			t.Error("the state machine was not told the configuration")
		}
	})
}

// staleReads counts the moments at which a new leader, who does not know yet what the one before
// has acknowledged, says that it may read. The only other voter answers it, but needs time to catch
// up, so that the first entry of the term is committed late.
func staleReads(t *testing.T, h hazards) (stale int) {
	inBubbleExposed(t, "a b c", h, func(t *testing.T, g *trio) {
		for _, m := range g.members {
			m.shutdown()
			m.options.MaxAppend = 1
			m.restart()
		}
		for round := range 5 {
			old := g.leader()
			g.converge()
			behind, next := g.others(old)[0], g.others(old)[1]
			g.net.CutBoth(old.name, behind.name)
			last := ""
			for i := range 20 {
				last = fmt.Sprint("acknowledged ", round, " ", i)
				g.mustPut(old, last)
			}
			old.crash()
			behind.disk.SetFault(func(what, _ string) error {
				if what == "log" {
					time.Sleep(20 * time.Millisecond)
				}
				return nil
			})
			g.net.HealAll()
			for range 2000 {
				if next.LeaseValid() && !next.fsm.has(last) {
					stale++
				}
				time.Sleep(time.Millisecond)
			}
			behind.disk.SetFault(nil)
			old.restart()
		}
		g.leader()
		g.converge()
	})
	return stale
}

// A new leader whose commit index is old does not read before an entry of its own term is applied.
func TestNewLeaderReadsNothingOld(t *testing.T) {
	if n := staleReads(t, 0); n > 0 {
		t.Errorf("%d moments at which a new leader would have read the past", n)
	}
}

func TestEntryOfTheOwnTermIsNeeded(t *testing.T) {
	if n := staleReads(t, hazardOldCommit); n == 0 {
		t.Error("no stale read even without it: the test shows nothing")
	}
}

// The future of the library is not answered while its disk hangs (hashicorp/raft #145), ours is
// when the caller's time is up.
func TestFutureThatIsNeverAnswered(t *testing.T) {
	inBubble(t, "a", func(t *testing.T, g *trio) {
		l := g.leader()
		hang := make(chan struct{})
		l.disk.SetFault(func(string, string) error { <-hang; return nil })
		raw := l.raft.Apply([]byte("theirs"), time.Second)
		var answered atomic.Bool
		var w sync.WaitGroup
		w.Go(func() { _ = raw.Error(); answered.Store(true) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if err := l.Propose([]byte("ours")).Wait(ctx); !errors.Is(err, ErrUnknown) && !errors.Is(err, ErrNotRun) || time.Since(began) > 2*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		time.Sleep(time.Minute)
		if answered.Load() {
			t.Error("the library has answered: the test shows nothing")
		}
		l.disk.SetFault(nil)
		close(hang)
		w.Wait()
	})
}

// An entry whose leader has lost its leadership may be committed all the same: nobody may be told
// that it was not run.
func TestLostLeadershipIsNoRefusal(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		l := g.leader()
		g.converge()
		for _, m := range g.others(l) { // they hear, and are not heard
			g.net.Cut(m.name, l.name)
		}
		err := g.put(l, "in doubt")
		if !errors.Is(err, ErrUnknown) || errors.Is(err, ErrNotRun) {
			t.Errorf("%v", err)
		}
		next := g.leader(l)
		g.mustPut(next, "x")
		if !slices.Contains(next.fsm.all(), "in doubt") {
			t.Error("the entry was not committed: the test shows nothing")
		}
		g.net.HealAll()
		g.converge()
	})
}

// Without the limit on a stalled disk its leader holds the group for as long as the disk hangs,
// since it goes on sending heartbeats (hashicorp/raft #503, #612). TestDiskStall has the limit.
func TestDiskStallIsNeeded(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		for _, m := range g.members {
			m.shutdown()
			m.options.DiskStall = time.Hour
			m.restart()
		}
		l := g.leader()
		hang := make(chan struct{})
		l.disk.SetFault(func(what, _ string) error {
			if what == "log" {
				<-hang
			}
			return nil
		})
		l.Propose([]byte("stalled"))
		for range 60 {
			for _, m := range g.others(l) {
				if m.IsLeader() {
					t.Fatal("somebody else leads: the test shows nothing")
				}
			}
			time.Sleep(time.Second)
		}
		l.disk.SetFault(nil)
		close(hang)
		g.converge()
	})
}

// serves says whether a group of one, whose owner reads no changes of leadership, can be used.
func serves(t *testing.T, h hazards) (ok bool) {
	inBubbleExposed(t, "a", h, func(t *testing.T, g *trio) {
		m := g.members[0]
		m.shutdown()
		m.deaf = true
		m.restart()
		for range 60 {
			time.Sleep(time.Second)
			if m.raft.State() == raft.Leader && g.put(m, "x") == nil {
				ok = true
			}
		}
	})
	return ok
}

// An owner that does not listen to changes of leadership delays nobody.
func TestNobodyListensToLeadership(t *testing.T) {
	if !serves(t, 0) {
		t.Error("the leader waits for somebody who listens")
	}
}

func TestNoNotifyChIsNeeded(t *testing.T) {
	if serves(t, hazardNotify) {
		t.Error("the leader does not wait: the test shows nothing")
	}
}
