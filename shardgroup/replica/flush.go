package replica

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"

	"github.com/redoubtdb/redoubt/persistence"
)

// The library writes a leader's entries to its disk before it sends them, so that a write would wait for two
// disks one after the other. A leader here stores them without waiting for its disk (Raft thesis, section 10.2.1):
// they go to the followers while the sync is under way. The library counts the leader's own copy at once, which is
// too early, so what follows from that count waits for the sync:
//
//   - The leader's state machine gets an entry only when it is durable here (machine.Apply): what was answered,
//     or read, is on the disks of a majority.
//   - Followers are told of a commit index only as far as it is durable here (capCommit): else they would apply an
//     entry that only one disk has.
//   - One that led before answers a new leader only when what it stored is durable (gate.settle).
//
// Only one sync is under way at a time, and whatever else writes to the log waits for it. So a crash leaves at
// most one torn batch, at the end.

// flusher makes the entries of a leader durable in the background.
type flusher struct {
	log     persistence.DeferringLog
	done    func(err error) // told the outcome of each sync, before anybody waits no more
	durable atomic.Uint64   // entries up to this index are durable, or were never stored by a leader

	mu     sync.Mutex
	busy   chan struct{} // guarded by mu; closed when the sync under way has ended; nil: none
	ending sync.WaitGroup
}

// syncedLog is a log that cannot store before it syncs.
type syncedLog struct{ raft.LogStore }

func (l syncedLog) StoreUnsynced(entries []*raft.Log) error { return l.StoreLogs(entries) }

func (syncedLog) Sync() error { return nil }

// newFlusher makes the flusher of a log whose content is durable.
func (r *Replica) newFlusher(log raft.LogStore) (*flusher, error) {
	last, err := log.LastIndex()
	if err != nil {
		return nil, err
	}
	deferring, ok := log.(persistence.DeferringLog)
	if !ok {
		deferring = syncedLog{log}
	}
	f := &flusher{log: deferring, done: r.flushed}
	f.durable.Store(max(last, r.snapshots.position().index))
	return f, nil
}

// store stores entries and starts their sync.
func (f *flusher) store(entries []*raft.Log) error {
	f.durable.Store(entries[0].Index - 1)
	if err := f.log.StoreUnsynced(entries); err != nil {
		return err
	}
	busy := make(chan struct{})
	f.mu.Lock()
	f.busy = busy
	f.mu.Unlock()
	last := entries[len(entries)-1].Index
	f.ending.Go(func() {
		err := f.log.Sync()
		if err == nil {
			f.durable.Store(last)
		}
		f.done(err)
		f.mu.Lock()
		f.busy = nil
		f.mu.Unlock()
		close(busy)
	})
	return nil
}

// settle waits for the sync under way, if there is one.
func (f *flusher) settle() {
	f.mu.Lock()
	busy := f.busy
	f.mu.Unlock()
	if busy != nil {
		<-busy
	}
}

// await waits until an entry that is committed is durable here; false means that it will not be.
func (f *flusher) await(index uint64) bool {
	if f.durable.Load() < index {
		f.settle()
	}
	return f.durable.Load() >= index
}

// deferred says whether entries may be stored before they are durable: those of commands, by a leader. The
// library looks at its own configuration entries as soon as they are committed by its count.
func (r *Replica) deferred(entries []*raft.Log) bool {
	if !r.started.Load() || r.raft.State() != raft.Leader {
		return false
	}
	for _, e := range entries {
		if e.Type != raft.LogCommand {
			return false
		}
	}
	return true
}

// flushed ends a sync: the log is in no write any more, and an error fails the member.
func (r *Replica) flushed(err error) {
	r.stores.writing.Store(nil)
	_ = r.stores.check("sync log", err)
}

// capCommit limits the commit index of a request to what is durable here. Without it a follower would apply an
// entry that was counted on this disk and is not on it yet.
func (f *flusher) capCommit(req *raft.AppendEntriesRequest) {
	req.LeaderCommitIndex = min(req.LeaderCommitIndex, f.durable.Load())
}

// StoreLogs stores entries, with the time at hand for those who watch for stalls.
func (l *logStore) StoreLogs(entries []*raft.Log) error {
	if len(entries) == 0 {
		return nil
	}
	now := time.Now()
	l.flusher.settle()
	l.stores.writing.Store(&now)
	if l.deferred(entries) {
		err := l.stores.write("store log", func() error { return l.flusher.store(entries) })
		if err != nil {
			l.stores.writing.Store(nil)
		}
		return err
	}
	defer l.stores.writing.Store(nil)
	err := l.stores.write("store log", func() error { return l.inner.StoreLogs(entries) })
	if err == nil {
		l.flusher.durable.Store(entries[len(entries)-1].Index)
	}
	return err
}
