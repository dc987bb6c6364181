package sim

import (
	"math/rand/v2"
	"sync"
	"time"
)

// usualPace is the mean time that a client thinks where no schedule says otherwise.
const usualPace = 10 * time.Millisecond

// pace is how long the clients think between two operations. A schedule lets them be
// slow most of the time, since virtual time passes the faster the less happens, and
// quick around faults, since it takes many operations in flight to be caught by one.
type pace struct {
	mu      sync.Mutex // guards what follows
	mean    time.Duration
	changed chan struct{} // closed at the next change
}

func newPace() *pace { return &pace{mean: usualPace, changed: make(chan struct{})} }

// set changes the mean; clients that are thinking notice it.
func (p *pace) set(mean time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mean = mean
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *pace) now() (time.Duration, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mean, p.changed
}

// think waits until a client's next operation is due; false means that stop was closed.
func (p *pace) think(rng *rand.Rand, stop <-chan struct{}) bool {
	for {
		mean, changed := p.now()
		t := time.NewTimer(time.Duration(1 + rng.Int64N(2*int64(mean))))
		select {
		case <-stop:
			t.Stop()
			return false
		case <-t.C:
			return true
		case <-changed:
			t.Stop()
		}
	}
}
