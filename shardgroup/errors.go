package shardgroup

import "errors"

// Errors that certainly left the state untouched.
var (
	// ErrNotRun is returned when a request certainly did not run and never will;
	// every other error of this block wraps it.
	ErrNotRun = errors.New("shardgroup: not run")
	// ErrNotLeading is returned when this member does not lead its group, or leads
	// it but has not yet applied an entry of its own term.
	ErrNotLeading = notRun("this member does not lead the group")
	// ErrClosed is returned after Close.
	ErrClosed = notRun("the group is closed")
	// ErrTooLarge is returned for a request that does not fit into one entry.
	ErrTooLarge = notRun("the request is larger than an entry may be")
	// ErrNoSpace is returned for a write while the disks have no room for it.
	ErrNoSpace = notRun("no space is left on the disk")
	// ErrNotOwned is returned by reads of a slot whose gate is not open here.
	ErrNotOwned = notRun("the slot is not served by this group")
	// ErrNoQuorum is returned by reads when leadership could not be proved.
	ErrNoQuorum = notRun("leadership could not be confirmed")
)

// ErrIndeterminate is returned when a request was handed to Raft and its outcome is
// not known: it may have been applied, may yet be, or may never be.
var ErrIndeterminate = errors.New("shardgroup: the outcome is unknown")

// notRunError is a reason that makes errors.Is(err, ErrNotRun) true.
type notRunError struct{ reason string }

func notRun(reason string) error { return &notRunError{reason} }

func (e *notRunError) Error() string        { return "shardgroup: " + e.reason }
func (e *notRunError) Is(target error) bool { return target == ErrNotRun }
