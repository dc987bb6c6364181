package shardgroup

import (
	"errors"
	"sync"

	"github.com/redoubtdb/redoubt/fsm"
)

// maxDigests bounds how many results a member remembers.
const maxDigests = 16

var (
	// errDigestLate is returned when a digest is not known in time.
	errDigestLate = errors.New("the digest did not arrive in time")
	// errDigestMissed is returned by a member that never was in the state in question: a
	// snapshot took it past that entry.
	errDigestMissed = errors.New("a snapshot took the member past that entry")
)

// digests computes the digest of the state at chosen entries beside the applier and
// remembers the latest results.
type digests struct {
	wg sync.WaitGroup

	mu      sync.Mutex              // guards what follows
	results map[uint64]*digestState // by index
	order   []uint64
}

// digestState is one digest; sum is known when done is closed.
type digestState struct {
	done chan struct{}
	sum  uint64
}

// announce says, before the entry at index counts as applied, that its digest will be computed.
func (d *digests) announce(index uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.results == nil {
		d.results = make(map[uint64]*digestState)
	}
	d.results[index] = &digestState{done: make(chan struct{})}
	if d.order = append(d.order, index); len(d.order) > maxDigests {
		delete(d.results, d.order[0])
		d.order = d.order[1:]
	}
}

// start computes the digest of f, the state at an index that is announced, and releases f.
func (d *digests) start(index uint64, f *fsm.Frozen) {
	s := d.at(index)
	d.wg.Go(func() {
		s.sum = f.Digest()
		f.Release()
		close(s.done)
	})
}

func (d *digests) at(index uint64) *digestState {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.results[index]
}

// wait returns the digest at the index of an entry that is applied, when it is known.
func (d *digests) wait(index uint64, stop <-chan struct{}) (uint64, error) {
	s := d.at(index)
	if s == nil {
		return 0, errDigestMissed
	}
	select {
	case <-s.done:
		return s.sum, nil
	case <-stop:
		return 0, errDigestLate
	}
}
