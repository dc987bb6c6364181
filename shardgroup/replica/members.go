package replica

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"

	"github.com/redoubtdb/redoubt/persistence"
)

// ErrNotEmpty is returned by Bootstrap when the store has taken part already.
var ErrNotEmpty = errors.New("the store is not empty")

// Bootstrap writes the first configuration into an empty store. It may be
// repeated after a crash in between.
func Bootstrap(store *persistence.GroupStore, c Configuration) error {
	if c.Voters() == 0 {
		return fmt.Errorf("bootstrap: %w: no voter", ErrNoMember)
	}
	last, err := store.Log.LastIndex()
	if err != nil {
		return fmt.Errorf("bootstrap: %w", err)
	}
	snapshots, err := store.Snapshots.List()
	if err != nil {
		return fmt.Errorf("bootstrap: %w", err)
	}
	term, err := store.Stable.GetUint64(keyTerm())
	if err != nil && err.Error() != "not found" {
		return fmt.Errorf("bootstrap: %w", err)
	}
	if last > 0 || len(snapshots) > 0 || term > 1 {
		return ErrNotEmpty
	}
	if err := store.Stable.SetUint64(keyTerm(), 1); err != nil {
		return fmt.Errorf("bootstrap: %w", err)
	}
	entry := &raft.Log{Index: 1, Term: 1, Type: raft.LogConfiguration, Data: raft.EncodeConfiguration(toRaft(c))}
	if err := store.Log.StoreLog(entry); err != nil {
		return fmt.Errorf("bootstrap: %w", err)
	}
	return nil
}

// keyTerm is where the library keeps the current term.
func keyTerm() []byte { return []byte("CurrentTerm") }

// AddLearner adds a member that does not vote. That it is one already is
// success; that it votes is not.
func (r *Replica) AddLearner(id string) error {
	return r.change(func(c Configuration) error {
		if s, ok := c.Find(id); ok && s.Voter {
			return fmt.Errorf("%s votes already: %w", id, ErrNoMember)
		}
		return nil
	}, func() raft.IndexFuture {
		return r.raft.AddNonvoter(raft.ServerID(id), raft.ServerAddress(id), 0, enqueueLimit)
	})
}

// Promote gives a caught-up learner its vote, once it answers, and with it a majority.
func (r *Replica) Promote(ctx context.Context, id string) error {
	return r.changeVoters(ctx, with(id), func(c Configuration) error {
		if s, ok := c.Find(id); !ok || s.Voter {
			return fmt.Errorf("%s is no learner: %w", id, ErrNoMember)
		}
		return r.caughtUp(id)
	}, func() raft.IndexFuture {
		return r.raft.AddVoter(raft.ServerID(id), raft.ServerAddress(id), 0, enqueueLimit)
	})
}

// Demote takes a voter's vote once a majority of the others answers.
func (r *Replica) Demote(ctx context.Context, id string) error {
	return r.changeVoters(ctx, without(id), func(c Configuration) error {
		return needsAnotherVoter(c, id)
	}, func() raft.IndexFuture {
		return r.raft.DemoteVoter(raft.ServerID(id), 0, enqueueLimit)
	})
}

// Remove takes a member out of the group once a majority of the others answers.
func (r *Replica) Remove(ctx context.Context, id string) error {
	return r.changeVoters(ctx, without(id), func(c Configuration) error {
		return needsAnotherVoter(c, id)
	}, func() raft.IndexFuture {
		return r.raft.RemoveServer(raft.ServerID(id), 0, enqueueLimit)
	})
}

func needsAnotherVoter(c Configuration, id string) error {
	s, ok := c.Find(id)
	switch {
	case !ok:
		return fmt.Errorf("%s: %w", id, ErrNoMember)
	case s.Voter && c.Voters() == 1:
		return fmt.Errorf("%s is the last voter: %w", id, ErrNoMember)
	}
	return nil
}

// caughtUp says whether a member could take part without delaying others.
func (r *Replica) caughtUp(id string) error {
	term, ok := r.LeadingTerm()
	if !ok {
		return ErrNotLeader
	}
	c, last := r.evidence.contact(id, term), r.raft.LastIndex()
	if c.matched+caughtUpLimit < last || time.Since(c.at) > r.options.election() {
		return fmt.Errorf("%s has %d of %d: %w", id, c.matched, last, ErrNotCaughtUp)
	}
	return nil
}

// changeVoters makes one change of who votes, once a majority of those who do afterwards answers. It
// does not stand in the way of other changes, or of a transfer, while it waits for that.
func (r *Replica) changeVoters(ctx context.Context, votes electorate, check func(Configuration) error, request func() raft.IndexFuture) error {
	if err := r.leadingErr(); err != nil {
		return notRun(err)
	}
	if err := check(r.Configuration()); err != nil {
		return notRun(err)
	}
	if err := r.majority(ctx, votes); err != nil {
		return notRun(err)
	}
	return r.change(check, request)
}

// change makes one change of the configuration: it returns nil when the new
// one is committed. check sees the configuration that is to be changed.
func (r *Replica) change(check func(Configuration) error, request func() raft.IndexFuture) error {
	if !r.changing.TryLock() {
		return notRun(ErrBusy)
	}
	defer r.changing.Unlock()
	if err := r.leadingErr(); err != nil {
		return notRun(err)
	}
	if err := check(r.Configuration()); err != nil {
		return notRun(err)
	}
	ctx, cancel := context.WithTimeout(r.ctx, changeFactor*r.options.election())
	defer cancel()
	err := r.await(ctx, request())
	if term, ok := r.LeadingTerm(); ok {
		r.evidence.lead(term) // the majority may be another one now
	}
	return classify(err)
}
