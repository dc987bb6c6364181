package replica

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrNoMajority is returned when the group would not have a majority any more.
var ErrNoMajority = errors.New("the other voters do not answer")

// withoutPoll is how often MajorityWithout looks for answers.
const withoutPoll = 10 * time.Millisecond

// MajorityWithout returns nil once a majority of the voters other than id, this leader
// among them, has answered something that was sent after the call. Who takes a vote away
// asks this first: a configuration counts from the moment it is in the log, so a group of
// three that takes out one voter while another one is dead is left with one of two, and
// cannot even take that back. It waits an election time at most.
func (r *Replica) MajorityWithout(ctx context.Context, id string) error {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, r.options.election())
	defer cancel()
	t := time.NewTicker(withoutPoll)
	defer t.Stop()
	for {
		if err := r.leadingErr(); err != nil {
			return err
		}
		if r.answered(id, began) {
			return nil
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return fmt.Errorf("without %s: %w", id, ErrNoMajority)
		case <-r.ctx.Done():
			return ErrClosed
		}
	}
}

// answered says whether a majority of the voters other than id has answered since.
func (r *Replica) answered(id string, since time.Time) bool {
	voters, heard := 0, 0
	if me, ok := r.Configuration().Find(r.options.ID); ok && me.Voter && me.ID != id {
		voters, heard = 1, 1
	}
	for _, p := range r.Progress() {
		if !p.Voter || p.ID == id {
			continue
		}
		voters++
		if p.LastContact.After(since) {
			heard++
		}
	}
	return 2*heard > voters
}
