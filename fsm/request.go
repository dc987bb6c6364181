package fsm

import (
	"sync/atomic"

	"github.com/redoubtdb/redoubt/resp"
)

// Request is what one client waits for: commands to be run in order and the writer of their replies.
//
// Its waiter and the applier agree by one atomic word on who may use it: the applier claims it before it
// touches Ops' memory or W; a waiter that gives up abandons it. Only one of the two succeeds.
type Request struct {
	Ops []Op
	W   *resp.Writer
	// Refuse answers an op whose slot may not be served here; nothing of it has run.
	Refuse func(w *resp.Writer, op *Op, g Gate)

	state atomic.Uint32
}

const (
	requestWaiting   = 0
	requestClaimed   = 1
	requestAbandoned = 2
)

// Claim is called by the applier: true means that it may write the replies.
func (r *Request) Claim() bool { return r.state.CompareAndSwap(requestWaiting, requestClaimed) }

// Abandon is called by the waiter: true means that no reply will be written. The applier may still look
// at the flags of Ops, hence the request must not be used again. False: it is being applied; wait for it.
func (r *Request) Abandon() bool { return r.state.CompareAndSwap(requestWaiting, requestAbandoned) }

// Claimed reports whether the applier has claimed the request.
func (r *Request) Claimed() bool { return r.state.Load() == requestClaimed }

// Reset makes a request that was answered ready for another use. W and Refuse stay.
func (r *Request) Reset() {
	clear(r.Ops)
	r.Ops = r.Ops[:0]
	r.state.Store(requestWaiting)
}
