package replica

import (
	"context"
	"time"
)

// LeaseValid says whether the state, as it was at some moment since the call
// began, is what a leader may show: so read first, ask then. It costs a few
// loads from memory.
//
// It needs an entry of this term to be applied (Raft's own do not count), for
// only then does the state machine hold all that earlier leaders committed;
// and it is over for the rest of a term in which a transfer was attempted.
func (r *Replica) LeaseValid() bool {
	now := time.Now()
	term, err := r.readingTerm()
	if err != nil || r.noLease.Load() == term {
		return false
	}
	s := r.evidence.standing.Load()
	if s == nil || s.term != term {
		return false
	}
	return s.alone || fresh(s.at, now)
}

// fresh compares by the monotonic clock and by the wall clock. The first does
// not count the time a machine sleeps, the second may be set; it takes both to
// be wrong at once for a lease to be too long.
func fresh(at, now time.Time) bool {
	return now.Sub(at) < Lease && now.Round(0).Sub(at.Round(0)) < Lease
}

// readingTerm is the term this member leads and may read in.
func (r *Replica) readingTerm() (uint64, error) {
	term, ok := r.LeadingTerm()
	switch {
	case !ok && r.ctx.Err() != nil:
		return 0, ErrClosed
	case !ok:
		return 0, ErrNotLeader
	case r.machine.term.Load() != term && !r.options.exposed.has(hazardOldCommit):
		return 0, ErrNotReady
	}
	return term, nil
}

// Confirm returns nil when a majority has followed this leader after the call
// began: what is read from now on is linearizable, whatever the clocks. Calls
// that wait at the same time share their messages.
func (r *Replica) Confirm(ctx context.Context) error {
	term, err := r.readingTerm()
	if err != nil {
		return notRun(err)
	}
	w := r.evidence.wait(term)
	defer r.evidence.forget(w)
	select {
	case r.confirming <- struct{}{}:
	default:
	}
	if _, ok := r.LeadingTerm(); !ok { // or nobody might ever end the wait
		return notRun(ErrNotLeader)
	}
	select {
	case <-w.done:
		if w.err != nil {
			return notRun(w.err)
		}
		return nil
	case <-ctx.Done():
		return notRun(ctx.Err())
	case <-r.ctx.Done():
		return notRun(ErrClosed)
	}
}

// confirmLoop makes the library send heartbeats as long as somebody waits.
// VerifyLeader does that; its own verdict is not looked at, for it rests on
// answers to heartbeats that may have been sent before the question.
func (r *Replica) confirmLoop() {
	pause := r.options.election() / 10
	t := time.NewTimer(pause)
	defer t.Stop()
	for {
		select {
		case <-r.confirming:
		case <-r.ctx.Done():
			return
		}
		for r.evidence.waiting() && r.IsLeader() {
			_ = r.raft.VerifyLeader()
			t.Reset(pause)
			select {
			case <-r.confirming: // somebody came later than the heartbeats just sent
			case <-t.C:
			case <-r.ctx.Done():
				return
			}
		}
	}
}

// firstElection lets a group of one, this member, elect its leader at once
// instead of after a time-out: nobody else can lead it. The library takes a
// request to take over as the reason.
func (r *Replica) firstElection() {
	if r.votes() && r.Configuration().Voters() == 1 {
		r.gate.takeOver(r.ctx.Done())
	}
}
