package metaraft

import (
	"errors"

	"github.com/redoubtdb/redoubt/slotmap"
)

// What became of a change. Besides these, Change returns slotmap's errors: the change was refused.
var (
	// ErrNotRun is returned, with the reason, when the change certainly has no effect and never will.
	ErrNotRun = errors.New("metadata change was not run")
	// ErrUnknownOutcome is returned when the change may or may not have, or get, an effect.
	ErrUnknownOutcome = errors.New("outcome of the metadata change is unknown")
	// ErrNotVisible is returned when the change is committed but this node has not applied it in time.
	ErrNotVisible = errors.New("metadata change is committed but not applied on this node yet")
)

// Reasons and failures.
var (
	// ErrNoLeader is the reason when no leader of the metadata group is known.
	ErrNoLeader = errors.New("no leader of the metadata group is known")
	// ErrClosed is the reason after Close.
	ErrClosed = errors.New("metadata member is closed")
	// ErrNoMap is returned by meta.map while the node knows no map.
	ErrNoMap = errors.New("no map yet")
	// ErrCorrupt is reported when an entry or a snapshot is damaged or of a version this build does not
	// know. The node must stop.
	ErrCorrupt = errors.New("undecodable metadata")
	// ErrBlank is returned by Open when a cluster of several nodes is known but the member's disk is
	// empty: starting afresh would make a second cluster with the same name.
	ErrBlank = errors.New("metadata of this cluster is missing on this disk")
)

// Codes of the answers to meta.change that are not slotmap's.
const (
	codeNotRun  = "meta-not-run"
	codeUnknown = "meta-unknown"
	codeNoMap   = "meta-no-map"
)

// codedError carries an error over the bus with its code.
type codedError struct {
	code string
	err  error
}

func (e *codedError) Error() string { return e.err.Error() }
func (e *codedError) Unwrap() error { return e.err }

// Code is what the bus sends along; see bus.Handler.
func (e *codedError) Code() string { return e.code }

// withCode gives an error of this package or of slotmap its code.
func withCode(err error) error {
	code := slotmap.ErrorCode(err)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrUnknownOutcome):
		code = codeUnknown
	case errors.Is(err, ErrNotRun):
		code = codeNotRun
	case errors.Is(err, ErrNoMap):
		code = codeNoMap
	}
	return &codedError{code: code, err: err}
}
