package replica

import "github.com/hashicorp/raft"

// GroupStore stands for persistence.GroupStore until that package exists.
type GroupStore struct {
	Log       raft.LogStore
	Stable    raft.StableStore
	Snapshots raft.SnapshotStore
	Close     func() error
}
