package replica

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

// tornRestore has a follower fail half-way in restoring the snapshot that it is sent. It returns whether
// the follower goes on with half a state, and its failure.
func tornRestore(t *testing.T, h hazards) (torn bool, failure error) {
	inBubbleExposed(t, "a b c", h, func(t *testing.T, g *trio) {
		l := g.leader()
		f := g.others(l)[0]
		g.mustPut(l, "first")
		g.converge()
		g.isolate(f)
		for i := range 100 {
			g.mustPut(l, fmt.Sprint(i))
		}
		if err := l.TakeSnapshot(); err != nil {
			t.Fatal(err)
		}
		f.fsm.mu.Lock()
		f.fsm.tear = true
		f.fsm.mu.Unlock()
		time.Sleep(5 * time.Second) // entries that were to be sent before are given up
		g.net.HealAll()
		time.Sleep(5 * time.Second)
		failure = f.failedWithin(0)
		all := f.fsm.all()
		torn = failure == nil && slices.Contains(all, "9") && !slices.Contains(all, "99")
		if h != 0 {
			return
		}
		g.mustPut(g.leader(f), "meanwhile")
		f.shutdown()
		f.restart()
		g.converge()
	})
	return torn, failure
}

// A restore that fails half-way ends the member; it begins anew, from a whole state.
func TestRestoreThatFailsHalfWay(t *testing.T) {
	torn, failure := tornRestore(t, 0)
	if torn || !errors.Is(failure, ErrHalted) {
		t.Errorf("went on with half a state: %v; failure: %v", torn, failure)
	}
}

func TestHaltAfterRestoreIsNeeded(t *testing.T) {
	if torn, failure := tornRestore(t, hazardRestore); !torn {
		t.Errorf("it does not go on with half a state (%v): the test shows nothing", failure)
	}
}

// lateSnapshot sends a follower a snapshot that is older than its state. It returns whether entries
// that it had applied are gone.
func lateSnapshot(t *testing.T, h hazards) (lost bool) {
	inBubbleExposed(t, "a b c", h, func(t *testing.T, g *trio) {
		l := g.leader()
		f := g.others(l)[0]
		for i := range 50 {
			g.mustPut(l, fmt.Sprint(i))
		}
		if err := l.TakeSnapshot(); err != nil {
			t.Fatal(err)
		}
		list, err := l.store.Snapshots.List()
		if err != nil || len(list) == 0 {
			t.Fatal(list, err)
		}
		meta, rc, err := l.store.Snapshots.Open(list[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		data, _ := io.ReadAll(rc)
		for i := range 20 {
			g.mustPut(l, fmt.Sprint("more ", i))
		}
		g.converge()
		req := &raft.InstallSnapshotRequest{
			RPCHeader:       raft.RPCHeader{ProtocolVersion: 3, ID: []byte(l.options.ID), Addr: []byte(l.options.ID)},
			SnapshotVersion: 1, Term: l.Term(), LastLogIndex: meta.Index, LastLogTerm: meta.Term,
			Configuration: raft.EncodeConfiguration(meta.Configuration), ConfigurationIndex: meta.ConfigurationIndex, Size: int64(len(data)),
		}
		var resp raft.InstallSnapshotResponse
		target := raft.ServerAddress(f.options.ID)
		if err := l.transport.NetworkTransport.InstallSnapshot(raft.ServerID(target), target, req, &resp, bytes.NewReader(data)); err != nil || !resp.Success {
			t.Fatal(resp, err)
		}
		lost = !slices.Contains(f.fsm.all(), "more 19")
		if h == 0 {
			g.mustPut(l, "end")
			g.converge()
		}
	})
	return lost
}

// A snapshot that arrives late takes nothing away.
func TestLateSnapshot(t *testing.T) {
	if lateSnapshot(t, 0) {
		t.Error("acknowledged entries are gone")
	}
}

func TestRefusalOfLateSnapshotsIsNeeded(t *testing.T) {
	if !lateSnapshot(t, hazardInstall) {
		t.Error("nothing is lost: the test shows nothing")
	}
}

// foreignCommit sends a follower, whose log ends with entries that nobody else has, a request without
// entries that names a high commit index. It returns whether the follower applies its own wrong ones.
func foreignCommit(t *testing.T, h hazards) (wrong bool) {
	inBubbleExposed(t, "a b c", h, func(t *testing.T, g *trio) {
		victim := g.leader()
		g.mustPut(victim, "known")
		g.converge()
		known := victim.LastIndex()
		g.isolate(victim)
		for i := range 10 {
			victim.Propose([]byte(fmt.Sprint("lost ", i)))
		}
		time.Sleep(time.Second)
		l := g.leader(victim)
		for i := range 20 {
			g.mustPut(l, fmt.Sprint("new ", i))
		}
		e := new(raft.Log)
		if err := l.store.Log.GetLog(known, e); err != nil {
			t.Fatal(err)
		}
		req := &raft.AppendEntriesRequest{
			RPCHeader: raft.RPCHeader{ProtocolVersion: 3, ID: []byte(l.options.ID), Addr: []byte(l.options.ID)},
			Term:      l.Term(), PrevLogEntry: known, PrevLogTerm: e.Term, LeaderCommitIndex: l.CommitIndex(),
		}
		answer := make(chan raft.RPCResponse, 1)
		rpc := raft.RPC{Command: req, RespChan: answer}
		if !victim.gate.refuse(&rpc) {
			victim.gate.pass(rpc, t.Context().Done())
		}
		<-answer
		time.Sleep(100 * time.Millisecond)
		wrong = slices.Contains(victim.fsm.all(), "lost 0")
		if h == 0 {
			g.net.HealAll()
			g.converge()
		}
	})
	return wrong
}

// A commit index counts only as far as the request shows that the logs are the same.
func TestCommitIndexBeyondTheRequest(t *testing.T) {
	if foreignCommit(t, 0) {
		t.Error("entries were applied that nobody committed")
	}
}

func TestLimitOfCommitIndexIsNeeded(t *testing.T) {
	if !foreignCommit(t, hazardGraft) {
		t.Error("nothing wrong was applied: the test shows nothing")
	}
}

// returning has a member come back after a minute, and returns how long it waits for its entries.
func returning(t *testing.T, h hazards) (took time.Duration) {
	inBubbleExposed(t, "a b c", h, func(t *testing.T, g *trio) {
		l := g.leader()
		absent := g.others(l)[0]
		g.isolate(absent)
		for i := range 60 {
			g.mustPut(l, fmt.Sprint(i))
			time.Sleep(time.Second)
		}
		g.net.HealAll()
		began := time.Now()
		g.eventually("the member has the log", func() bool { return l.Matched(idOf(absent.name)) == l.LastIndex() })
		took = time.Since(began)
		g.converge()
	})
	return took
}

func TestRepeatedRequestsAreNeeded(t *testing.T) {
	if took := returning(t, hazardReturn); took < returnLimit {
		t.Errorf("a member that comes back waits only %v without them: the test shows nothing", took)
	}
}

// A member stops at once, although its main loop reads a snapshot whose sender has fallen silent.
func TestShutdownWaitsForNobody(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		l := g.leader()
		g.mustPut(l, "x")
		f := g.others(l)[0]
		req := &raft.InstallSnapshotRequest{
			RPCHeader:       raft.RPCHeader{ProtocolVersion: 3, ID: []byte(l.options.ID), Addr: []byte(l.options.ID)},
			SnapshotVersion: 1, Term: l.Term(), LastLogIndex: l.LastIndex() + 100, LastLogTerm: l.Term(),
			Configuration: raft.EncodeConfiguration(toRaft(l.Configuration())), ConfigurationIndex: 1, Size: 1000,
		}
		silent, end := io.Pipe()
		var w sync.WaitGroup
		w.Go(func() {
			target := raft.ServerAddress(f.options.ID)
			_ = l.transport.NetworkTransport.InstallSnapshot(raft.ServerID(target), target, req, new(raft.InstallSnapshotResponse), silent)
		})
		time.Sleep(100 * time.Millisecond)
		began := time.Now()
		f.shutdown()
		if took := time.Since(began); took > 100*time.Millisecond {
			t.Errorf("took %v", took)
		}
		_ = end.Close()
		w.Wait()
	})
}
