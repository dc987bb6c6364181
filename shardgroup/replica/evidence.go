package replica

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// evidence is what this leader knows of its peers: for each, when the latest
// AppendEntries was started that the peer answered with success in the
// leader's term. At that moment or later the peer followed this leader, so it
// had not voted in a newer term, and it votes in none before ElectionFloor has
// passed. A majority of such moments is what reads stand on.
//
// A moment is a time, for the lease, and a place in the order in which
// AppendEntries were started, for Confirm: which needs no clock.
type evidence struct {
	self   string
	config func() Configuration // the latest one, committed or not
	order  atomic.Uint64        // AppendEntries started so far

	standing atomic.Pointer[standing]

	mu      sync.Mutex // guards the rest
	term    uint64
	peers   map[string]contact
	waiters []*waiter
}

// moment is when an AppendEntries was started.
type moment struct {
	order uint64
	at    time.Time
}

// contact is the evidence from one peer.
type contact struct {
	moment
	matched uint64
}

// standing is a leader's standing with the majority: since when it is known to
// hold.
type standing struct {
	term  uint64
	alone bool // this member is a majority by itself: it holds always
	moment
}

// waiter waits for a majority of AppendEntries started after `after`.
type waiter struct {
	term  uint64
	after uint64
	done  chan struct{}
	err   error // valid once done is closed
}

func newEvidence(self string, config func() Configuration) *evidence {
	return &evidence{self: self, config: config, peers: make(map[string]contact)}
}

// start stamps an AppendEntries that is about to be sent.
func (e *evidence) start() moment {
	return moment{order: e.order.Add(1), at: time.Now()}
}

// record takes a peer's success: its log matches ours up to `matched`.
func (e *evidence) record(peer string, term uint64, started moment, matched uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.enter(term) {
		return
	}
	c := e.peers[peer]
	if started.order > c.order {
		c.moment = started
	}
	c.matched = max(c.matched, matched)
	e.peers[peer] = c
	e.recompute()
}

// noteMatched takes what a peer's log is known to hold, without being evidence.
func (e *evidence) noteMatched(peer string, term, matched uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.enter(term) {
		return
	}
	c := e.peers[peer]
	c.matched = max(c.matched, matched)
	e.peers[peer] = c
}

// lead begins a term as leader, and is called again whenever the
// configuration may have changed.
func (e *evidence) lead(term uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.enter(term) {
		e.recompute()
	}
}

// depose ends whatever waits in that term or an earlier one.
func (e *evidence) depose(term uint64, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.waiters = slices.DeleteFunc(e.waiters, func(w *waiter) bool {
		if w.term > term {
			return false
		}
		w.err = err
		close(w.done)
		return true
	})
}

// enter forgets an older term. The lock is held.
func (e *evidence) enter(term uint64) bool {
	if term > e.term {
		e.term = term
		clear(e.peers)
	}
	return term == e.term
}

// recompute finds the standing and releases who waited for it. The lock is held.
func (e *evidence) recompute() {
	since, alone, ok := majority(e.config(), e.self, e.peers)
	if !ok {
		e.standing.Store(nil)
		return
	}
	e.standing.Store(&standing{term: e.term, alone: alone, moment: since})
	e.waiters = slices.DeleteFunc(e.waiters, func(w *waiter) bool {
		if w.term != e.term || !alone && since.order <= w.after {
			return false
		}
		close(w.done)
		return true
	})
}

// wait registers for a majority's answers to AppendEntries started from now on.
func (e *evidence) wait(term uint64) *waiter {
	e.mu.Lock()
	defer e.mu.Unlock()
	w := &waiter{term: term, after: e.order.Load(), done: make(chan struct{})}
	if s := e.standing.Load(); s != nil && s.term == term && s.alone {
		close(w.done)
		return w
	}
	e.waiters = append(e.waiters, w)
	return w
}

// forget takes back a registration.
func (e *evidence) forget(w *waiter) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.waiters = slices.DeleteFunc(e.waiters, func(x *waiter) bool { return x == w })
}

// waiting says whether anybody waits.
func (e *evidence) waiting() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.waiters) > 0
}

// contact returns what is known of a peer in a term.
func (e *evidence) contact(peer string, term uint64) contact {
	e.mu.Lock()
	defer e.mu.Unlock()
	if term != e.term {
		return contact{}
	}
	return e.peers[peer]
}

// majority finds the latest moment for which a majority of the voters answers,
// counting the leader itself if it is a voter. alone: it needs nobody else.
func majority(c Configuration, self string, peers map[string]contact) (since moment, alone, ok bool) {
	need := c.Voters()/2 + 1
	var known []moment
	for _, s := range c.Servers {
		if !s.Voter {
			continue
		}
		if s.ID == self {
			need--
		} else if p, heard := peers[s.ID]; heard && p.order > 0 {
			known = append(known, p.moment)
		}
	}
	if need == 0 {
		return moment{}, true, true
	}
	if len(known) < need {
		return moment{}, false, false
	}
	slices.SortFunc(known, func(a, b moment) int { return cmp.Compare(b.order, a.order) })
	since = known[need-1]
	for _, m := range known[:need] { // stamps of two goroutines may be a little out of order
		if m.at.Before(since.at) {
			since.at = m.at
		}
	}
	return since, false, true
}
