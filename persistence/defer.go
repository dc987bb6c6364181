package persistence

import (
	"errors"
	"sync"

	"github.com/hashicorp/raft"
)

// DeferringLog is a log whose entries can be stored before they are durable, so that whoever stores them may do
// something else meanwhile. One batch may be not durable at a time: a crash then leaves a torn end and nothing worse.
type DeferringLog interface {
	raft.LogStore
	// StoreUnsynced stores entries that can be read at once. They are durable when Sync has returned without an
	// error. Until then nothing else may be written to the log.
	StoreUnsynced(entries []*raft.Log) error
	Sync() error
}

var (
	_ DeferringLog = (*guardedLog)(nil)
	_ DeferringLog = checkedLog{}
	_ DeferringLog = (*walLog)(nil)
	_ DeferringLog = (*memoryLog)(nil)
)

// StoreUnsynced stores entries that follow the last one stored, and leaves them to Sync.
func (l *guardedLog) StoreUnsynced(entries []*raft.Log) error {
	return l.store(entries, func() error { return storeUnsynced(l.LogStore, entries) })
}

// Sync makes what was stored durable.
func (l *guardedLog) Sync() error {
	d, ok := l.LogStore.(DeferringLog)
	if !ok {
		return nil
	}
	return l.guard.write("sync log", d.Sync)
}

// StoreUnsynced stores entries, and leaves them to Sync.
func (l checkedLog) StoreUnsynced(entries []*raft.Log) error {
	return l.wrapper.wrap(entries, func(wrapped []*raft.Log) error { return storeUnsynced(l.engineLog, wrapped) })
}

// Sync makes what was stored durable.
func (l checkedLog) Sync() error {
	if d, ok := l.engineLog.(DeferringLog); ok {
		return d.Sync()
	}
	return nil
}

// storeUnsynced defers the sync if the log can do that: bolt commits a transaction in one piece.
func storeUnsynced(log raft.LogStore, entries []*raft.Log) error {
	if d, ok := log.(DeferringLog); ok {
		return d.StoreUnsynced(entries)
	}
	return log.StoreLogs(entries)
}

// StoreUnsynced stores entries, and leaves them to Sync.
func (l *walLog) StoreUnsynced(entries []*raft.Log) error {
	l.late.begin()
	defer l.late.end()
	return l.WAL.StoreLogs(entries)
}

// Sync makes what was stored durable.
func (l *walLog) Sync() error { return l.late.sync() }

// Close makes what was stored durable and closes the log.
func (l *walLog) Close() error {
	err := l.Sync()
	return errors.Join(err, l.WAL.Close())
}

// lateSync holds back the syncs of a log's segment while entries are stored by StoreUnsynced.
type lateSync struct {
	mu       sync.Mutex
	deferred bool         // guarded by mu: a sync is put off
	pending  *segmentFile // guarded by mu: the file whose sync was put off
	err      error        // guarded by mu: the first failure, which stays: a second sync may pretend success
}

func (s *lateSync) begin() { s.set(true) }

func (s *lateSync) end() { s.set(false) }

func (s *lateSync) set(deferred bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deferred = deferred
}

// putOff notes that a file is to be synced later; false means now.
func (s *lateSync) putOff(f *segmentFile) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.deferred {
		s.pending = f
	}
	return s.deferred
}

// sync does what was put off.
func (s *lateSync) sync() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pending == nil || s.err != nil {
		return s.err
	}
	s.err = syncData(s.pending)
	s.pending = nil
	return s.err
}
