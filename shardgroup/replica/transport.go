package replica

import (
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// Errors of requests that this member does not send.
var (
	errMuted    = errors.New("this member does not act as leader: its log is stalled or has failed")
	errPromised = errors.New("this member has promised not to vote yet")
)

// transport is the library's network transport with our hands on three things:
// what a leader may conclude from an answer (evidence), what a member may do
// soon after it heard from a leader (gate), and whether a member may act at
// all (mute).
type transport struct {
	*raft.NetworkTransport
	evidence *evidence
	gate     *gate
	flusher  *flusher
	mute     func() error
	term     func() uint64
	leads    func(term uint64, peer string) bool // this member leads in that term, and the peer is one of its group
	done     <-chan struct{}                     // closed when the member stops
	streams  *streams
	pipes    sync.WaitGroup // forwarders of pipelines
	exposed  hazards
}

var (
	_ raft.Transport   = (*transport)(nil)
	_ raft.WithPreVote = (*transport)(nil)
	_ raft.WithClose   = (*transport)(nil)
)

// Consumer gives the library the requests that the gate lets through.
func (t *transport) Consumer() <-chan raft.RPC { return t.gate.out }

// SetHeartbeatHandler is not obeyed: with it, heartbeats would be handled on
// the connection's goroutine, racing with the main loop (hashicorp/raft #695).
// Without it they take the same way as every request.
func (t *transport) SetHeartbeatHandler(f func(raft.RPC)) {
	if t.exposed.has(hazardHeartbeats) {
		t.NetworkTransport.SetHeartbeatHandler(f)
	}
}

// Close ends every connection, so that nothing waits for a peer any more.
func (t *transport) Close() error {
	err := t.NetworkTransport.Close()
	t.streams.closeAll()
	return err
}

// The pauses between attempts to reach a peer that does not answer.
const (
	minUnreachable = 10 * time.Millisecond
	maxUnreachable = 200 * time.Millisecond
)

// AppendEntries sends entries or a heartbeat, and keeps what its success proves.
//
// Entries are sent until they arrive or this leadership ends. After a failure the
// library would pause for up to ten seconds, so that a member that comes back would be
// without new entries for that long, although its heartbeats are answered.
func (t *transport) AppendEntries(id raft.ServerID, target raft.ServerAddress, req *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse) error {
	pause := minUnreachable
	for {
		err := t.appendOnce(id, target, req, resp)
		if err == nil || isHeartbeat(req) || t.exposed.has(hazardReturn) || !t.pause(pause) || !t.leads(req.Term, string(id)) {
			return err
		}
		pause = min(2*pause, maxUnreachable)
	}
}

// isHeartbeat tells a heartbeat of the library from a request of its replication.
func isHeartbeat(req *raft.AppendEntriesRequest) bool {
	return len(req.Entries) == 0 && req.PrevLogEntry == 0 && req.LeaderCommitIndex == 0
}

// pause waits; false means that the member stops.
func (t *transport) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-t.done:
		return false
	}
}

// appendOnce makes one attempt.
func (t *transport) appendOnce(id raft.ServerID, target raft.ServerAddress, req *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse) error {
	if err := t.mute(); err != nil {
		return err
	}
	t.flusher.capCommit(req)
	started := t.evidence.start()
	err := t.NetworkTransport.AppendEntries(id, target, req, resp)
	if err == nil {
		t.conclude(string(id), req, resp, started)
	}
	return err
}

// conclude records a success of our own term.
func (t *transport) conclude(peer string, req *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse, started moment) {
	if resp.Success && resp.Term == req.Term {
		t.evidence.record(peer, req.Term, started, req.PrevLogEntry+uint64(len(req.Entries)))
	}
}

// InstallSnapshot sends a snapshot; its success tells what the peer holds.
func (t *transport) InstallSnapshot(id raft.ServerID, target raft.ServerAddress, req *raft.InstallSnapshotRequest, resp *raft.InstallSnapshotResponse, data io.Reader) error {
	if err := t.mute(); err != nil {
		return err
	}
	err := t.NetworkTransport.InstallSnapshot(id, target, req, resp, data)
	if err == nil && resp.Success && resp.Term == req.Term {
		t.evidence.noteMatched(string(id), req.Term, req.LastLogIndex)
	}
	return err
}

// RequestVote asks for a vote, unless a leader may rely on our not doing so. A
// candidate by transfer may: its leader has given its lease up.
func (t *transport) RequestVote(id raft.ServerID, target raft.ServerAddress, req *raft.RequestVoteRequest, resp *raft.RequestVoteResponse) error {
	if err := t.mayCampaign(); err != nil && !req.LeadershipTransfer {
		return err
	}
	return t.retry(func() error { return t.NetworkTransport.RequestVote(id, target, req, resp) })
}

// RequestPreVote asks for a vote without obligation.
func (t *transport) RequestPreVote(id raft.ServerID, target raft.ServerAddress, req *raft.RequestPreVoteRequest, resp *raft.RequestPreVoteResponse) error {
	if err := t.mayCampaign(); err != nil {
		return err
	}
	return t.retry(func() error { return t.NetworkTransport.RequestPreVote(id, target, req, resp) })
}

// retry repeats a request for a vote that failed at once, for every connection
// that may lie idle since the peer's restart: the library finds out that they
// are dead one at a time, and each would cost an election.
func (t *transport) retry(request func() error) error {
	began := time.Now()
	err := request()
	for range maxPool {
		if err == nil || time.Since(began) > retryLimit {
			return err
		}
		err = request()
	}
	return err
}

func (t *transport) mayCampaign() error {
	if err := t.mute(); err != nil {
		return err
	}
	if t.gate.promised() {
		return errPromised
	}
	return nil
}

// TimeoutNow asks a member to take over. The request has no term of its own;
// one that is delivered late could depose, despite its lease, a leader that
// never agreed to be replaced. So our term goes where the sender's address
// would stand, and the receiver's gate compares it.
func (t *transport) TimeoutNow(id raft.ServerID, target raft.ServerAddress, req *raft.TimeoutNowRequest, resp *raft.TimeoutNowResponse) error {
	stamped := *req
	stamped.Addr = binary.BigEndian.AppendUint64(nil, t.term())
	return t.NetworkTransport.TimeoutNow(id, target, &stamped, resp)
}
