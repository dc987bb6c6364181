package replica

import (
	"encoding/binary"
	"errors"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// gate stands between the network and the library: every request of a peer
// passes it, one at a time and in order. It keeps this member's promise: no
// vote within ElectionFloor of an AppendEntries that the member may have
// answered with success, nor of a restart, before which it may have answered
// one. It errs on the side of silence: what counts is that the request came.
type gate struct {
	out   chan raft.RPC
	until atomic.Pointer[time.Time] // the promise holds until then; nil: none given
	term  func() uint64
	// leader is the leader the library knows, "" none.
	leader func() string
}

var (
	errStaleTransfer = errors.New("transfer of leadership by somebody who does not lead here")
	errUnknownRPC    = errors.New("unknown request")
)

func newGate(term func() uint64, leader func() string) *gate {
	return &gate{out: make(chan raft.RPC), term: term, leader: leader}
}

// promise renews the promise.
func (g *gate) promise() {
	until := time.Now().Add(ElectionFloor)
	g.until.Store(&until)
}

// promised says whether the promise forbids to vote.
func (g *gate) promised() bool {
	until := g.until.Load()
	return until != nil && time.Now().Before(*until)
}

// run passes requests on until stop.
func (g *gate) run(in <-chan raft.RPC, stop <-chan struct{}) {
	for {
		select {
		case rpc := <-in:
			if g.refuse(rpc) {
				continue
			}
			select {
			case g.out <- rpc:
			case <-stop:
				return
			}
		case <-stop:
			return
		}
	}
}

// refuse answers a request that must not reach the library.
func (g *gate) refuse(rpc raft.RPC) bool {
	switch req := rpc.Command.(type) {
	case *raft.AppendEntriesRequest:
		if req.Term >= g.term() {
			g.promise()
		}
		return false
	case *raft.InstallSnapshotRequest:
		if req.Term >= g.term() {
			g.promise()
		}
		return false
	case *raft.RequestVoteRequest:
		if !g.promised() || req.LeadershipTransfer {
			return false
		}
		rpc.Respond(&raft.RequestVoteResponse{RPCHeader: header(), Term: g.term()}, nil)
		return true
	case *raft.RequestPreVoteRequest:
		if !g.promised() {
			return false
		}
		rpc.Respond(&raft.RequestPreVoteResponse{RPCHeader: header(), Term: g.term()}, nil)
		return true
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
	return len(req.Addr) == 8 && binary.BigEndian.Uint64(req.Addr) == g.term() && string(req.ID) == g.leader()
}

func header() raft.RPCHeader { return raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax} }
