package node

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/redoubtdb/redoubt/resp/server"
)

// errSaving is Redis' text for a second BGSAVE.
var errSaving = replyError("ERR Background save already in progress")

// saves is what INFO persistence says about snapshots.
type saves struct {
	mu      sync.Mutex // guards what follows
	running bool
	last    time.Time
	took    time.Duration
	ok      bool
	index   uint64
}

// begin admits one save at a time.
func (s *saves) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running {
		return false
	}
	s.running = true
	return true
}

func (s *saves) end(began time.Time, index uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running, s.took, s.ok = false, time.Since(began), err == nil
	if err == nil {
		s.last, s.index = time.Now(), index
	}
}

// failed tells whether the last save came to nothing.
func (s *saves) failed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.ok && s.took != 0
}

// noted takes a snapshot into account that nobody asked for by name.
func (s *saves) noted(at time.Time, index uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if index > s.index {
		s.last, s.index = at, index
	}
}

// Save implements SAVE: a snapshot of this node's group, on disk when it returns.
func (n *Node) Save(context.Context) error {
	if !n.saves.begin() {
		return errSaving
	}
	return n.save()
}

// BackgroundSave implements BGSAVE.
func (n *Node) BackgroundSave(context.Context) error {
	if !n.saves.begin() {
		return errSaving
	}
	n.background(func() {
		if err := n.save(); err != nil {
			n.log.Error("the background snapshot failed", "error", err)
		}
	})
	return nil
}

func (n *Node) save() (err error) {
	began := time.Now()
	var index uint64
	defer func() { n.saves.end(began, index, err) }()
	g := n.shard.group.Load()
	if g == nil {
		return replyError("ERR this node has no data group at the moment")
	}
	if err := g.TakeSnapshot(); err != nil {
		return fmt.Errorf("ERR the snapshot failed: %w", err)
	}
	index = g.Replica().SnapshotIndex()
	return nil
}

// Persistence implements server.Inspector.
func (n *Node) Persistence() server.PersistenceStatus {
	n.saves.mu.Lock()
	s := server.PersistenceStatus{
		Saving: n.saves.running, LastSave: n.saves.last, LastSaveTook: n.saves.took,
		LastSaveOK: n.saves.ok || n.saves.took == 0,
	}
	n.saves.mu.Unlock()
	if g := n.shard.group.Load(); g != nil {
		s.ChangesSince = g.ChangesSinceSnapshot()
	}
	return s
}

// Shutdown implements SHUTDOWN: the process is told to end; Stop hands over first.
func (n *Node) Shutdown(_ context.Context, o server.ShutdownOptions) error {
	if o.Abort {
		return replyError("ERR No shutdown in progress.")
	}
	if o.Save {
		if err := n.Save(n.ctx); err != nil && !o.Force {
			return err
		}
	}
	n.quitOnce.Do(func() { close(n.quit) })
	return nil
}

// Sleep implements DEBUG SLEEP: the whole node stands still.
func (n *Node) Sleep(ctx context.Context, d time.Duration) {
	n.freezer.freeze(n.ctx, d)
}
