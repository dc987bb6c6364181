package persistence

import (
	"errors"
	"fmt"

	"github.com/hashicorp/raft"
)

// reconcile makes log and snapshots fit together when a group is opened, where a
// crash came between two steps of Raft, and refuses what no crash explains.
//
// Raft installs a snapshot by writing it, then emptying the log. If the process
// dies between the two, the log still holds entries that the snapshot replaces;
// Raft would go on behind the snapshot, and the log would refuse the gap for
// ever. So a log that ends before the snapshot, or that has another entry at its
// place, is emptied here.
//
// damaged is the index of the newest snapshot that cannot be read, 0 if none.
func reconcile(log raft.LogStore, snapshots raft.SnapshotStore, damaged uint64) error {
	first, last, err := logRange(log)
	if err != nil {
		return err
	}
	newest, err := newestSnapshot(snapshots)
	if err != nil {
		return err
	}
	if err := checkContinuity(first, last, newest.Index, damaged); err != nil {
		return err
	}
	if last == 0 {
		return nil
	}
	obsolete, err := replacedBy(log, first, last, newest)
	if err != nil || !obsolete {
		return err
	}
	if err := log.DeleteRange(first, last); err != nil {
		return fmt.Errorf("empty the log behind snapshot %s: %w", newest.ID, err)
	}
	return nil
}

var errMissing = errors.New("entries are missing")

func logRange(log raft.LogStore) (first, last uint64, err error) {
	if first, err = log.FirstIndex(); err != nil {
		return 0, 0, err
	}
	last, err = log.LastIndex()
	return first, last, err
}

// newestSnapshot returns the newest one, or the zero value.
func newestSnapshot(snapshots raft.SnapshotStore) (raft.SnapshotMeta, error) {
	metas, err := snapshots.List()
	if err != nil || len(metas) == 0 {
		return raft.SnapshotMeta{}, err
	}
	return *metas[0], nil
}

// checkContinuity checks that no entry is missing between the snapshot and the
// log, and that the log makes up for a damaged newer snapshot.
func checkContinuity(first, last, snapshot, damaged uint64) error {
	if last != 0 && first > snapshot+1 {
		return fmt.Errorf("%w: the log begins at index %d, but the newest snapshot ends at %d", errMissing, first, snapshot)
	}
	if damaged > snapshot && last < damaged {
		return fmt.Errorf("%w: the snapshot at index %d is damaged, and the log ends at %d", errMissing, damaged, last)
	}
	return nil
}

// replacedBy tells whether a log holds only what the snapshot replaces.
func replacedBy(log raft.LogStore, first, last uint64, snapshot raft.SnapshotMeta) (bool, error) {
	switch {
	case last < snapshot.Index:
		return true, nil
	case snapshot.Index < first:
		return false, nil
	}
	var e raft.Log
	if err := log.GetLog(snapshot.Index, &e); err != nil {
		return false, fmt.Errorf("read log at %d: %w", snapshot.Index, err)
	}
	return e.Term != snapshot.Term, nil
}
