package replica

import "math"

// Leadership delivers the changes of this member's leadership to one reader,
// in order, without ever making the library wait: a reader that is late is
// told how things stand, with the end of a term it knew before the next.
func (r *Replica) Leadership() <-chan LeaderChange { return r.leadership }

// followLeadership turns the library's signals, which may be dropped, into
// that stream. The channel of the library only says that something changed;
// what, is read from its state.
func (r *Replica) followLeadership() {
	var told, now LeaderChange
	for {
		next, pending := nextChange(told, now)
		out := r.leadership
		if !pending {
			out = nil
		}
		select {
		case out <- next:
			told = next
		case <-r.raft.LeaderCh():
			now = r.observeLeadership(now)
		case <-r.ctx.Done():
			r.evidence.depose(math.MaxUint64, ErrClosed)
			return
		}
	}
}

// observeLeadership looks how things stand, and tells the evidence.
func (r *Replica) observeLeadership(before LeaderChange) LeaderChange {
	term, ok := r.LeadingTerm()
	if before.Leader && (!ok || term != before.Term) {
		r.log.Info("leadership lost", "member", r.options.ID, "term", before.Term)
	}
	if !ok {
		r.evidence.depose(r.raft.CurrentTerm(), ErrNotLeader)
		return LeaderChange{Term: before.Term}
	}
	if term != before.Term || !before.Leader {
		r.log.Info("leadership won", "member", r.options.ID, "term", term)
	}
	r.evidence.depose(term-1, ErrNotLeader)
	r.evidence.lead(term)
	return LeaderChange{Leader: true, Term: term}
}

// nextChange is what the reader must be told next.
func nextChange(told, now LeaderChange) (next LeaderChange, pending bool) {
	switch {
	case told.Leader && (!now.Leader || now.Term != told.Term):
		return LeaderChange{Term: told.Term}, true
	case !told.Leader && now.Leader:
		return now, true
	}
	return told, false
}
