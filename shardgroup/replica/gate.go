package replica

import (
	"encoding/binary"
	"errors"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// gate stands between the network and the library: every request of a peer
// passes it, one at a time and in order.
//
// It keeps this member's promise: no vote within ElectionFloor of an
// AppendEntries that the member may have answered with success, nor of a
// restart, before which it may have answered one. It errs on the side of
// silence: what counts is that the request came.
//
// And it ends this member's loyalty to a leader that has been silent for an
// election time. The library refuses every candidate until its own timer, which
// runs for up to twice as long, has made it forget the leader: so the first to
// notice that the leader is gone would not be elected, but the last.
//
// Nor does it refuse a candidate that is a moment early, since the next attempt would be
// an election time later: it lets it wait.
//
// And it lets this member vote for a candidate that its own configuration does not know
// as a voter, as Raft wants it: the configuration that made it one may not have come
// here. The library refuses, and then two of three voters, one of which was away while
// the third was replaced, could never elect anybody. What protects against those that
// were removed is what their logs lack. A member that knows no configuration at all has
// no log to compare with, and votes for nobody.
type gate struct {
	out     chan raft.RPC
	ballot  ballot
	loyalty time.Duration             // to a silent leader
	heard   atomic.Pointer[time.Time] // the latest request of a leader, or a restart
	began   time.Time
	late    chan raft.RPC // requests for a pre-vote that had to wait
	broken  chan struct{} // closed when the library may not answer any more
	settle  func()        // waits until the log is durable, before a leader is answered what it holds
	exposed hazards
}

// ballot is what the gate asks of the rest of the member.
type ballot interface {
	Term() uint64
	// following says whether this member is a follower, and of whom ("": nobody).
	following() (leader string, ok bool)
	// acquaintance is what our configuration says of a candidate.
	acquaintance(id string) acquaintance
	// eligible says whether our log would let us vote for the candidate.
	eligible(*raft.RequestPreVoteRequest) bool
	// snapshot is our newest one, zero without any.
	snapshot() position
	// appliedByRaft is the index up to which our state, or what is on its way
	// to it, is complete.
	appliedByRaft() uint64
	// installing tells the log that a snapshot is being installed.
	installing(bool)
	// termOf is the term of one of our entries, if we still know it.
	termOf(index uint64) (term uint64, ok bool)
	// rollback fails this member: a leader has another entry there than we have committed.
	rollback(index uint64)
	// urge makes this member a candidate at once, if it follows a leader that is silent.
	urge()
}

// acquaintance is what a configuration says of a candidate.
type acquaintance int

const (
	nobody   acquaintance = iota // there is no configuration: we have never been told anything
	stranger                     // not a voter, as far as we know
	fellow                       // a voter
)

// position is a place in the log.
type position struct{ index, term uint64 }

var (
	errStaleTransfer = errors.New("transfer of leadership by somebody who does not lead here")
	errUnknownRPC    = errors.New("unknown request")
	errFailed        = errors.New("this member has failed")
)

func newGate(b ballot, loyalty time.Duration) *gate {
	return &gate{
		out: make(chan raft.RPC), late: make(chan raft.RPC), ballot: b, loyalty: loyalty, began: time.Now(),
		broken: make(chan struct{}), settle: func() {},
	}
}

// promise begins the promise anew.
func (g *gate) promise() {
	now := time.Now()
	g.heard.Store(&now)
}

// promised says whether the promise forbids to vote.
func (g *gate) promised() bool {
	heard := g.heard.Load()
	return heard != nil && time.Since(*heard) < ElectionFloor
}

// silence is how long no leader has been heard of.
func (g *gate) silence() time.Duration {
	if heard := g.heard.Load(); heard != nil {
		return time.Since(*heard)
	}
	return time.Since(g.began)
}

// run passes requests on until stop.
func (g *gate) run(in <-chan raft.RPC, stop <-chan struct{}) {
	for {
		select {
		case rpc := <-in:
			if req, ok := rpc.Command.(*raft.InstallSnapshotRequest); ok {
				g.hear(req.Term)
				g.install(&rpc, req, stop)
			} else if !g.defers(rpc, stop) && !g.refuse(&rpc) {
				g.pass(rpc, stop)
			}
		case rpc := <-g.late:
			if !g.refuse(&rpc) {
				g.pass(rpc, stop)
			}
		case <-stop:
			return
		}
	}
}

// defers lets a request for a pre-vote wait until this member's loyalty ends, if that is soon.
func (g *gate) defers(rpc raft.RPC, stop <-chan struct{}) bool {
	if _, ok := rpc.Command.(*raft.RequestPreVoteRequest); !ok {
		return false
	}
	left, loyal := g.allegiance()
	if !loyal || left <= 0 || left > g.loyalty/jitterPart {
		return false
	}
	time.AfterFunc(left, func() {
		select {
		case g.late <- rpc:
		case <-stop:
		}
	})
	return true
}

// pass gives a request to the library, unless this member has failed.
func (g *gate) pass(rpc raft.RPC, stop <-chan struct{}) bool {
	select {
	case <-g.broken:
		rpc.Respond(nil, errFailed)
		return false
	default:
	}
	select {
	case g.out <- rpc:
		return true
	case <-g.broken:
		rpc.Respond(nil, errFailed)
	case <-stop:
	}
	return false
}

// refuse answers a request that must not reach the library, or prepares it for
// the library.
func (g *gate) refuse(rpc *raft.RPC) bool {
	switch req := rpc.Command.(type) {
	case *raft.AppendEntriesRequest:
		if g.rolledBack(req) {
			rpc.Respond(nil, errFailed)
			return true
		}
		g.hear(req.Term)
		g.settle()
		rpc.Command = g.graft(req)
		return false
	case *raft.RequestVoteRequest:
		return g.vote(rpc, req)
	case *raft.RequestPreVoteRequest:
		return g.preVote(rpc, req)
	case *raft.TimeoutNowRequest:
		if g.legitimate(req) {
			return false
		}
		rpc.Respond(&raft.TimeoutNowResponse{RPCHeader: header()}, errStaleTransfer)
		return true
	}
	rpc.Respond(nil, errUnknownRPC)
	return true
}

// hear notes a request of a leader, unless it is one of the past.
func (g *gate) hear(term uint64) {
	if term >= g.ballot.Term() {
		g.promise()
	}
}

// vote handles a request for a vote. One that comes of a transfer is the
// library's, promise or not: the leader gave its lease up before.
func (g *gate) vote(rpc *raft.RPC, req *raft.RequestVoteRequest) (refused bool) {
	known := g.ballot.acquaintance(string(req.ID))
	if known == nobody || g.promised() && !req.LeadershipTransfer {
		rpc.Respond(&raft.RequestVoteResponse{RPCHeader: header(), Term: g.ballot.Term()}, nil)
		return true
	}
	free := *req
	if known == stranger {
		free.ID = nil // to the library: somebody who is not asked whether it is a voter
	}
	if g.bereaved() {
		free.LeadershipTransfer = true // vote although you know a leader
	}
	rpc.Command = &free
	return false
}

// preVote handles a request for a vote without obligation.
func (g *gate) preVote(rpc *raft.RPC, req *raft.RequestPreVoteRequest) (answered bool) {
	resp := &raft.RequestPreVoteResponse{RPCHeader: header(), Term: g.ballot.Term()}
	known := g.ballot.acquaintance(string(req.ID))
	switch {
	case known == nobody || g.promised():
	case g.bereaved() || known == stranger && g.alone():
		switch {
		case req.Term < resp.Term:
		case g.ballot.eligible(req):
			resp.Granted, resp.Term = true, req.Term
		case g.bereaved(): // it lacks what we have: nobody else may be able to win
			g.ballot.urge()
		}
	default:
		return false
	}
	rpc.Respond(resp, nil)
	return true
}

// alone says whether this member knows no leader.
func (g *gate) alone() bool {
	leader, _ := g.ballot.following()
	return leader == ""
}

// bereaved says whether this member follows a leader that has been silent for
// too long.
func (g *gate) bereaved() bool {
	left, loyal := g.allegiance()
	return loyal && left <= 0
}

// allegiance is how long this member is loyal yet to the leader that it follows, if it follows one.
func (g *gate) allegiance() (left time.Duration, loyal bool) {
	leader, follows := g.ballot.following()
	return g.loyalty - g.silence(), follows && leader != ""
}

// takeOver makes the library begin an election at once.
func (g *gate) takeOver(stop <-chan struct{}) {
	answer := make(chan raft.RPCResponse, 1)
	select {
	case g.out <- raft.RPC{Command: &raft.TimeoutNowRequest{RPCHeader: header()}, RespChan: answer}:
	case <-stop:
	}
}

// legitimate says whether a transfer comes from the leader of our own term,
// who gave up its lease for the rest of it.
func (g *gate) legitimate(req *raft.TimeoutNowRequest) bool {
	leader, ok := g.ballot.following()
	return ok && len(req.Addr) == 8 && binary.BigEndian.Uint64(req.Addr) == g.ballot.Term() && string(req.ID) == leader
}

func header() raft.RPCHeader { return raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax} }
