package node

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/redoubtdb/redoubt/slotmap"
)

// syncValue is a value that many read and one replaces.
type syncValue[T any] struct{ p atomic.Pointer[T] }

func (v *syncValue[T]) store(x T) { v.p.Store(&x) }

func (v *syncValue[T]) load() T { return *v.p.Load() }

// forgetMemory is how long a repeated CLUSTER FORGET of the same node is answered OK:
// redis-cli sends it to every node of the cluster.
const forgetMemory = 60 * time.Second

// recent remembers the nodes that were forgotten a short while ago.
type recent struct {
	mu    sync.Mutex // guards nodes
	nodes map[slotmap.NodeID]time.Time
}

func (r *recent) add(id slotmap.NodeID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.nodes == nil {
		r.nodes = make(map[slotmap.NodeID]time.Time)
	}
	r.nodes[id] = time.Now()
}

func (r *recent) has(id slotmap.NodeID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for n, at := range r.nodes {
		if time.Since(at) > forgetMemory {
			delete(r.nodes, n)
		}
	}
	_, ok := r.nodes[id]
	return ok
}
