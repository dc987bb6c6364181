package node

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/redoubtdb/redoubt/metaraft"
	"github.com/redoubtdb/redoubt/slotmap"
)

// errChanging is returned while the node is on its way from one cluster to another.
var errChanging = replyError("ERR this node is joining or leaving a cluster, try again")

// topology is the cluster as this node knows it. It outlives the metadata group's
// member, which is another one after the node has joined or left a cluster.
type topology struct {
	current atomic.Pointer[slotmap.Map]
	seen    func(before, now *slotmap.Map) // called for each newer map of the same cluster

	mu      sync.Mutex // guards what follows
	member  *metaraft.Member
	changed chan struct{}
	held    bool          // no changes now: the node is changing clusters
	running int           // changes under way
	idle    chan struct{} // closed when running falls to zero; nil while nobody waits
}

func newTopology(m *slotmap.Map, seen func(before, now *slotmap.Map)) *topology {
	t := &topology{changed: make(chan struct{}), seen: seen}
	t.current.Store(m)
	return t
}

// Map is the newest map known here.
func (t *topology) Map() *slotmap.Map { return t.current.Load() }

// Changed is closed when there is a newer map than at the time of the call.
func (t *topology) Changed() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.changed
}

// show makes m the current map unless a newer one of the same cluster is shown.
func (t *topology) show(m *slotmap.Map) {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.current.Load()
	if old.ClusterID != m.ClusterID || old.Version >= m.Version {
		return // of a cluster this node has left, or older
	}
	t.seen(old, m)
	t.current.Store(m)
	close(t.changed)
	t.changed = make(chan struct{})
}

// replace makes m the current map whatever was shown before: the node has changed
// clusters.
func (t *topology) replace(m *slotmap.Map) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.current.Store(m)
	close(t.changed)
	t.changed = make(chan struct{})
}

// use makes member the one that takes changes; nil for none.
func (t *topology) use(member *metaraft.Member) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.member = member
}

// hold refuses changes from now on and returns when none is under way any more, so that
// what the node takes along to another cluster is all there is. release undoes it.
func (t *topology) hold(ctx context.Context) error {
	t.mu.Lock()
	t.held = true
	idle := make(chan struct{})
	if t.running == 0 {
		close(idle)
	} else {
		t.idle = idle
	}
	t.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// release lets changes through again.
func (t *topology) release() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held = false
}

// Change commits a change in the metadata group and returns when it is applied here.
func (t *topology) Change(ctx context.Context, c slotmap.Change) (*slotmap.Map, error) {
	t.mu.Lock()
	member := t.member
	if member == nil || t.held {
		t.mu.Unlock()
		return nil, errChanging
	}
	t.running++
	t.mu.Unlock()
	defer t.finished()
	return t.commit(ctx, member, c)
}

// finished counts a change out.
func (t *topology) finished() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.running--; t.running == 0 && t.idle != nil {
		close(t.idle)
		t.idle = nil
	}
}

// commit is Change without the hold, for the change of cluster itself.
func (t *topology) commit(ctx context.Context, member *metaraft.Member, c slotmap.Change) (*slotmap.Map, error) {
	m, err := member.Change(ctx, c)
	if err != nil {
		return nil, err
	}
	t.show(m)
	return m, nil
}

// metaMember is the current member of the metadata group, nil while there is none.
func (t *topology) metaMember() *metaraft.Member {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.member
}
