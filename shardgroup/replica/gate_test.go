package replica

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"
)

// standIn is a member as its gate sees it.
type standIn struct {
	term    uint64
	leader  string
	follows bool
	snap    position
	applied uint64
	install []bool
	known   acquaintance
	urges   int
	lost    []uint64
}

func (s *standIn) Term() uint64                                { return s.term }
func (s *standIn) following() (string, bool)                   { return s.leader, s.follows }
func (s *standIn) acquaintance(string) acquaintance            { return s.known }
func (s *standIn) eligible(r *raft.RequestPreVoteRequest) bool { return r.LastLogIndex >= 10 }
func (s *standIn) snapshot() position                          { return s.snap }
func (s *standIn) appliedByRaft() uint64                       { return s.applied }
func (s *standIn) rollback(index uint64)                       { s.lost = append(s.lost, index) }
func (s *standIn) termOf(index uint64) (uint64, bool) {
	return s.snap.term, index == s.snap.index && index > 0
}
func (s *standIn) urge()               { s.urges++ }
func (s *standIn) installing(yes bool) { s.install = append(s.install, yes) }

// outcome is what the gate made of a request.
type outcome struct {
	passed  any // what the library got, nil if nothing
	answer  any
	refused error
}

// ask sends one request through a gate.
func ask(g *gate, command any, data string) outcome {
	in, stop, done := make(chan raft.RPC), make(chan struct{}), make(chan struct{})
	go func() { g.run(in, stop); close(done) }()
	answer := make(chan raft.RPCResponse, 1)
	in <- raft.RPC{Command: command, RespChan: answer, Reader: bytes.NewBufferString(data)}
	synctest.Wait()
	var o outcome
	select {
	case rpc := <-g.out:
		o.passed = rpc.Command
		rpc.Respond("from the library", nil)
		synctest.Wait()
	default:
	}
	select {
	case a := <-answer:
		o.answer, o.refused = a.Response, a.Error
	default:
	}
	close(stop)
	<-done
	return o
}

func TestGateKeepsPromise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &standIn{term: 5, leader: "a:1", follows: true, known: fellow}
		g := newGate(b, 500*time.Millisecond)
		vote := func(transfer bool) outcome {
			return ask(g, &raft.RequestVoteRequest{Term: 6, LeadershipTransfer: transfer}, "")
		}
		pre := func(last uint64) outcome {
			return ask(g, &raft.RequestPreVoteRequest{Term: 6, LastLogIndex: last}, "")
		}
		granted := func(o outcome) bool {
			r, ok := o.answer.(*raft.RequestPreVoteResponse)
			return ok && r.Granted && r.Term == 6
		}
		if o := vote(false); o.passed == nil {
			t.Error("a member that promised nothing refuses to vote")
		}
		ask(g, &raft.AppendEntriesRequest{Term: 4}, "") // of the past
		if o := vote(false); o.passed == nil {
			t.Error("a leader of the past was given a promise")
		}
		ask(g, &raft.AppendEntriesRequest{Term: 5}, "")
		for range 299 {
			if o := vote(false); o.passed != nil || o.answer.(*raft.RequestVoteResponse).Granted {
				t.Fatal("the promise was broken by a vote")
			}
			if o := pre(100); o.passed != nil || granted(o) {
				t.Fatal("the promise was broken by a pre-vote")
			}
			if !g.promised() {
				t.Fatal("and by a candidacy")
			}
			time.Sleep(time.Millisecond)
		}
		if o := vote(true); o.passed == nil {
			t.Error("a transfer was refused")
		}
		time.Sleep(time.Millisecond)
		// Free to vote, loyal still: the library decides, and it refuses.
		if o := vote(false); o.passed == nil || o.passed.(*raft.RequestVoteRequest).LeadershipTransfer {
			t.Errorf("after the promise: %+v", o)
		}
		if o := pre(100); o.passed == nil {
			t.Errorf("after the promise: %+v", o)
		}
		time.Sleep(200 * time.Millisecond)
		// The leader is silent for too long: any good candidate will do.
		if o := vote(false); o.passed == nil || !o.passed.(*raft.RequestVoteRequest).LeadershipTransfer {
			t.Errorf("bereaved: %+v", o)
		}
		if o := pre(100); !granted(o) {
			t.Errorf("bereaved: %+v", o)
		}
		if b.urges > 0 {
			t.Error("a member stands for election although another one did that could win")
		}
		if o := pre(9); granted(o) || b.urges != 1 {
			t.Errorf("a candidate with a shorter log was encouraged, or one with a longer log was not: %d", b.urges)
		}
		b.follows = false // it leads, or is a candidate: the library knows best
		if o := vote(false); o.passed == nil || o.passed.(*raft.RequestVoteRequest).LeadershipTransfer {
			t.Errorf("no follower: %+v", o)
		}
	})
}

// A candidate that is a moment early waits for its answer: a refusal would cost it an election time. If the leader
// is heard of in that moment after all, it is refused.
func TestGateLetsEarlyCandidatesWait(t *testing.T) {
	for _, c := range []struct {
		name    string
		early   time.Duration
		returns bool // the leader
		waits   time.Duration
		want    string
	}{
		{"a moment", 50 * time.Millisecond, false, 50 * time.Millisecond, "granted"},
		{"as long as it may be", 125 * time.Millisecond, false, 125 * time.Millisecond, "granted"},
		{"too early", 130 * time.Millisecond, false, 0, "left to the library, which refuses"},
		{"the leader is back", 50 * time.Millisecond, true, 50 * time.Millisecond, "refused"},
	} {
		synctest.Test(t, func(t *testing.T) {
			g := newGate(&standIn{term: 5, leader: "a:1", follows: true, known: fellow}, 500*time.Millisecond)
			in, stop := make(chan raft.RPC), make(chan struct{})
			defer synctest.Wait()
			defer close(stop)
			go g.run(in, stop)
			g.hear(5)
			time.Sleep(500*time.Millisecond - c.early)
			began := time.Now()
			answer := make(chan raft.RPCResponse, 1)
			in <- raft.RPC{Command: &raft.RequestPreVoteRequest{Term: 6, LastLogIndex: 100}, RespChan: answer}
			if c.returns {
				time.Sleep(c.early / 2)
				heard := make(chan raft.RPCResponse, 1)
				in <- raft.RPC{Command: &raft.AppendEntriesRequest{Term: 5}, RespChan: heard}
				<-g.out
			}
			got := "refused"
			select {
			case a := <-answer:
				if a.Response.(*raft.RequestPreVoteResponse).Granted {
					got = "granted"
				}
			case <-g.out:
				got = "left to the library, which refuses"
			}
			if waited := time.Since(began); got != c.want || waited != c.waits {
				t.Errorf("%s: %s after %v, want %s after %v", c.name, got, waited, c.want, c.waits)
			}
		})
	}
}

// A candidate that our configuration does not know gets a vote if its log deserves it;
// who has no configuration votes for nobody.
func TestGateStrangers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &standIn{term: 5, follows: true, known: stranger}
		g := newGate(b, 500*time.Millisecond)
		vote := func() outcome {
			return ask(g, &raft.RequestVoteRequest{RPCHeader: raft.RPCHeader{ID: []byte("x:1"), Addr: []byte("x:1")}, Term: 6}, "")
		}
		pre := func(last uint64) bool {
			r, ok := ask(g, &raft.RequestPreVoteRequest{Term: 6, LastLogIndex: last}, "").answer.(*raft.RequestPreVoteResponse)
			return ok && r.Granted
		}
		if o := vote(); o.passed == nil || len(o.passed.(*raft.RequestVoteRequest).ID) != 0 || string(o.passed.(*raft.RequestVoteRequest).Addr) != "x:1" {
			t.Errorf("a stranger: %+v", o)
		}
		if !pre(10) || pre(9) {
			t.Error("a stranger is judged by its log")
		}
		b.leader = "a:1"
		if pre(10) {
			t.Error("a stranger was encouraged against a leader")
		}
		b.known, b.leader = nobody, ""
		if o := vote(); o.passed != nil || o.answer.(*raft.RequestVoteResponse).Granted || pre(10) {
			t.Errorf("without a configuration: %+v", o)
		}
	})
}

func TestGateTransfers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(&standIn{term: 5, leader: "a:1", follows: true}, time.Second)
		for _, c := range []struct {
			name   string
			from   string
			addr   []byte
			passes bool
		}{
			{"our leader", "a:1", binary.BigEndian.AppendUint64(nil, 5), true},
			{"an earlier term", "a:1", binary.BigEndian.AppendUint64(nil, 4), false},
			{"somebody else", "b:1", binary.BigEndian.AppendUint64(nil, 5), false},
			{"no term", "a:1", []byte("a:1"), false},
		} {
			o := ask(g, &raft.TimeoutNowRequest{RPCHeader: raft.RPCHeader{ID: []byte(c.from), Addr: c.addr}}, "")
			if (o.passed != nil) != c.passes || (o.refused == nil) != c.passes {
				t.Errorf("%s: %+v", c.name, o)
			}
		}
	})
}

// entriesOf makes entries from..to of term 3.
func entriesOf(from, to uint64) (out []*raft.Log) {
	for i := from; i <= to; i++ {
		out = append(out, &raft.Log{Index: i, Term: 3})
	}
	return out
}

func TestGraft(t *testing.T) {
	for _, c := range []struct {
		name             string
		prev, prevTerm   uint64
		from, to, commit uint64
		want             string // prev prevTerm entries commit
	}{
		{"a heartbeat", 0, 0, 1, 0, 0, "0 0 [] 0"},
		{"behind the snapshot", 25, 3, 26, 28, 27, "25 3 [26 27 28] 27"},
		{"commit beyond what is sent", 25, 3, 26, 28, 99, "25 3 [26 27 28] 28"},
		{"commit beyond, nothing sent", 25, 3, 1, 0, 99, "25 3 [] 25"},
		{"exactly behind", 20, 3, 21, 22, 21, "0 0 [21 22] 21"},
		{"exactly behind, nothing sent", 20, 3, 1, 0, 99, "0 0 [] 20"},
		{"another entry there", 20, 2, 21, 22, 21, "20 2 [21 22] 21"},
		{"begins before", 15, 3, 16, 22, 22, "0 0 [21 22] 22"},
		{"from the first on", 0, 0, 1, 25, 25, "0 0 [21 22 23 24 25] 25"},
		{"ends at it", 15, 3, 16, 20, 20, "0 0 [] 20"},
		{"ends before it", 10, 3, 11, 15, 99, "0 0 [] 15"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := &standIn{term: 5, snap: position{20, 3}}
			req := &raft.AppendEntriesRequest{Term: 5, PrevLogEntry: c.prev, PrevLogTerm: c.prevTerm, Entries: entriesOf(c.from, c.to), LeaderCommitIndex: c.commit}
			before := *req
			got := newGate(b, time.Second).graft(req)
			indexes := []uint64{}
			for _, e := range got.Entries {
				indexes = append(indexes, e.Index)
			}
			if s := fmt.Sprint(got.PrevLogEntry, " ", got.PrevLogTerm, " ", indexes, " ", got.LeaderCommitIndex); s != c.want {
				t.Errorf("got %s, want %s", s, c.want)
			}
			if req.PrevLogEntry != before.PrevLogEntry || len(req.Entries) != len(before.Entries) {
				t.Error("the request itself was changed")
			}
		})
	}
}

// A snapshot that we have already is not installed again, one that we lack is,
// and the log knows for how long.
func TestGateInstall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &standIn{term: 5, applied: 100}
		g := newGate(b, time.Second)
		late := ask(g, &raft.InstallSnapshotRequest{Term: 5, LastLogIndex: 90, Size: 3}, "old")
		if r, ok := late.answer.(*raft.InstallSnapshotResponse); late.passed != nil || !ok || !r.Success {
			t.Errorf("a snapshot that came late: %+v", late)
		}
		fine := ask(g, &raft.InstallSnapshotRequest{Term: 5, LastLogIndex: 110, Size: 3}, "new")
		if fine.passed == nil || fine.answer != "from the library" || !slices.Equal(b.install, []bool{true, false}) {
			t.Errorf("a new snapshot: %+v, installing %v", fine, b.install)
		}
		if o := ask(g, &raft.InstallSnapshotRequest{Term: 4, LastLogIndex: 90}, ""); o.passed == nil {
			t.Error("a snapshot of a leader of the past is the library's to refuse")
		}
	})
}

// A member whose log went on, wrongly, behind the snapshot that it is sent is
// caught up without a restart.
func TestSnapshotOverWrongTail(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		l := g.leader()
		for i := range 100 {
			g.mustPut(l, fmt.Sprint(i))
		}
		victim := l
		g.isolate(victim)
		for i := range 50 { // nobody else gets these
			victim.Propose([]byte(fmt.Sprint("lost ", i)))
		}
		time.Sleep(time.Second)
		l = g.leader(victim)
		for i := range 20 {
			g.mustPut(l, fmt.Sprint("more ", i))
		}
		if err := l.TakeSnapshot(); err != nil {
			t.Fatal(err)
		}
		first, _ := l.store.Log.FirstIndex()
		if last := victim.LastIndex(); first < 105 || l.SnapshotIndex() >= last {
			t.Fatalf("the leader has %d on, snapshot %d, the victim ends at %d: nothing to test", first, l.SnapshotIndex(), last)
		}
		time.Sleep(5 * time.Second) // entries that were to be sent before are given up
		g.net.HealAll()
		began := time.Now()
		g.mustPut(l, "end")
		g.converge()
		if d := time.Since(began); d > 2*time.Second {
			t.Errorf("took %v", d)
		}
		if victim.fsm.restore == 0 {
			t.Error("no snapshot was needed: the test tests nothing")
		}
	})
}

// entriesFromBelow sends a member entries that begin before the snapshot behind which its log begins, and
// returns whether they are accepted.
func entriesFromBelow(t *testing.T, h hazards) (ok bool) {
	inBubbleExposed(t, "a b c", h, func(t *testing.T, g *trio) {
		l := g.leader()
		for i := range 100 {
			g.mustPut(l, fmt.Sprint(i))
		}
		g.converge()
		f := g.others(l)[0]
		if err := f.TakeSnapshot(); err != nil {
			t.Fatal(err)
		}
		first, _ := f.store.Log.FirstIndex()
		req := &raft.AppendEntriesRequest{
			RPCHeader: raft.RPCHeader{ProtocolVersion: 3, ID: []byte(l.options.ID), Addr: []byte(l.options.ID)},
			Term:      l.Term(), PrevLogEntry: first - 20, PrevLogTerm: l.Term(), LeaderCommitIndex: l.CommitIndex(),
		}
		for i := first - 19; i <= l.LastIndex(); i++ {
			e := new(raft.Log)
			if err := l.store.Log.GetLog(i, e); err != nil {
				t.Fatal(err)
			}
			req.Entries = append(req.Entries, e)
		}
		var resp raft.AppendEntriesResponse
		target := raft.ServerAddress(f.options.ID)
		err := l.transport.NetworkTransport.AppendEntries(raft.ServerID(target), target, req, &resp)
		ok = err == nil && resp.Success
		g.mustPut(l, "end")
		g.converge()
	})
	return ok
}

// Entries that lie before the snapshot of a member whose log begins behind it are accepted, as the paper
// has it, from wherever the leader begins.
func TestEntriesFromBelowTheSnapshot(t *testing.T) {
	if !entriesFromBelow(t, 0) {
		t.Error("they were refused")
	}
}

func TestGraftIsNeeded(t *testing.T) {
	if entriesFromBelow(t, hazardGraft) {
		t.Error("they were accepted: the test shows nothing")
	}
}
