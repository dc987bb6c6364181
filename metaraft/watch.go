package metaraft

import (
	"sync"
	"time"

	"github.com/redoubtdb/redoubt/slotmap"
)

// broadcast wakes everybody who waits. The zero value is ready.
type broadcast struct {
	mu sync.Mutex
	ch chan struct{}
}

// next returns a channel that is closed by the next fire. Take it before looking at what it announces.
func (b *broadcast) next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch == nil {
		b.ch = make(chan struct{})
	}
	return b.ch
}

func (b *broadcast) fire() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch != nil {
		close(b.ch)
		b.ch = nil
	}
}

// Map returns the newest map this node knows; nil only for a joiner that was given none.
func (m *Member) Map() *slotmap.Map { return m.shown.Load() }

// Changed returns a channel that is closed when there is a newer map than now. Take it before Map.
func (m *Member) Changed() <-chan struct{} { return m.changed.next() }

// follow gives fn the present map and every newer one, or the newest of several, until Close.
func (m *Member) follow(fn func(*slotmap.Map)) {
	var last *slotmap.Map
	for {
		changed := m.Changed()
		if now := m.Map(); now != last {
			last = now
			fn(now)
			continue
		}
		select {
		case <-changed:
		case <-m.ctx.Done():
			return
		}
	}
}

// cache keeps the node's copy of the map on disk up to date. It tries again if that failed, and once
// more at the end if the copy is not the newest.
func (m *Member) cache() {
	var last *slotmap.Map
	save := func() {
		now := m.Map()
		if now == last {
			return
		}
		if err := m.deps.Cache(now); err != nil {
			m.log.Error("cannot save the cluster's map", "version", now.Version, "error", err)
			return
		}
		last = now
	}
	defer save()
	for {
		changed := m.Changed()
		save()
		if m.Map() == last {
			select {
			case <-changed:
			case <-m.ctx.Done():
				return
			}
		}
		if !m.pause(CacheInterval) {
			return
		}
	}
}

// pause waits; it returns false, at once, if the member is closed.
func (m *Member) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-m.ctx.Done():
		return false
	}
}
