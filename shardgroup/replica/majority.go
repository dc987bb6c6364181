package replica

import (
	"context"
	"errors"
	"time"
)

// ErrNoMajority is returned when the group would not have a majority any more.
var ErrNoMajority = errors.New("the other voters do not answer")

// pollInterval is how often poll looks.
const pollInterval = 10 * time.Millisecond

// electorate tells who has a vote after a change: given a member, and whether it has one before.
type electorate func(id string, before bool) bool

func with(id string) electorate {
	return func(of string, before bool) bool { return before || of == id }
}

func without(id string) electorate {
	return func(of string, before bool) bool { return before && of != id }
}

// majority returns nil once a majority of those who have a vote after a change, this leader among them,
// has answered something that was sent after the call. Who changes the voters asks this first: a
// configuration counts from the moment it is in the log, so a group that takes out one of three
// voters while another one is dead, or gives the fourth vote to a server that has just died while
// one of the three is dead too, waits for the dead, and cannot even take that back. It waits an
// election time at most.
func (r *Replica) majority(ctx context.Context, votes electorate) error {
	began := time.Now()
	var deposed error
	decided := r.poll(ctx, func() bool {
		deposed = r.leadingErr()
		return deposed != nil || r.answered(votes, began)
	})
	switch {
	case decided:
		return deposed
	case r.ctx.Err() != nil:
		return ErrClosed
	}
	return ErrNoMajority
}

// poll waits for a condition, an election time at most; false: that, ctx or this member ended first.
func (r *Replica) poll(ctx context.Context, cond func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, r.options.election())
	defer cancel()
	t := time.NewTicker(pollInterval)
	defer t.Stop()
	for !cond() {
		select {
		case <-t.C:
		case <-ctx.Done():
			return false
		case <-r.ctx.Done():
			return false
		}
	}
	return true
}

// answered says whether a majority of those who have a vote after a change has answered since,
// and among them everybody who has none before.
func (r *Replica) answered(votes electorate, since time.Time) bool {
	voters, heard := 0, 0
	if me, ok := r.Configuration().Find(r.options.ID); ok && votes(me.ID, me.Voter) {
		voters, heard = 1, 1
	}
	for _, p := range r.Progress() {
		if !votes(p.ID, p.Voter) {
			continue
		}
		voters++
		switch {
		case p.LastContact.After(since):
			heard++
		case !p.Voter:
			return false
		}
	}
	return 2*heard > voters
}
