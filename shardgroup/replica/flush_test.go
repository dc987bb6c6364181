package replica

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"github.com/redoubtdb/redoubt/persistence"
)

// lateLog is a log whose sync takes as long as the test says.
type lateLog struct {
	persistence.DeferringLog
	mu   sync.Mutex
	hold chan struct{} // guarded by mu; nil: the sync takes no time
	err  error         // guarded by mu: what the sync says
}

func (l *lateLog) StoreUnsynced(entries []*raft.Log) error { return l.StoreLogs(entries) }

func (l *lateLog) Sync() error {
	l.mu.Lock()
	hold, err := l.hold, l.err
	l.mu.Unlock()
	if hold != nil {
		<-hold
	}
	return err
}

func (l *lateLog) set(hold chan struct{}, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hold, l.err = hold, err
}

// withLateLogs restarts a group on such logs.
func (g *trio) withLateLogs() map[*member]*lateLog {
	logs := make(map[*member]*lateLog)
	for _, m := range g.members {
		m.shutdown()
		m.wrapLog = func(inner raft.LogStore) raft.LogStore {
			logs[m] = &lateLog{DeferringLog: syncedLog{inner}}
			return logs[m]
		}
	}
	for _, m := range g.members {
		m.restart()
	}
	return logs
}

// While the leader's own disk is at it the followers get the entry, and nobody's state machine does.
func TestLeaderSyncsWhileItSends(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		logs := g.withLateLogs()
		l := g.leader()
		g.mustPut(l, "before")
		hold := make(chan struct{})
		logs[l].set(hold, nil)
		p := l.Propose([]byte("x"))
		index := l.LastIndex() + 1
		g.eventually("the followers have the entry", func() bool {
			return g.others(l)[0].LastIndex() >= index && g.others(l)[1].LastIndex() >= index
		})
		time.Sleep(5 * DefaultCommitInterval)
		for _, m := range g.members {
			if m.fsm.has("x") {
				t.Errorf("%s has applied an entry that its leader's disk does not have", m.name)
			}
		}
		logs[l].set(nil, nil)
		close(hold)
		if err := p.Wait(context.Background()); err != nil {
			t.Fatal(err)
		}
		g.converge()
	})
}

// The mutation: followers that are told of a commit that counts an unsynced copy apply it.
func TestLeaderSyncIsNeeded(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		logs := g.withLateLogs()
		l := g.leader()
		hold := make(chan struct{})
		logs[l].set(hold, nil)
		p := l.Propose([]byte("x"))
		index := l.LastIndex() + 1
		g.eventually("a follower has the entry", func() bool { return g.others(l)[0].LastIndex() >= index })
		l.flusher.durable.Store(math.MaxUint64)
		g.eventually("a follower applies what its leader's disk does not have", func() bool { return g.others(l)[0].fsm.has("x") })
		logs[l].set(nil, nil)
		close(hold)
		_ = p.Wait(context.Background())
	})
}

// One that led before says that it holds what it stored itself only when that is durable. A new leader's first
// request may be without entries, so that nothing else in it waits for the disk.
func TestDeposedLeaderSyncsBeforeItAnswers(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		logs := g.withLateLogs()
		l := g.leader()
		g.mustPut(l, "before")
		other := g.others(l)[0]
		hold := make(chan struct{})
		logs[l].set(hold, nil)
		p := l.Propose([]byte("x"))
		index := l.LastIndex() + 1
		g.eventually("a follower has the entry", func() bool { return other.LastIndex() >= index })
		var held atomic.Bool
		held.Store(true)
		var asking sync.WaitGroup
		asking.Go(func() {
			req := &raft.AppendEntriesRequest{
				RPCHeader: raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte(other.options.ID), Addr: []byte(other.options.ID)},
				Term:      l.Term() + 1, PrevLogEntry: index, PrevLogTerm: l.Term(), LeaderCommitIndex: 1,
			}
			var resp raft.AppendEntriesResponse
			err := other.transport.NetworkTransport.AppendEntries(raft.ServerID(l.options.ID), raft.ServerAddress(l.options.ID), req, &resp)
			if err != nil || !resp.Success {
				t.Errorf("a request that fits was answered with %+v, %v", resp, err)
			}
			if held.Load() {
				t.Error("it has said that it holds an entry that is not durable")
			}
		})
		time.Sleep(200 * time.Millisecond)
		held.Store(false)
		logs[l].set(nil, nil)
		close(hold)
		asking.Wait()
		_ = p.Wait(context.Background())
		g.mustPut(g.leader(), "after")
		g.converge()
	})
}

// A sync that fails ends the member, and nothing is answered.
func TestFailedLateSync(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		logs := g.withLateLogs()
		l := g.leader()
		broken := errors.New("broken")
		logs[l].set(nil, broken)
		if err := g.put(l, "x"); !errors.Is(err, ErrUnknown) {
			t.Errorf("put: %v", err)
		}
		if err := <-l.Failed(); !errors.Is(err, broken) {
			t.Errorf("failed with %v", err)
		}
		next := g.leader(l)
		g.mustPut(next, "after")
		if l.fsm.has("x") {
			t.Error("it has applied what its disk has lost")
		}
		l.shutdown()
		g.converge()
	})
}
