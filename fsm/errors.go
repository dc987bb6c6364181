package fsm

import "errors"

// Errors of entries. After one of them the node must stop: its state can no longer be that of the
// other members.
var (
	// ErrCorrupt is returned when an entry's checksum or structure is wrong.
	ErrCorrupt = errors.New("fsm: corrupt entry")
	// ErrVersion is returned when an entry or a snapshot was written by a newer version.
	ErrVersion = errors.New("fsm: unknown version")
	// ErrUnknownCommand is returned when an entry holds a command this version does not have.
	ErrUnknownCommand = errors.New("fsm: unknown command in an entry")
	// ErrRepeated is returned when an entry is not behind the last one applied.
	ErrRepeated = errors.New("fsm: entry applied already")
	// ErrBatchMismatch is returned when the requests are not those that the entry was made of.
	ErrBatchMismatch = errors.New("fsm: requests do not fit the entry")
)

// ErrBadSnapshot is returned by Load and CheckSnapshot for a file that is no whole snapshot of a machine.
var ErrBadSnapshot = errors.New("fsm: bad snapshot")
