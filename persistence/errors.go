package persistence

import (
	"errors"
	"fmt"
)

// Errors of opening.
var (
	// ErrLocked is returned when another process has the data directory.
	ErrLocked = errors.New("the data directory is in use by another process; make sure that each node has a cluster-config-file of its own")
	// ErrCorrupt is returned when files are damaged or missing, in a way that no
	// crash explains.
	ErrCorrupt = errors.New("damaged data")
	// ErrGroupOpen is returned when a group is opened twice, or removed while open.
	ErrGroupOpen = errors.New("the group's storage is open")
	// ErrBadName is returned when a file's or group's name is not one plain path
	// element.
	ErrBadName = errors.New("not a plain name")
	// ErrUnknownEngine is returned when GroupOptions.Engine names none.
	ErrUnknownEngine = errors.New("unknown log engine")
)

// Errors of use.
var (
	// ErrClosed is returned by everything after Close.
	ErrClosed = errors.New("storage is closed")
	// ErrFailed is returned by every write after one that failed.
	ErrFailed = errors.New("storage has failed before")
	// ErrEntryTooLarge is returned when an entry is larger than MaxEntryBytes;
	// nothing was written.
	ErrEntryTooLarge = errors.New("log entry too large")
	// ErrGap is returned when an entry stored is not the one after the last.
	ErrGap = errors.New("log entry is not the next")
	// ErrSnapshotRefused is returned when CheckSnapshot refused a snapshot.
	ErrSnapshotRefused = errors.New("snapshot refused")
	// ErrNoSnapshot is returned when a snapshot is opened that does not exist.
	ErrNoSnapshot = errors.New("no such snapshot")
	// ErrKeyNotFound is returned when the stable store does not have a key. Raft
	// knows it by its text.
	ErrKeyNotFound = errors.New("not found")
)

// CorruptError is damage found in a file: errors.Is(err, ErrCorrupt).
type CorruptError struct {
	Path   string // the file or directory that is damaged
	Remove string // the directory to remove, so that the node starts over
	Err    error
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("%s: %v: %v; if the rest of the group is healthy, stop the node and remove %s: "+
		"the node will rejoin and fetch a snapshot from the group's leader", e.Path, ErrCorrupt, e.Err, e.Remove)
}

// Is makes errors.Is(err, ErrCorrupt) true.
func (e *CorruptError) Is(target error) bool { return target == ErrCorrupt }

// Unwrap returns what is wrong.
func (e *CorruptError) Unwrap() error { return e.Err }

type unknownEngineError struct{ engine string }

func (e *unknownEngineError) Error() string {
	return fmt.Sprintf("%v %q: want %s or %s", ErrUnknownEngine, e.engine, EngineWAL, EngineBolt)
}

func (e *unknownEngineError) Unwrap() error { return ErrUnknownEngine }
