package replica

import (
	"context"
	"fmt"

	"github.com/hashicorp/raft"

	"github.com/redoubtdb/redoubt/persistence"
)

// Proposal is an entry on its way. Its Wait must be called, once.
type Proposal struct {
	replica *Replica
	future  raft.ApplyFuture
	refused error // set instead of future
	index   uint64
}

// Propose hands an entry to the group, in the order of the calls. It does not
// wait for the disk. data is kept and must not be changed any more.
func (r *Replica) Propose(data []byte) *Proposal {
	if err := r.mayPropose(len(data)); err != nil {
		return &Proposal{refused: notRun(err)}
	}
	return &Proposal{replica: r, future: r.raft.ApplyLog(raft.Log{Data: data}, enqueueLimit)}
}

// mayPropose refuses what would certainly not run, and counts what may.
func (r *Replica) mayPropose(size int) error {
	if size > persistence.MaxEntryBytes {
		return fmt.Errorf("entry of %d bytes: %w", size, persistence.ErrEntryTooLarge)
	}
	if err := r.leadingErr(); err != nil {
		return err
	}
	if r.proposals.Add(1) > maxProposals {
		r.proposals.Add(-1)
		return ErrBusy
	}
	return nil
}

// Wait returns nil when the entry is committed and applied here. Its error is
// ErrNotRun or ErrUnknown, the latter also when the context ends first: the
// entry may then be committed at any later time.
func (p *Proposal) Wait(ctx context.Context) error {
	if p.refused != nil {
		return p.refused
	}
	return p.conclude(p.replica.await(ctx, p.future))
}

// conclude ends the waiting; err is what the library said.
func (p *Proposal) conclude(err error) error {
	p.replica.proposals.Add(-1)
	if err != nil {
		return classify(err)
	}
	if err, ok := p.future.Response().(error); ok { // the state machine halted before it
		return classify(err)
	}
	p.index = p.future.Index()
	return nil
}

// Index is the entry's index in the log; valid after Wait returned nil.
func (p *Proposal) Index() uint64 { return p.index }
