package node

import (
	"errors"
	"sync/atomic"

	"github.com/redoubtdb/redoubt/shardgroup/bus"
	"github.com/redoubtdb/redoubt/slotmap"
)

// replyError is an error whose text is the reply that a client sees.
type replyError string

func (e replyError) Error() string { return string(e) }

// codedError lets a slot map's error cross the bus as itself.
type codedError struct{ err error }

func (e codedError) Error() string { return e.err.Error() }
func (e codedError) Code() string  { return slotmap.ErrorCode(e.err) }

// coded prepares an error for the bus.
func coded(err error) error {
	if slotmap.ErrorCode(err) == "" {
		return err
	}
	return codedError{err}
}

// codeNotJoined says that a request to join certainly came to nothing.
const codeNotJoined = "not-joined"

// notJoinedError is the answer to a request to join that certainly came to nothing.
type notJoinedError struct{ err error }

func (e notJoinedError) Error() string { return e.err.Error() }
func (notJoinedError) Code() string    { return codeNotJoined }

// uncoded turns what came over the bus back into the slot map's error.
func uncoded(err error) error {
	var remote *bus.RemoteError
	if errors.As(err, &remote) {
		if e := slotmap.ErrorFromCode(remote.Code, remote.Msg); e != nil {
			return e
		}
	}
	return err
}

// busy admits one worker at a time.
type busy struct{ on atomic.Bool }

func (b *busy) start() bool { return b.on.CompareAndSwap(false, true) }
func (b *busy) finish()     { b.on.Store(false) }
