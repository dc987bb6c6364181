package shardgroup

import (
	"slices"
	"sync"
	"time"

	"github.com/redoubtdb/redoubt/fsm"
)

// pending is one request on its way through consensus. Its owner waits in Do; it is
// finished exactly once: by whoever takes it out of the queue, by the applier if that
// has claimed the request, else by whoever abandons the request.
type pending struct {
	req   *fsm.Request
	done  chan error // capacity 1
	since time.Time
}

// finish hands the outcome to the waiting owner. After it p must not be touched.
func (p *pending) finish(err error) { p.done <- err }

func finishAll(ps []*pending, err error) {
	for _, p := range ps {
		p.finish(err)
	}
}

// queue holds the requests that no entry carries yet, in order of arrival. One entry
// is made at a time: arm tells how many requests make the next one; whoever adds the
// last of them gets all and makes it, and nobody gets any until arm is called again.
type queue struct {
	mu     sync.Mutex // guards what follows
	items  []*pending
	spare  []*pending // memory for items
	need   int        // so many make an entry; 0: one is being made or on its way
	closed bool
}

// add appends p and returns the requests of an entry if they are complete; false
// means that the queue is closed and p was not taken.
func (q *queue) add(p *pending) (entry []*pending, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil, false
	}
	q.items = append(q.items, p)
	if q.need == 0 || len(q.items) < q.need {
		return nil, true
	}
	return q.take(), true
}

// take returns everything. q.mu is held.
func (q *queue) take() []*pending {
	entry := q.items
	q.items, q.spare, q.need = q.spare[:0], nil, 0
	return entry
}

// arm lets the next entry be made: of what waits now and so many more. It returns
// the requests if they are complete already, otherwise how many waited; false means
// that the queue is closed.
func (q *queue) arm(more int) (entry []*pending, waited int, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	waited = len(q.items)
	q.need = max(1, waited+more)
	if q.closed {
		return nil, waited, false
	}
	if waited >= q.need {
		entry = q.take()
	}
	return entry, waited, true
}

// hurry lets the entry that is armed be made of what waits now, or of the next
// request. It returns nothing if that has been made already.
func (q *queue) hurry() []*pending {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.need == 0 {
		return nil
	}
	q.need = 1
	if len(q.items) == 0 {
		return nil
	}
	return q.take()
}

// over tells whether the queue is closed and nobody makes an entry.
func (q *queue) over() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed && q.need > 0
}

// putBack returns requests to the head of the queue, in their order. The queue may
// have been closed meanwhile: then it returns false and the caller finishes them.
func (q *queue) putBack(ps []*pending) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.items = slices.Concat(ps, q.items)
	return true
}

// recycle gives back the memory of an entry's requests.
func (q *queue) recycle(entry []*pending) {
	clear(entry)
	q.mu.Lock()
	q.spare = entry[:0]
	q.mu.Unlock()
}

// expire takes out the requests that have waited since before a time.
func (q *queue) expire(before time.Time) []*pending {
	q.mu.Lock()
	defer q.mu.Unlock()
	var late []*pending
	q.items = slices.DeleteFunc(q.items, func(p *pending) bool {
		if !p.since.Before(before) {
			return false
		}
		late = append(late, p)
		return true
	})
	return late
}

// close refuses further requests and returns those that waited.
func (q *queue) close() []*pending {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	left := q.items
	q.items = nil
	return left
}
