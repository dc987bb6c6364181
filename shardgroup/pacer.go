package shardgroup

import "time"

// Pace of entries.
const (
	// minPatience and maxPatience bound how long an entry waits for the clients just
	// answered.
	minPatience = 50 * time.Microsecond
	maxPatience = 2 * time.Millisecond
	// stragglerPart is the part of them that is not waited for.
	stragglerPart = 8
	// maxSkip is how many entries go out at once after waiting has not paid.
	maxSkip = 63
	// flightWeight is the weight of the past in the mean time of an entry's flight.
	flightWeight = 8
)

// pacer decides when the next entry is made. Most clients send their next command as
// soon as they have the answer to the last; but the first of them to come back would
// make an entry of its own, and all others would wait for two entries. So an entry
// waits, for no longer than entries take, until as many requests have come as were
// just answered, some stragglers excepted. Where that does not pay, since the clients
// do other things in between, entries go out at once for a while.
type pacer struct {
	flight   time.Duration // mean time from proposal to outcome
	answered int           // requests of the entry that has just ended; 0: do not wait
	skip     int           // entries that still go out at once
	penalty  int           // the skip that the next failure brings
	expected int           // what the present wait is for, 0: there is none
}

// ended notes that an entry of n requests has been applied.
func (p *pacer) ended(n int, took time.Duration) {
	p.answered = n
	if p.flight == 0 {
		p.flight = took
	}
	p.flight += (took - p.flight) / flightWeight
}

// failed notes that an entry has not come about: nobody was answered.
func (p *pacer) failed() { p.answered = 0 }

// plan returns how many requests the next entry waits for.
func (p *pacer) plan() (more int) {
	p.expected = 0
	switch {
	case p.answered == 0:
	case p.skip > 0:
		p.skip--
	default:
		p.expected = p.answered - p.answered/stragglerPart
	}
	return p.expected
}

// patience returns how long the wait may take, if so many requests waited already
// when it began; 0 if it may take for ever, since the first request ends it.
func (p *pacer) patience(waited int) time.Duration {
	if waited+p.expected <= 1 {
		return 0
	}
	return min(max(p.flight, minPatience), maxPatience)
}

// gathered notes how many requests came while an entry waited.
func (p *pacer) gathered(n int) {
	switch {
	case p.expected == 0:
	case 2*n >= p.expected:
		p.penalty = 0
	default:
		p.penalty = min(2*p.penalty+1, maxSkip)
		p.skip = p.penalty
	}
}
