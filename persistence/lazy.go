package persistence

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/hashicorp/raft-wal/types"
)

// lazySync syncs the log behind its writers' backs, for GroupOptions.NoSync: every
// now and then if it is told to, before a segment counts as closed, and at the end.
// So what a crash of the machine can tear is the segment that was being written.
type lazySync struct {
	fail func(error) // told when a sync fails: nothing that was written since the last is certain

	flushing sync.Mutex // held during a flush, so that the next one ends after it; before mu
	mu       sync.Mutex // guards dirty
	dirty    map[syncer]bool

	stop chan struct{}
	wg   sync.WaitGroup
}

// syncer is a file, or a log engine.
type syncer interface{ Sync() error }

func newLazySync(every time.Duration, fail func(error)) *lazySync {
	l := &lazySync{fail: fail, dirty: map[syncer]bool{}, stop: make(chan struct{})}
	if every > 0 {
		l.wg.Go(func() { l.run(every) })
	}
	return l
}

// run flushes until Close.
func (l *lazySync) run(every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			if err := l.flush(); err != nil {
				l.fail(err)
				return
			}
		case <-l.stop:
			return
		}
	}
}

// mark notes that s was written to.
func (l *lazySync) mark(s syncer) {
	l.mu.Lock()
	l.dirty[s] = true
	l.mu.Unlock()
}

// forget is called when s is closed.
func (l *lazySync) forget(s syncer) {
	l.mu.Lock()
	delete(l.dirty, s)
	l.mu.Unlock()
}

// flush makes durable what was written before it was called. What is closed
// meanwhile was cut off the log.
func (l *lazySync) flush() error {
	l.flushing.Lock()
	defer l.flushing.Unlock()
	l.mu.Lock()
	dirty := l.dirty
	l.dirty = map[syncer]bool{}
	l.mu.Unlock()
	for s := range dirty {
		if err := s.Sync(); err != nil && !errors.Is(err, os.ErrClosed) {
			return fmt.Errorf("sync log: %w", err)
		}
	}
	return nil
}

// Close ends the flushing, and flushes for the last time.
func (l *lazySync) Close() error {
	close(l.stop)
	l.wg.Wait()
	return l.flush()
}

// lazyFile is a segment that lazySync syncs.
type lazyFile struct {
	types.WritableFile
	lazy *lazySync
}

// Sync leaves it to lazySync.
func (f lazyFile) Sync() error {
	f.lazy.mark(f.WritableFile)
	return nil
}

// Close closes the file.
func (f lazyFile) Close() error {
	f.lazy.forget(f.WritableFile)
	return f.WritableFile.Close()
}

// unsyncedName stands in a group's directory while its log may hold entries that no
// sync has followed. After a crash of the machine the last segment may then have holes
// anywhere, so that what is written behind one proves no damage.
const unsyncedName = "unsynced"

func isUnsynced(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, unsyncedName))
	return err == nil
}

// noteUnsynced makes or removes the mark.
func noteUnsynced(dir string, unsynced bool) error {
	path := filepath.Join(dir, unsyncedName)
	switch has := isUnsynced(dir); {
	case has == unsynced:
		return nil
	case unsynced:
		return errors.Join(writeSynced(path, nil, dataFileMode), syncDir(dir))
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return syncDir(dir)
}

// syncFile makes what was written to a file durable.
func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
