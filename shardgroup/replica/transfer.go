package replica

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"
)

// Transfer hands leadership to a caught-up voter, after the change of the
// configuration that is under way, if there is one. It returns nil when this
// member does not lead any more, ErrNotRun when nothing was begun, and
// otherwise an error after which this member leads on, without its lease until
// the end of the term: the request to take over may still be on its way.
func (r *Replica) Transfer(ctx context.Context, id string) error {
	if !r.poll(ctx, r.changing.TryLock) {
		return notRun(ErrBusy)
	}
	defer r.changing.Unlock()
	term, ok := r.LeadingTerm()
	if !ok {
		return notRun(ErrNotLeader)
	}
	if s, ok := r.Configuration().Find(id); !ok || !s.Voter || id == r.options.ID {
		return notRun(fmt.Errorf("%s: %w", id, ErrNoMember))
	}
	if err := r.caughtUp(id); err != nil {
		return notRun(err)
	}
	r.noLease.Store(term) // before the first byte of the request
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, transferFactor*r.options.election())
	defer cancel()
	err := r.await(ctx, r.raft.LeadershipTransferToServer(raft.ServerID(id), raft.ServerAddress(id)))
	if now, ok := r.LeadingTerm(); !ok || now != term {
		return nil
	}
	r.spawn(func() { r.watchTransfer(term, began) })
	return fmt.Errorf("transfer to %s: %w", id, errors.Join(err, ErrUnknown))
}

// watchTransfer fails this member if, three election times after a transfer
// began, the library still refuses everything because of it: such a transfer
// may never end (hashicorp/raft #696). A barrier is refused then; otherwise it
// does no harm.
func (r *Replica) watchTransfer(term uint64, began time.Time) {
	t := time.NewTimer(time.Until(began.Add(transferFactor * r.options.election())))
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.ctx.Done():
		return
	}
	if now, ok := r.LeadingTerm(); !ok || now != term {
		return
	}
	ctx, cancel := context.WithTimeout(r.ctx, r.options.election())
	defer cancel()
	if err := r.await(ctx, r.raft.Barrier(enqueueLimit)); errors.Is(err, raft.ErrLeadershipTransferInProgress) {
		r.fail(ErrTransferStuck)
	}
}
