package replica

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// stores is what the library gets instead of the group's storage. The library
// panics at some errors of its stores, and goes on after others. Here the
// first error fails the replica, and an error that the library would panic at
// ends the library's goroutine instead: its deferred functions run, nothing
// else does, and the process lives. While the library starts, on our own
// goroutine, errors are just returned.
type stores struct {
	fail    func(error)
	started *atomic.Bool
	closed  atomic.Bool
	// installing: the library installs a snapshot.
	installing atomic.Bool
	writing    atomic.Pointer[time.Time] // since when a write to the log has been going on
}

// enter begins an operation. After Shutdown the storage may be closed: nothing
// touches it any more.
func (s *stores) enter() {
	if s.closed.Load() {
		runtime.Goexit()
	}
}

// check passes a result on, or fails the replica. fatal: the library must not
// see the error.
func (s *stores) check(what string, err error, fatal bool) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%w: %s: %w", ErrStore, what, err)
	if s.started.Load() {
		s.fail(err)
		if fatal {
			runtime.Goexit()
		}
	}
	return err
}

// stalledFor says how long the log has been in a write by now.
func (s *stores) stalledFor() time.Duration {
	since := s.writing.Load()
	if since == nil {
		return 0
	}
	return time.Since(*since)
}

// logStore guards the log.
type logStore struct {
	inner     raft.LogStore
	stores    *stores
	snapshots *snapshotStore
	retain    func() uint64 // nil: no limit
}

var (
	_ raft.LogStore          = (*logStore)(nil)
	_ raft.MonotonicLogStore = (*logStore)(nil)
)

// IsMonotonic is the inner store's.
func (l *logStore) IsMonotonic() bool {
	m, ok := l.inner.(raft.MonotonicLogStore)
	return ok && m.IsMonotonic()
}

func (l *logStore) FirstIndex() (uint64, error) {
	l.stores.enter()
	i, err := l.inner.FirstIndex()
	return i, l.stores.check("first index", err, false)
}

func (l *logStore) LastIndex() (uint64, error) {
	l.stores.enter()
	i, err := l.inner.LastIndex()
	return i, l.stores.check("last index", err, false)
}

// GetLog reads an entry. That an entry is not there is no failure: the library
// sends a snapshot then.
func (l *logStore) GetLog(index uint64, e *raft.Log) error {
	l.stores.enter()
	err := l.inner.GetLog(index, e)
	if errors.Is(err, raft.ErrLogNotFound) {
		return raft.ErrLogNotFound
	}
	return l.stores.check("read log", err, true)
}

// StoreLog stores one entry.
func (l *logStore) StoreLog(e *raft.Log) error { return l.StoreLogs([]*raft.Log{e}) }

// StoreLogs stores entries, with the time at hand for those who watch for stalls.
func (l *logStore) StoreLogs(entries []*raft.Log) error {
	l.stores.enter()
	now := time.Now()
	l.stores.writing.Store(&now)
	defer l.stores.writing.Store(nil)
	return l.stores.check("store log", l.inner.StoreLogs(entries), true)
}

// DeleteRange truncates the log.
//
// After it has installed a snapshot the library wants to empty the log, but
// goes on believing in the last entry it had. If that lies behind the snapshot,
// what lies behind the snapshot stays, so that the belief is true; the leader
// overwrites what is wrong there, as always.
//
// Otherwise the head of the log goes, but no further than retain allows.
func (l *logStore) DeleteRange(from, to uint64) error {
	l.stores.enter()
	to, err := l.limit(from, to)
	if err != nil || to < from {
		return err
	}
	return l.stores.check("truncate log", l.inner.DeleteRange(from, to), false)
}

// limit returns the last index that may be deleted; below from: none.
func (l *logStore) limit(from, to uint64) (uint64, error) {
	first, err := l.FirstIndex()
	if err != nil {
		return 0, err
	}
	last, err := l.LastIndex()
	if err != nil {
		return 0, err
	}
	switch {
	case from > first: // a suffix that was never the group's
		return to, nil
	case to >= last && l.stores.installing.Load():
		return min(to, l.snapshots.position().index), nil
	case to >= last || l.retain == nil:
		return to, nil
	}
	// The entry before the first that is needed stays too: AppendEntries names it.
	keep := l.retain()
	if keep < 2 {
		return 0, nil
	}
	return min(to, keep-2), nil
}

// stableStore guards term and vote.
type stableStore struct {
	inner  raft.StableStore
	stores *stores
}

var _ raft.StableStore = (*stableStore)(nil)

func (s *stableStore) Set(key, value []byte) error {
	s.stores.enter()
	return s.stores.check("store "+string(key), s.inner.Set(key, value), true)
}

func (s *stableStore) SetUint64(key []byte, n uint64) error {
	s.stores.enter()
	return s.stores.check("store "+string(key), s.inner.SetUint64(key, n), true)
}

func (s *stableStore) Get(key []byte) ([]byte, error) {
	s.stores.enter()
	v, err := s.inner.Get(key)
	return v, s.found(key, err)
}

func (s *stableStore) GetUint64(key []byte) (uint64, error) {
	s.stores.enter()
	v, err := s.inner.GetUint64(key)
	return v, s.found(key, err)
}

// found passes "not found" on as it is: the library knows it by its text.
func (s *stableStore) found(key []byte, err error) error {
	if err == nil || err.Error() == "not found" {
		return err
	}
	return s.stores.check("read "+string(key), err, true)
}
