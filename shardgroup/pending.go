package shardgroup

import (
	"sync"
	"time"

	"github.com/redoubtdb/redoubt/fsm"
)

// pending is one request on its way through consensus. Its owner waits in Do; the
// batcher or the applier finishes it exactly once.
type pending struct {
	req   *fsm.Request
	done  chan error // capacity 1
	timer *time.Timer
}

// finish hands the outcome to the waiting owner. After it p must not be touched.
func (p *pending) finish(err error) { p.done <- err }

// queue holds the requests that no entry carries yet, in order of arrival.
type queue struct {
	wake chan struct{} // capacity 1: something was added

	mu     sync.Mutex // guards what follows
	items  []*pending
	closed bool
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

// add appends p; false means the queue is closed and p was not taken.
func (q *queue) add(p *pending) bool {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return false
	}
	q.items = append(q.items, p)
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return true
}

// remove takes p out again; false means a batch has it already.
func (q *queue) remove(p *pending) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, it := range q.items {
		if it == p {
			q.items = append(q.items[:i], q.items[i+1:]...)
			return true
		}
	}
	return false
}

// take moves all waiting requests into dst.
func (q *queue) take(dst []*pending) []*pending {
	q.mu.Lock()
	dst = append(dst, q.items...)
	clear(q.items)
	q.items = q.items[:0]
	q.mu.Unlock()
	return dst
}

// putBack returns requests to the head of the queue, in their order. The queue may
// have been closed meanwhile: then it returns false and the caller finishes them.
func (q *queue) putBack(ps []*pending) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.items = append(append(make([]*pending, 0, len(ps)+len(q.items)), ps...), q.items...)
	return true
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
