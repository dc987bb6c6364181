package server

import "errors"

// Outcomes of Shard calls.
var (
	// ErrNotRun is returned when a request certainly did not run and never will.
	ErrNotRun = errors.New("not run")
	// ErrNoSpace is returned when a request certainly did not run, because the disks have no room for its writes.
	ErrNoSpace = errors.New("no space for writes")
	// ErrIndeterminate is returned when it is unknown whether a request ran or will run.
	ErrIndeterminate = errors.New("outcome unknown")
	// ErrNotOwned is returned when the state machine does not own the slot of a read.
	ErrNotOwned = errors.New("slot not owned")
)

// Errors of the server itself.
var (
	// ErrClosed is returned by Serve after Close.
	ErrClosed = errors.New("server closed")

	// errOutputLimit ends a connection whose client does not read its replies.
	errOutputLimit = errors.New("output buffer limit")
	// errIdle ends a connection whose client did nothing for the configured time.
	errIdle = errors.New("idle")
	// errQueryLimit ends a connection whose client sends a request that is too long.
	errQueryLimit = errors.New("query buffer limit")
)
