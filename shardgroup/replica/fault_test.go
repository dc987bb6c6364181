package replica

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"

	"github.com/redoubtdb/redoubt/persistence"
)

// The field that await relies on is where it was.
func TestAwaitField(t *testing.T) {
	inBubble(t, "a", func(t *testing.T, g *trio) {
		l := g.leader()
		for name, f := range map[string]raft.Future{
			"apply":    l.raft.Apply([]byte("x"), time.Second),
			"barrier":  l.raft.Barrier(time.Second),
			"change":   l.raft.AddNonvoter("z:1", "z:1", 0, time.Second),
			"transfer": l.raft.LeadershipTransferToServer("y:1", "y:1"),
			"snapshot": l.raft.Snapshot(),
		} {
			if !setQuit(f, make(chan struct{})) {
				t.Errorf("%s: %T has no field ShutdownCh that can be set", name, f)
			}
		}
		if setQuit(answered{}, nil) { // as the library answers from the start
			t.Error("an error future has a field")
		}
		_ = l.Remove(t.Context(), "z:1")
	})
}

func TestClassify(t *testing.T) {
	for _, c := range []struct {
		err     error
		certain bool
		reason  error
	}{
		{raft.ErrNotLeader, true, ErrNotLeader},
		{raft.ErrEnqueueTimeout, true, ErrBusy},
		{raft.ErrLeadershipTransferInProgress, true, ErrTransferring},
		{raft.ErrLeadershipLost, false, raft.ErrLeadershipLost},
		{raft.ErrRaftShutdown, false, raft.ErrRaftShutdown},
		{raft.ErrAbortedByRestore, false, raft.ErrAbortedByRestore},
		{context.DeadlineExceeded, false, context.DeadlineExceeded},
		{errors.New("disk full"), false, nil},
	} {
		err := classify(c.err)
		if errors.Is(err, ErrNotRun) != c.certain || errors.Is(err, ErrUnknown) == c.certain {
			t.Errorf("%v: %v", c.err, err)
		}
		if c.reason != nil && !errors.Is(err, c.reason) {
			t.Errorf("%v: reason lost: %v", c.err, err)
		}
	}
	if classify(nil) != nil {
		t.Error("nil is no error")
	}
}

// What is said of a proposal is true: not run is never applied anywhere.
func TestProposalOutcomes(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		l := g.leader()
		follower := g.others(l)[0]
		if err := g.put(follower, "to a follower"); !errors.Is(err, ErrNotRun) || !errors.Is(err, ErrNotLeader) {
			t.Errorf("follower: %v", err)
		}
		if err := g.put(l, strings.Repeat("x", persistence.MaxEntryBytes+1)); !errors.Is(err, ErrNotRun) {
			t.Errorf("too large: %v", err)
		}
		p := l.Propose([]byte("fine"))
		if err := p.Wait(t.Context()); err != nil || p.Index() != l.AppliedIndex() {
			t.Errorf("%v, index %d, applied %d", err, p.Index(), l.AppliedIndex())
		}
		g.acked = append(g.acked, "fine")

		// Cut off: the caller's deadline, then the loss of leadership.
		g.isolate(l)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if err := l.Propose([]byte("deadline")).Wait(ctx); !errors.Is(err, ErrUnknown) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("deadline: %v", err)
		}
		if err := l.Propose([]byte("lost")).Wait(t.Context()); !errors.Is(err, ErrUnknown) {
			t.Errorf("leadership lost: %v", err)
		}
		if err := l.Propose([]byte("after")).Wait(t.Context()); !errors.Is(err, ErrNotRun) {
			t.Errorf("after: %v", err)
		}
		next := g.leader(l)
		g.mustPut(next, "x")
		g.net.HealAll()
		g.converge()
		for _, m := range g.members {
			for _, e := range m.fsm.all() {
				if e == "to a follower" || e == "after" {
					t.Errorf("%s applied %q, which was said not to run", m.name, e)
				}
			}
		}

		// In flight at the shutdown, and after it.
		g.isolate(next)
		inFlight := next.Propose([]byte("in flight"))
		next.shutdown()
		if err := inFlight.Wait(t.Context()); !errors.Is(err, ErrUnknown) {
			t.Errorf("shutdown: %v", err)
		}
		if err := next.Propose([]byte("late")).Wait(t.Context()); !errors.Is(err, ErrNotRun) || !errors.Is(err, ErrClosed) {
			t.Errorf("after the shutdown: %v", err)
		}
	})
}

// Many in flight at once are answered in order, and no more than the limit wait.
func TestManyProposals(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		l := g.leader()
		var all []*Proposal
		refused := 0
		for i := range maxProposals + 50 {
			all = append(all, l.Propose([]byte(fmt.Sprint(i))))
		}
		last := uint64(0)
		for i, p := range all {
			err := p.Wait(t.Context())
			switch {
			case errors.Is(err, ErrBusy) && errors.Is(err, ErrNotRun):
				refused++
			case err != nil:
				t.Fatal(err)
			case p.Index() <= last:
				t.Fatalf("proposal %d at %d after %d", i, p.Index(), last)
			default:
				last = p.Index()
			}
		}
		if refused == 0 || refused > 50 {
			t.Errorf("%d refused", refused)
		}
		if err := g.put(l, "again"); err != nil {
			t.Error(err)
		}
	})
}

// The state machine of one member halts: that member says so, applies nothing
// more, and another leads.
func TestHalt(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		l := g.leader()
		l.fsm.mu.Lock()
		l.fsm.halted = nil
		l.fsm.onApply = func(_ uint64, e string) {
			if e == "bad here" {
				l.fsm.halted = errors.New("cannot decode")
			}
		}
		l.fsm.mu.Unlock()
		if err := l.Propose([]byte("bad here")).Wait(t.Context()); !errors.Is(err, ErrUnknown) || !errors.Is(err, ErrHalted) {
			t.Errorf("halting entry: %v", err)
		}
		if err := <-l.Failed(); !errors.Is(err, ErrHalted) {
			t.Errorf("failure: %v", err)
		}
		if l.LeaseValid() || l.IsLeader() {
			t.Error("a halted member reads or leads")
		}
		count := len(l.fsm.all())
		next := g.leader(l)
		g.mustPut(next, "x")
		time.Sleep(time.Second)
		if len(l.fsm.all()) != count {
			t.Error("a halted member applied entries")
		}
		if err := l.TakeSnapshot(); err == nil {
			t.Error("a halted member took a snapshot")
		}
		l.crash()
		l.restart() // with a state machine that can
		g.converge()
	})
}

// A disk that fails ends the member, not the process; the others go on.
func TestDiskFailure(t *testing.T) {
	for _, what := range []string{"log", "stable"} {
		t.Run(what, func(t *testing.T) {
			inBubble(t, "a b c", func(t *testing.T, g *trio) {
				l := g.leader()
				l.disk.SetFault(func(w, _ string) error {
					if w == what {
						return errors.New("input/output error")
					}
					return nil
				})
				if what == "log" {
					if err := g.put(l, "x"); !errors.Is(err, ErrUnknown) {
						t.Errorf("put: %v", err)
					}
				} else { // the next election writes there
					g.isolate(l)
					g.leader(l)
					g.net.HealAll()
				}
				if err := <-l.Failed(); !errors.Is(err, ErrStore) {
					t.Errorf("failure: %v", err)
				}
				next := g.leader(l)
				g.mustPut(next, "y")
				l.shutdown()
				l.disk.SetFault(nil)
				l.restart()
				g.converge()
			})
		})
	}
}

// A leader whose disk hangs does not hold the group: its followers stop
// hearing from it, and it reads and confirms nothing meanwhile.
func TestDiskStall(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		l := g.leader()
		g.mustPut(l, "before")
		hang := make(chan struct{})
		l.disk.SetFault(func(what, _ string) error {
			if what == "log" {
				<-hang
			}
			return nil
		})
		p := l.Propose([]byte("stalled"))
		began := time.Now()
		next := g.leader(l)
		if d := time.Since(began); d > 6*time.Second {
			t.Errorf("the group hung for %v", d)
		}
		if l.IsLeader() || l.LeaseValid() {
			t.Error("a stalled leader leads on")
		}
		g.mustPut(next, "meanwhile")
		l.disk.SetFault(nil)
		close(hang)
		switch err := p.Wait(t.Context()); {
		case err == nil: // the followers had it before the disk hung, and so it counts like any other
			g.acked = append(g.acked, "stalled")
		case !errors.Is(err, ErrUnknown):
			t.Errorf("stalled: %v", err)
		}
		g.converge()
	})
}

// Shutdown returns although the disk does not, and says so.
func TestShutdownWithHangingDisk(t *testing.T) {
	inBubble(t, "a", func(t *testing.T, g *trio) {
		l := g.leader()
		hang := make(chan struct{})
		l.disk.SetFault(func(what, _ string) error { <-hang; return nil })
		p := l.Propose([]byte("x"))
		synctest.Wait()
		l.up = false
		began := time.Now()
		if err := l.Shutdown(); !errors.Is(err, ErrShutdownStuck) || time.Since(began) > 2*shutdownLimit {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		if err := p.Wait(t.Context()); !errors.Is(err, ErrUnknown) {
			t.Error(err)
		}
		l.follow.Wait()
		_ = l.bus.Close()
		_ = l.store.Close()
		close(hang)
		synctest.Wait()
	})
}

// A damaged newest snapshot does not start.
func TestSnapshotThatDoesNotRestore(t *testing.T) {
	inBubble(t, "a", func(t *testing.T, g *trio) {
		l := g.leader()
		for i := range 100 {
			g.mustPut(l, fmt.Sprint(i))
		}
		l.shutdown()
		l.open()
		sink, err := l.store.Snapshots.Create(1, 90, 2, toRaft(Configuration{Servers: []Server{{"a:1", true}}}), 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = sink.Write([]byte("no snapshot at all"))
		if err := sink.Close(); err != nil {
			t.Fatal(err)
		}
		layer := &deadLayer{done: make(chan struct{})}
		if _, err := Start(Deps{Store: l.store, Layer: layer, FSM: &list{}}, l.options); err == nil {
			t.Error("started on a damaged snapshot")
		}
		_ = l.bus.Close()
		_ = l.store.Close()
		g.acked = nil
	})
}

// answered is a future like the library's for what it refuses at once.
type answered struct{}

func (answered) Error() error { return nil }

// deadLayer is a stream layer that reaches nobody.
type deadLayer struct {
	once sync.Once
	done chan struct{}
}

func (d *deadLayer) Accept() (net.Conn, error) { <-d.done; return nil, net.ErrClosed }
func (d *deadLayer) Close() error              { d.once.Do(func() { close(d.done) }); return nil }
func (d *deadLayer) Addr() net.Addr            { return selfAddr("dead") }
func (d *deadLayer) Dial(string, time.Duration) (net.Conn, error) {
	return nil, errors.New("unreachable")
}
