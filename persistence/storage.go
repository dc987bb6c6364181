package persistence

import (
	"io"
	"time"

	"github.com/hashicorp/raft"
)

// Storage is one node's storage.
type Storage interface {
	// LoadConfig returns the cluster configuration file; the error is
	// fs.ErrNotExist when there is none. SaveConfig replaces it atomically.
	LoadConfig() ([]byte, error)
	SaveConfig(b []byte) error

	// ReadFile and WriteFile do the same for a file of the data directory. A
	// name is one path element.
	ReadFile(name string) ([]byte, error)
	WriteFile(name string, b []byte) error

	// OpenGroup opens the storage of one Raft group, and creates it where there
	// is none. RemoveGroup deletes it; no error when there is none. GroupNames
	// lists what exists, sorted.
	OpenGroup(name string, o GroupOptions) (*GroupStore, error)
	RemoveGroup(name string) error
	GroupNames() ([]string, error)

	// Close closes the groups that are still open and lets go of the directory.
	Close() error
}

// The log engines.
const (
	EngineWAL  = "wal"
	EngineBolt = "boltdb"
)

// GroupOptions are how to open a group's storage.
type GroupOptions struct {
	// Engine is EngineWAL (default) or EngineBolt. A group that exists keeps the
	// engine it was made with.
	Engine string

	// NoSync leaves it to the operating system when writes of the log reach the
	// disk, until the group is closed. Snapshots are synced all the same. With
	// SyncEvery they are synced in the background so often; a failure is told by
	// OnFailure.
	NoSync    bool
	SyncEvery time.Duration

	// CheckSnapshot, if set, reads a complete snapshot before it becomes one of
	// ours; its error refuses the snapshot.
	CheckSnapshot func(r io.Reader) error

	// RetainSnapshots is how many snapshots are kept; DefaultRetainSnapshots if 0.
	RetainSnapshots int

	// OnFailure, if set, is called once, with the first write that failed. From
	// then on the GroupStore refuses to write: the member must be stopped.
	OnFailure func(err error)

	segmentBytes int // of tests; 0: by the size of the disk
}

// DefaultRetainSnapshots is how many snapshots are kept where the options do
// not say.
const DefaultRetainSnapshots = 2

// MaxEntryBytes is the largest Raft entry (its Data and Extensions) that the log
// takes. A larger one is refused with ErrEntryTooLarge, which is no failure of
// the disk.
const MaxEntryBytes = 63 << 20

// GroupStore is the open storage of one group. Log implements
// raft.MonotonicLogStore and wants entries without gaps.
type GroupStore struct {
	Log       raft.LogStore
	Stable    raft.StableStore
	Snapshots raft.SnapshotStore
	Close     func() error
}

// withDefaults fills in what is not set and checks the rest.
func (o GroupOptions) withDefaults() (GroupOptions, error) {
	if o.Engine == "" {
		o.Engine = EngineWAL
	}
	if o.Engine != EngineWAL && o.Engine != EngineBolt {
		return o, &unknownEngineError{o.Engine}
	}
	if o.RetainSnapshots <= 0 {
		o.RetainSnapshots = DefaultRetainSnapshots
	}
	return o, nil
}
