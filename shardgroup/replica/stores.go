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
// panics at some errors of its stores, and goes on after others. Here the first
// error fails the replica, and from then on (and after Shutdown, when the
// storage may be closed) the storage is not touched any more:
//
//   - A write ends the library's main goroutine, which is the only one that
//     writes: its deferred functions run, nothing else does, and the process
//     lives.
//   - A read of the log finds empty entries. They go nowhere: a failed replica
//     sends nothing as leader and gives its state machine nothing.
//
// While the library starts, on our own goroutine, errors are just returned.
type stores struct {
	fail    func(error) // sets over
	started *atomic.Bool
	over    atomic.Bool // failed, or shut down
	// installing: the library installs a snapshot.
	installing atomic.Bool
	writing    atomic.Pointer[time.Time] // since when a write to the log has been going on
}

// write runs a write of the main goroutine.
func (s *stores) write(what string, f func() error) error {
	if s.over.Load() {
		runtime.Goexit()
	}
	err := s.check(what, f())
	if err != nil && s.over.Load() {
		runtime.Goexit()
	}
	return err
}

// check passes a result on, and fails the replica at an error.
func (s *stores) check(what string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%w: %s: %w", ErrStore, what, err)
	if s.started.Load() {
		s.fail(err)
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
	committed func() uint64 // the last index that this member takes for committed; nil: nobody asks
	flusher   *flusher
	deferred  func([]*raft.Log) bool // whether entries may be stored before they are durable
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

// FirstIndex is the first index in the log, 0 if it is empty.
func (l *logStore) FirstIndex() (uint64, error) {
	if l.stores.over.Load() {
		return 0, ErrStore
	}
	i, err := l.inner.FirstIndex()
	return i, l.stores.check("first index", err)
}

// LastIndex is the last index in the log, 0 if it is empty.
func (l *logStore) LastIndex() (uint64, error) {
	if l.stores.over.Load() {
		return 0, ErrStore
	}
	i, err := l.inner.LastIndex()
	return i, l.stores.check("last index", err)
}

// GetLog reads an entry. That an entry is not there is no failure: the library
// sends a snapshot then.
func (l *logStore) GetLog(index uint64, e *raft.Log) error {
	if !l.stores.over.Load() {
		err := l.inner.GetLog(index, e)
		if errors.Is(err, raft.ErrLogNotFound) {
			return raft.ErrLogNotFound
		}
		if err = l.stores.check("read log", err); err == nil || !l.stores.over.Load() {
			return err
		}
	}
	*e = raft.Log{Index: index, Type: raft.LogNoop}
	return nil
}

// StoreLog stores one entry.
func (l *logStore) StoreLog(e *raft.Log) error { return l.StoreLogs([]*raft.Log{e}) }

// DeleteRange truncates the log.
//
// After it has installed a snapshot the library wants to empty the log, but
// goes on believing in the last entry it had. If that lies behind the snapshot,
// what lies behind the snapshot stays, so that the belief is true; the leader
// overwrites what is wrong there, as always.
//
// Otherwise the head of the log goes, but no further than retain allows; or a tail that
// the group never had. A tail that it had fails the member.
func (l *logStore) DeleteRange(from, to uint64) error {
	l.flusher.settle()
	to, err := l.limit(from, to)
	if err != nil || to < from {
		return err
	}
	if err := l.checkRollback(from, to); err != nil {
		return err
	}
	return l.stores.check("truncate log", l.inner.DeleteRange(from, to))
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

// Set stores a value.
func (s *stableStore) Set(key, value []byte) error {
	return s.stores.write("store "+string(key), func() error { return s.inner.Set(key, value) })
}

// SetUint64 stores a number.
func (s *stableStore) SetUint64(key []byte, n uint64) error {
	return s.stores.write("store "+string(key), func() error { return s.inner.SetUint64(key, n) })
}

// Get reads a value.
func (s *stableStore) Get(key []byte) ([]byte, error) {
	if s.stores.over.Load() {
		return nil, ErrStore
	}
	v, err := s.inner.Get(key)
	return v, s.found(key, err)
}

// GetUint64 reads a number.
func (s *stableStore) GetUint64(key []byte) (uint64, error) {
	if s.stores.over.Load() {
		return 0, ErrStore
	}
	v, err := s.inner.GetUint64(key)
	return v, s.found(key, err)
}

// found passes "not found" on as it is: the library knows it by its text.
func (s *stableStore) found(key []byte, err error) error {
	if err == nil || err.Error() == "not found" {
		return err
	}
	return s.stores.check("read "+string(key), err)
}
