package server

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// pause is CLIENT PAUSE: until it is over, commands wait at their gate, all of them or those that write.
type pause struct {
	active atomic.Bool // false: nobody waits; read on the hot path

	mu     sync.Mutex // guards all below
	until  time.Time
	all    bool
	lifted chan struct{} // closed when the pause changes
}

// begin starts a pause. Of two at once, the longer and the wider holds.
func (p *pause) begin(d time.Duration, all bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	until := time.Now().Add(d)
	if p.running() {
		all = all || p.all
		if p.until.After(until) {
			until = p.until
		}
	}
	p.until, p.all = until, all
	p.change()
	p.active.Store(true)
}

// end lets everybody go on.
func (p *pause) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.until = time.Time{}
	p.change()
	p.active.Store(false)
}

// change makes those who wait look again. p.mu is held.
func (p *pause) change() {
	if p.lifted != nil {
		close(p.lifted)
	}
	p.lifted = make(chan struct{})
}

// running is called with p.mu held.
func (p *pause) running() bool { return p.until.After(time.Now()) }

// holds tells whether a command has to wait.
func (p *pause) holds(changes bool) bool {
	left, _ := p.left(changes)
	return left > 0
}

// left is how long a command has to wait from now, and what is closed if that changes.
func (p *pause) left(changes bool) (time.Duration, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.running() {
		p.active.Store(false)
		return 0, nil
	}
	if !p.all && !changes {
		return 0, nil
	}
	return time.Until(p.until), p.lifted
}

// wait returns when the command need not wait any longer or ctx is over.
func (p *pause) wait(ctx context.Context, changes bool) {
	for {
		left, lifted := p.left(changes)
		if left <= 0 {
			return
		}
		t := time.NewTimer(left)
		select {
		case <-t.C:
		case <-lifted:
		case <-ctx.Done():
			t.Stop()
			return
		}
		t.Stop()
	}
}
