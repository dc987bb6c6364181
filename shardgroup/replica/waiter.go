package replica

import (
	"context"
	"errors"

	"github.com/hashicorp/raft"
)

// Waiter waits for proposals, one after the other. It costs less than
// Proposal.Wait, and waits until the library knows the outcome or the replica stops.
// It is used by one goroutine.
type Waiter struct {
	quit   chan struct{}
	forget func() bool
}

// NewWaiter returns a Waiter for proposals of this replica.
func (r *Replica) NewWaiter() *Waiter {
	quit := make(chan struct{})
	return &Waiter{quit, context.AfterFunc(r.ctx, func() { close(quit) })}
}

// Close ends its use.
func (w *Waiter) Close() { w.forget() }

// Wait is Proposal.Wait without a context.
func (w *Waiter) Wait(p *Proposal) error {
	if p.refused != nil {
		return p.refused
	}
	setQuit(p.future, w.quit)
	err := p.future.Error()
	if p.replica.ctx.Err() != nil && (errors.Is(err, raft.ErrRaftShutdown) || errors.Is(err, raft.ErrLeadershipLost)) {
		err = ErrClosed // the library says the one or the other when it is stopped
	}
	return p.conclude(err)
}
