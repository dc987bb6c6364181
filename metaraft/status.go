package metaraft

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redoubtdb/redoubt/shardgroup/replica"
)

// Status is the Raft side of this member, for operators.
type Status struct {
	Self, Leader  string // server ids; Leader "" if unknown
	State         string // "Leader", "Follower", …
	Term          uint64
	Configuration replica.Configuration
	Applied       uint64 // index of the last change applied here
	Commit, Last  uint64 // indexes
	Snapshot      uint64 // index of the last one
	MapVersion    uint64
	Peers         []replica.Peer // the leader's view of the others
}

// Status returns a snapshot of the member's state; its parts are read one after the other.
func (m *Member) Status() Status {
	leader, term := m.replica.Leader()
	_, applied := m.machine.state()
	s := Status{
		Self: m.opt.Self, Leader: leader, State: m.replica.State(), Term: term,
		Configuration: m.replica.Configuration(), Applied: applied,
		Commit: m.replica.CommitIndex(), Last: m.replica.LastIndex(), Snapshot: m.replica.SnapshotIndex(),
		Peers: m.replica.Progress(),
	}
	if now := m.Map(); now != nil {
		s.MapVersion = now.Version
	}
	return s
}

// Replica is the Raft side of this member, for reports.
func (m *Member) Replica() *replica.Replica { return m.replica }

// Closed is closed when Close begins.
func (m *Member) Closed() <-chan struct{} { return m.ctx.Done() }

// Out tells, on the leader, whether a server has left the group for good: whether neither the
// configuration that this leader works with nor the latest that is committed has it.
func (m *Member) Out(serverID string) bool {
	now := m.machine.committed.Load()
	if now == nil {
		return false
	}
	_, in := now.Find(serverID)
	_, stays := m.replica.Configuration().Find(serverID)
	return !in && !stays
}

// IsLeader tells whether this node leads the metadata group.
func (m *Member) IsLeader() bool { return m.replica.IsLeader() }

// Leader is the server id of the metadata leader as far as this node knows, or "".
func (m *Member) Leader() string {
	leader, _ := m.replica.Leader()
	return leader
}

// StepDown hands leadership to another voter; nil if this node does not lead or there is no other voter.
func (m *Member) StepDown(ctx context.Context) error {
	if !m.IsLeader() {
		return nil
	}
	var tried []error
	for _, p := range m.heirs() {
		err := m.replica.Transfer(ctx, p.ID)
		if err == nil {
			return nil
		}
		tried = append(tried, fmt.Errorf("hand metadata leadership to %s: %w", p.ID, err))
	}
	return errors.Join(tried...)
}

// heirs are the other voters, the one that has most of the log first.
func (m *Member) heirs() []replica.Peer {
	voters := slices.DeleteFunc(m.replica.Progress(), func(p replica.Peer) bool { return !p.Voter })
	slices.SortStableFunc(voters, func(a, b replica.Peer) int { return cmp.Compare(b.Matched, a.Matched) })
	return voters
}
