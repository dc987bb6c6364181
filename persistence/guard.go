package persistence

import (
	"fmt"
	"sync"

	"github.com/hashicorp/raft"
)

// guard makes the first failed write of a group's storage the last: a disk (or
// page cache) that dropped a write may pretend success at the next try.
type guard struct {
	onFailure func(error)

	mu  sync.Mutex
	err error // the first failure; guarded by mu
}

// write runs one write, unless one has failed before.
func (g *guard) write(what string, f func() error) error {
	if err := g.failed(); err != nil {
		return fmt.Errorf("%s: %w: %w", what, ErrFailed, err)
	}
	err := f()
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%s: %w", what, err)
	g.fail(err)
	return err
}

func (g *guard) failed() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.err
}

func (g *guard) fail(err error) {
	g.mu.Lock()
	first := g.err == nil
	if first {
		g.err = err
	}
	g.mu.Unlock()
	if first && g.onFailure != nil {
		g.onFailure(err)
	}
}

// guardedLog is a log store behind a guard. It insists on entries without gaps,
// as the WAL does, whatever the engine, so that Raft treats all alike.
type guardedLog struct {
	raft.LogStore
	guard *guard
}

var (
	_ raft.LogStore          = (*guardedLog)(nil)
	_ raft.MonotonicLogStore = (*guardedLog)(nil)
	_ raft.StableStore       = (*guardedStable)(nil)
)

// IsMonotonic tells Raft to empty the log when it installs a snapshot, rather
// than to leave a gap in it.
func (l *guardedLog) IsMonotonic() bool { return true }

// StoreLog stores one entry.
func (l *guardedLog) StoreLog(e *raft.Log) error { return l.StoreLogs([]*raft.Log{e}) }

// StoreLogs stores entries that follow the last one stored.
func (l *guardedLog) StoreLogs(entries []*raft.Log) error {
	return l.store(entries, func() error { return l.LogStore.StoreLogs(entries) })
}

// store runs a write of entries that follow the last one stored.
func (l *guardedLog) store(entries []*raft.Log, write func() error) error {
	if len(entries) == 0 {
		return nil
	}
	last, err := l.LastIndex()
	if err != nil {
		return fmt.Errorf("store log: %w", err)
	}
	if err := checkEntries(entries, last); err != nil {
		return fmt.Errorf("store log: %w", err)
	}
	return l.guard.write("store log", write)
}

// DeleteRange deletes a prefix or a suffix of the log.
func (l *guardedLog) DeleteRange(from, to uint64) error {
	return l.guard.write("truncate log", func() error { return l.LogStore.DeleteRange(from, to) })
}

// checkEntries checks that entries follow last (0: the log is empty) and are not
// too large.
func checkEntries(entries []*raft.Log, last uint64) error {
	for _, e := range entries {
		if last != 0 && e.Index != last+1 {
			return fmt.Errorf("%w: index %d after %d", ErrGap, e.Index, last)
		}
		if size := len(e.Data) + len(e.Extensions); size > MaxEntryBytes {
			return fmt.Errorf("%w: %d bytes at index %d, limit %d", ErrEntryTooLarge, size, e.Index, MaxEntryBytes)
		}
		last = e.Index
	}
	return nil
}

// guardedStable is a stable store behind a guard.
type guardedStable struct {
	raft.StableStore
	guard *guard
}

// Set stores a value.
func (s *guardedStable) Set(key, value []byte) error {
	return s.guard.write("store "+string(key), func() error { return s.StableStore.Set(key, value) })
}

// SetUint64 stores a number.
func (s *guardedStable) SetUint64(key []byte, n uint64) error {
	return s.guard.write("store "+string(key), func() error { return s.StableStore.SetUint64(key, n) })
}
