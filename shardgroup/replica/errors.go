package replica

import "errors"

// What became of a proposal, a configuration change or a confirmation.
var (
	// ErrNotRun is returned when the request certainly had no effect and
	// never will.
	ErrNotRun = errors.New("not run")
	// ErrUnknown is returned when the request may or may not have, or get, an effect.
	ErrUnknown = errors.New("outcome unknown")
)

// Reasons, always wrapped together with ErrNotRun or ErrUnknown.
var (
	// ErrNotLeader is returned when this member does not lead.
	ErrNotLeader = errors.New("not the leader")
	// ErrNotReady is returned when this member leads, but no entry of its
	// own term is applied yet.
	ErrNotReady = errors.New("no entry of this term is applied yet")
	// ErrTransferring is returned while leadership is being handed over.
	ErrTransferring = errors.New("leadership is being transferred")
	// ErrBusy is returned when a limit is reached.
	ErrBusy = errors.New("too many requests in progress")
	// ErrClosed is returned after Shutdown.
	ErrClosed = errors.New("replica is shut down")
	// ErrNoMember is returned when the configuration has no such member, or
	// not in the role that the change expects.
	ErrNoMember = errors.New("no such member")
	// ErrNotCaughtUp is returned when a member lags too far behind to be
	// promoted or to receive leadership.
	ErrNotCaughtUp = errors.New("member has not caught up")
)

// Failures, delivered by Failed.
var (
	// ErrTransferStuck is reported when a leadership transfer neither
	// succeeds nor ends.
	ErrTransferStuck = errors.New("leadership transfer is stuck")
	// ErrStore is reported when the log, the stable store or the snapshots fail.
	ErrStore = errors.New("storage failed")
	// ErrRolledBack is reported when the group's leader has other entries where this member
	// has committed ones: a majority has lost what it had acknowledged. See rollback.go.
	ErrRolledBack = errors.New("the group has lost entries that this member has applied")
	// ErrHalted is reported when the state machine cannot go on.
	ErrHalted = errors.New("state machine halted")
	// ErrShutdownStuck is returned when goroutines of the library had to be
	// left behind, for example in a write that does not return.
	ErrShutdownStuck = errors.New("shutdown left goroutines behind")
)
