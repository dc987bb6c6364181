package shardgroup

import (
	"sync"

	"github.com/redoubtdb/redoubt/fsm"
)

// maxDigests bounds how many results a member remembers.
const maxDigests = 16

// digests computes the digest of the state at chosen entries beside the applier and
// remembers the latest results.
type digests struct {
	wg sync.WaitGroup

	mu      sync.Mutex // guards what follows
	results map[uint64]uint64
	order   []uint64
	done    chan struct{} // closed and replaced at each new result
}

// start computes the digest of f, the state at index, and releases f.
func (d *digests) start(index uint64, f *fsm.Frozen) {
	d.wg.Go(func() {
		sum := f.Digest()
		f.Release()
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.results == nil {
			d.results = make(map[uint64]uint64)
		}
		d.results[index] = sum
		if d.order = append(d.order, index); len(d.order) > maxDigests {
			delete(d.results, d.order[0])
			d.order = d.order[1:]
		}
		if d.done != nil {
			close(d.done)
			d.done = nil
		}
	})
}

// wait returns the digest at index once it is known, false when stop closes first.
func (d *digests) wait(index uint64, stop <-chan struct{}) (uint64, bool) {
	for {
		d.mu.Lock()
		sum, ok := d.results[index]
		if d.done == nil {
			d.done = make(chan struct{})
		}
		next := d.done
		d.mu.Unlock()
		if ok {
			return sum, true
		}
		select {
		case <-next:
		case <-stop:
			return 0, false
		}
	}
}
