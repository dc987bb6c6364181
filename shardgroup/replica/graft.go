package replica

import (
	"io"

	"github.com/hashicorp/raft"
)

// What a snapshot holds is committed, so every later leader has the same. The
// library does not use that: it looks for the entry before those that it is
// sent in its log only, and, after it has installed a snapshot, goes on
// believing that the log ends where it ended before. So a follower whose log
// begins behind what the leader sends refuses it for ever; and a snapshot that
// arrives late throws acknowledged entries away. The gate mends both.

// graft makes a request that begins at or before our snapshot begin behind it.
// It also limits the commit index to what the request itself covers: what may
// follow in our log is not known to be the leader's.
func (g *gate) graft(req *raft.AppendEntriesRequest) *raft.AppendEntriesRequest {
	if req.LeaderCommitIndex == 0 || g.exposed.has(hazardGraft) { // 0: a heartbeat
		return req
	}
	out := *req
	out.LeaderCommitIndex = min(req.LeaderCommitIndex, req.PrevLogEntry+uint64(len(req.Entries)))
	s := g.ballot.snapshot()
	if s.index == 0 || req.PrevLogEntry > s.index || req.Term < g.ballot.Term() {
		return &out
	}
	covered := s.index - req.PrevLogEntry // entries of the request that the snapshot holds
	switch {
	case covered == 0:
		if req.PrevLogTerm != s.term {
			return &out
		}
	case covered <= uint64(len(req.Entries)):
		if e := req.Entries[covered-1]; e.Index != s.index || e.Term != s.term {
			return &out
		}
		out.Entries = req.Entries[covered:]
	default:
		out.Entries = nil
	}
	out.PrevLogEntry, out.PrevLogTerm = 0, 0 // to the library: nothing to compare
	return &out
}

// install lets the library install a snapshot, unless our state has what is in
// it: then we have it already. Meanwhile the log knows what its truncation is
// for.
func (g *gate) install(rpc *raft.RPC, req *raft.InstallSnapshotRequest, stop <-chan struct{}) {
	if req.Term >= g.ballot.Term() && req.LastLogIndex <= g.ballot.appliedByRaft() && !g.exposed.has(hazardInstall) {
		if g.rolledBackBy(req) {
			rpc.Respond(nil, errFailed)
			return
		}
		_, _ = io.Copy(io.Discard, rpc.Reader)
		rpc.Respond(&raft.InstallSnapshotResponse{RPCHeader: header(), Term: req.Term, Success: true}, nil)
		return
	}
	answer := make(chan raft.RPCResponse, 1)
	original := *rpc
	rpc.RespChan = answer
	g.ballot.installing(true)
	defer g.ballot.installing(false)
	if !g.pass(*rpc, stop) {
		original.Respond(nil, errFailed)
		return
	}
	select {
	case a := <-answer:
		if r, ok := a.Response.(*raft.InstallSnapshotResponse); ok && r.Success {
			g.hear(req.Term) // it took a while
		}
		original.Respond(a.Response, a.Error)
	case <-stop: // not when this member fails: the library may still be reading from the connection
	}
}
