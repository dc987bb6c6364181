package shardgroup

import "sync"

// savedChanges tells how many changes of keys the newest snapshot does not have.
type savedChanges struct {
	mu      sync.Mutex // guards what follows
	saved   uint64     // changes in the newest snapshot known to be on disk
	writing snapshotMark
}

// snapshotMark is a state that is being written, or was.
type snapshotMark struct{ index, changes uint64 }

// begin notes that a snapshot is being taken.
func (s *savedChanges) begin(m snapshotMark) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writing = m
}

// restored notes that the state is now that of a snapshot.
func (s *savedChanges) restored(changes uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saved, s.writing = changes, snapshotMark{}
}

// since is how many of so many changes are not in the snapshot that ends at an index. What
// was being written is on disk when a snapshot does not end before it.
func (s *savedChanges) since(changes, snapshotIndex uint64) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writing.index > 0 && snapshotIndex >= s.writing.index {
		s.saved, s.writing = s.writing.changes, snapshotMark{}
	}
	return changes - min(s.saved, changes)
}

// ChangesSinceSnapshot counts the changes of keys that are in the log only, 0 on a witness.
func (g *Group) ChangesSinceSnapshot() uint64 {
	if g.member == nil {
		return 0
	}
	return g.member.saved.since(g.Machine().Changes(), g.replica.SnapshotIndex())
}
