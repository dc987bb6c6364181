package shardgroup

import "testing"

// Changes count as saved when the snapshot that has them is on disk, and not before.
func TestSavedChanges(t *testing.T) {
	var s savedChanges
	expect := func(what string, changes, snapshot, want uint64) {
		t.Helper()
		if got := s.since(changes, snapshot); got != want {
			t.Errorf("%s: %d, want %d", what, got, want)
		}
	}
	expect("without a snapshot", 7, 0, 7)
	s.begin(snapshotMark{index: 10, changes: 7})
	expect("while it is written", 9, 0, 9)
	expect("when it is there", 9, 10, 2)
	s.begin(snapshotMark{index: 20, changes: 9})
	expect("while the next is written", 12, 10, 5)
	s.begin(snapshotMark{index: 30, changes: 12}) // that one failed
	expect("when the one after it is there", 13, 31, 1)
	s.restored(20)
	expect("after a snapshot of the leader", 20, 50, 0)
	expect("after more", 25, 50, 5)
}
