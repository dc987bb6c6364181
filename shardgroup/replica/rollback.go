package replica

import (
	"fmt"

	"github.com/hashicorp/raft"
)

// What is committed stays, as long as a majority keeps what it acknowledged. With a log
// that is not synced (appendfsync everysec or no), or a disk that lies, a majority may
// lose the end of its logs together and elect a leader without it. A member that kept
// more has then applied entries that the group does not have. The library would cut
// its log, take the leader's entries, and skip them, as their indexes are applied: for
// ever after the member's state would be another. So the member fails, with
// ErrRolledBack, as soon as it sees that: when it is told to cut off what is
// committed (checkRollback), or when a leader has other entries than its snapshot holds
// (rolledBack, rolledBackBy). What to do about it is its owner's decision: docs/adr/0021.

// committed is the last index that this member takes for committed.
func (r *Replica) committed() uint64 {
	index := r.snapshots.position().index
	if r.started.Load() {
		index = max(index, r.raft.CommitIndex())
	}
	return index
}

// checkRollback fails the member if the end of its log is to be cut off although it is
// committed. What goes from the first entry on and lies before our snapshot's end is the
// head, unless a leader contradicts the snapshot, which the gate sees.
func (l *logStore) checkRollback(from, to uint64) error {
	if l.committed == nil || l.stores.installing.Load() {
		return nil
	}
	first, err := l.FirstIndex()
	if err != nil {
		return err
	}
	last, err := l.LastIndex()
	if err != nil || last == 0 || to < last {
		return err
	}
	head := from <= first && from <= l.snapshots.position().index
	if committed := l.committed(); !head && from <= committed {
		err := fmt.Errorf("%w: up to index %d, the leader has others from %d on", ErrRolledBack, committed, from)
		l.stores.fail(err)
		return err
	}
	return nil
}

// rolledBack says whether a leader's entries contradict our snapshot, which fails this member.
func (g *gate) rolledBack(req *raft.AppendEntriesRequest) bool {
	if req.PrevLogEntry == 0 && len(req.Entries) == 0 || req.Term < g.ballot.Term() || g.exposed.has(hazardRollback) {
		return false
	}
	theirs := position{req.PrevLogEntry, req.PrevLogTerm}
	if s := g.ballot.snapshot(); s.index > theirs.index && len(req.Entries) > 0 {
		e := req.Entries[min(s.index-theirs.index, uint64(len(req.Entries)))-1]
		theirs = position{e.Index, e.Term}
	}
	return g.contradicted(theirs)
}

// rolledBackBy says the same of a leader's snapshot that is not newer than our state: it contradicts
// our snapshot, or our log.
func (g *gate) rolledBackBy(req *raft.InstallSnapshotRequest) bool {
	if g.exposed.has(hazardRollback) {
		return false
	}
	if ours, ok := g.ballot.termOf(req.LastLogIndex); ok && ours != req.LastLogTerm {
		g.ballot.rollback(req.LastLogIndex)
		return true
	}
	return g.contradicted(position{req.LastLogIndex, req.LastLogTerm})
}

// contradicted says whether a leader with that entry cannot have the entry at which our snapshot ends, since terms
// only grow along a log.
func (g *gate) contradicted(theirs position) bool {
	s := g.ballot.snapshot()
	if theirs.index > s.index || theirs.term < s.term && theirs.index < s.index || theirs.term == s.term {
		return false
	}
	g.ballot.rollback(theirs.index)
	return true
}

// termOf is the term of an entry of our snapshot's end or our log, if that is known.
func (r *Replica) termOf(index uint64) (term uint64, ok bool) {
	if s := r.snapshots.position(); s.index == index {
		return s.term, true
	}
	var e raft.Log
	if err := r.entries.GetLog(index, &e); err != nil || r.stores.over.Load() {
		return 0, false
	}
	return e.Term, true
}

func (r *Replica) rollback(index uint64) {
	r.fail(fmt.Errorf("%w: the leader has another one at index %d", ErrRolledBack, index))
}
