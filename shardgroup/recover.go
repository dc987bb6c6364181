package shardgroup

import (
	"log/slog"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/persistence"
	"github.com/redoubtdb/redoubt/shardgroup/replica"
)

// Recover makes the stopped member whose store this is the only member of its group,
// with all that it has: its snapshot and its whole log. It is the operator's last
// resort when the group's majority is gone for good; acknowledged writes that only the
// others had are lost. A store without anything in it begins an empty group.
func Recover(store *persistence.GroupStore, serverID string, t *command.Table, log *slog.Logger) error {
	last, err := store.Log.LastIndex()
	if err != nil {
		return err
	}
	snapshots, err := store.Snapshots.List()
	if err != nil {
		return err
	}
	if last == 0 && len(snapshots) == 0 {
		return Bootstrap(store, serverID)
	}
	var failure error
	m := newMember(0, &inflight{}, t, func(err error) { failure = err })
	if err := replica.Recover(store, serverID, m, log); err != nil {
		return err
	}
	return failure
}
