package replica

import (
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/hashicorp/raft"
)

var _ ballot = (*Replica)(nil)

// following says whether this member is a follower, and of whom.
func (r *Replica) following() (leader string, ok bool) {
	_, id := r.raft.LeaderWithID()
	return string(id), r.raft.State() == raft.Follower
}

func (r *Replica) snapshot() position    { return r.snapshots.position() }
func (r *Replica) appliedByRaft() uint64 { return r.raft.AppliedIndex() }
func (r *Replica) installing(yes bool)   { r.stores.installing.Store(yes) }

// acquaintance is what our configuration says of a candidate.
func (r *Replica) acquaintance(id string) acquaintance {
	c := r.Configuration()
	s, ok := c.Find(id)
	switch {
	case len(c.Servers) == 0:
		return nobody
	case ok && s.Voter:
		return fellow
	}
	return stranger
}

// eligible says whether the candidate's log is as good as ours.
func (r *Replica) eligible(req *raft.RequestPreVoteRequest) bool {
	index, term := r.lastEntry()
	return req.LastLogTerm > term || req.LastLogTerm == term && req.LastLogIndex >= index
}

// lastEntry is the last entry of log or snapshot. The library tells its term
// only in its statistics.
func (r *Replica) lastEntry() (index, term uint64) {
	stats := r.raft.Stats()
	number := func(name string) uint64 {
		n, _ := strconv.ParseUint(stats[name], 10, 64)
		return n
	}
	index, term = number("last_log_index"), number("last_log_term")
	if s := number("last_snapshot_index"); s > index {
		return s, number("last_snapshot_term")
	}
	return index, term
}

// urge makes watchLeader wait no longer.
func (r *Replica) urge() {
	select {
	case r.urged <- struct{}{}:
	default:
	}
}

// watchLeader makes this member a candidate when its leader has been silent for
// its patience and a random bit more, or when it is urged. The library's own
// timer takes between one and two times the patience, and often fires just
// before that is up.
func (r *Replica) watchLeader() {
	patience := r.options.patience()
	wait := patience
	t := time.NewTimer(wait)
	defer t.Stop()
	for {
		urged := false
		select {
		case <-t.C:
		case <-r.urged:
			urged = true
		case <-r.ctx.Done():
			return
		}
		limit := patience + rand.N(patience/jitterPart)
		switch silence := r.gate.silence(); {
		case silence < limit && !(urged && silence >= r.options.election()):
			wait = limit - silence
		default:
			if leader, ok := r.following(); ok && leader != "" && r.votes() {
				r.lookAgain(r.timeOut(silence))
			}
			wait = patience / 10
		}
		t.Reset(wait)
	}
}

// timeOut is the time-out that a silence exceeds: this member's, or the one that
// is enough when it is urged.
func (r *Replica) timeOut(silence time.Duration) time.Duration {
	if patience := r.options.patience(); silence >= patience {
		return patience
	}
	return r.options.election()
}

// votes says whether this member is a voter.
func (r *Replica) votes() bool {
	s, ok := r.Configuration().Find(r.options.ID)
	return ok && s.Voter
}

// lookAgain makes the library look at once whether it has heard from its
// leader within a time. It does so when its time-out is shortened.
func (r *Replica) lookAgain(within time.Duration) {
	c := r.raft.ReloadableConfig()
	shorter := c
	shorter.HeartbeatTimeout = within - time.Millisecond
	if err := r.raft.ReloadConfig(shorter); err != nil {
		r.log.Warn("cannot reload the configuration", "member", r.options.ID, "error", err)
		return
	}
	if within < c.HeartbeatTimeout { // what it looks at is the new time-out
		r.awaitCandidacy()
	}
	if err := r.raft.ReloadConfig(c); err != nil {
		r.log.Warn("cannot reload the configuration", "member", r.options.ID, "error", err)
	}
}

// awaitCandidacy gives the library the time to look.
func (r *Replica) awaitCandidacy() {
	t := time.NewTicker(time.Millisecond)
	defer t.Stop()
	for began := time.Now(); time.Since(began) < lookLimit && r.raft.State() == raft.Follower; {
		select {
		case <-t.C:
		case <-r.ctx.Done():
			return
		}
	}
}
