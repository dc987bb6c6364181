package replica

import "github.com/hashicorp/raft"

// LeadingTerm is the term this member leads in, if it leads and can.
func (r *Replica) LeadingTerm() (term uint64, ok bool) {
	if r.ctx.Err() != nil || r.mute() != nil {
		return 0, false
	}
	for {
		term = r.raft.CurrentTerm()
		if r.raft.State() != raft.Leader {
			return 0, false
		}
		if r.raft.CurrentTerm() == term { // a new term begins before leadership in it
			return term, true
		}
	}
}

// leadsPeer says whether this member leads in that term and the peer is in its group.
func (r *Replica) leadsPeer(term uint64, peer string) bool {
	if now, ok := r.LeadingTerm(); !ok || now != term {
		return false
	}
	_, ok := r.Configuration().Find(peer)
	return ok
}

// leadingErr is LeadingTerm as an error.
func (r *Replica) leadingErr() error {
	if r.ctx.Err() != nil {
		return ErrClosed
	}
	if _, ok := r.LeadingTerm(); !ok {
		return ErrNotLeader
	}
	return nil
}

// IsLeader says whether this member leads.
func (r *Replica) IsLeader() bool {
	_, ok := r.LeadingTerm()
	return ok
}

// Leader is the leader this member knows ("" none) and this member's term.
func (r *Replica) Leader() (serverID string, term uint64) {
	_, id := r.raft.LeaderWithID()
	return string(id), r.raft.CurrentTerm()
}

// Term is this member's current term.
func (r *Replica) Term() uint64 { return r.raft.CurrentTerm() }

// State is "Follower", "Candidate", "Leader" or "Shutdown".
func (r *Replica) State() string { return r.raft.State().String() }

// Configuration is the latest configuration in this member's log.
func (r *Replica) Configuration() Configuration {
	return fromRaft(r.raft.GetConfiguration().Configuration())
}

// AppliedIndex is the index of the last entry, configuration or snapshot that
// the state machine got. Entries of Raft's own (no-ops) do not count: the
// index may stay below CommitIndex for ever.
func (r *Replica) AppliedIndex() uint64 { return r.machine.applied.Load() }

// CommitIndex is the highest index this member knows to be committed.
func (r *Replica) CommitIndex() uint64 { return max(r.raft.CommitIndex(), r.SnapshotIndex()) }

// LastIndex is the last index in this member's log or snapshot.
func (r *Replica) LastIndex() uint64 { return r.raft.LastIndex() }

// SnapshotIndex is the index of this member's newest snapshot, 0 without one.
func (r *Replica) SnapshotIndex() uint64 { return r.snapshots.position().index }

// Progress is what this leader knows of the others; empty if it does not lead.
func (r *Replica) Progress() []Peer {
	term, ok := r.LeadingTerm()
	if !ok {
		return nil
	}
	var peers []Peer
	for _, s := range r.Configuration().Servers {
		if s.ID == r.options.ID {
			continue
		}
		c := r.evidence.contact(s.ID, term)
		peers = append(peers, Peer{ID: s.ID, Voter: s.Voter, LastContact: c.at, Matched: c.matched})
	}
	return peers
}

// Matched is the highest index known to be in that member's log, 0 if this
// member does not lead.
func (r *Replica) Matched(id string) uint64 {
	term, ok := r.LeadingTerm()
	switch {
	case !ok:
		return 0
	case id == r.options.ID:
		return r.raft.LastIndex()
	}
	return r.evidence.contact(id, term).matched
}
