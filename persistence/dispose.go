package persistence

import (
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// A file system gives the space of a deleted file back in one piece, and may tell the disk about it (discard). For a
// file of 100 MiB that took a disk 15 ms, in which the log's syncs had to wait, and with them every write of the group.
// So files go in pieces.
const (
	disposeBytes = 8 << 20               // of a piece, at least
	disposePause = 50 * time.Millisecond // after each
	disposeParts = 64                    // pieces of a file at most, so that the pace suits large files
)

// disposer deletes files and directories that nobody will look at again, in the background. What it has not come to
// before a crash is swept away at the next opening. A nil disposer deletes at once.
type disposer struct {
	log  *slog.Logger
	stop chan struct{}

	mu    sync.Mutex
	paths []string // guarded by mu; still to be deleted; the first is under way
	ended bool     // guarded by mu
	wg    sync.WaitGroup
}

func newDisposer(log *slog.Logger) *disposer { return &disposer{log: log, stop: make(chan struct{})} }

// dispose deletes a path at some time before Close returns.
func (d *disposer) dispose(path string) error {
	if d == nil {
		return os.RemoveAll(path)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ended {
		return os.RemoveAll(path)
	}
	if d.paths = append(d.paths, path); len(d.paths) == 1 {
		d.wg.Go(d.run)
	}
	return nil
}

// run deletes what there is.
func (d *disposer) run() {
	for path, ok := d.next(false); ok; path, ok = d.next(true) {
		d.shrink(path)
		if err := os.RemoveAll(path); err != nil {
			d.log.Warn("cannot delete what is no longer needed", "path", path, "error", err)
		}
		d.pause()
	}
}

// next returns the first path, without the one that was done.
func (d *disposer) next(done bool) (string, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if done {
		d.paths = d.paths[1:]
	}
	if len(d.paths) == 0 {
		return "", false
	}
	return d.paths[0], true
}

// shrink cuts the files at or in path down to a piece each. Its errors are those that deleting will meet, too.
func (d *disposer) shrink(path string) {
	_ = filepath.Walk(path, func(name string, info os.FileInfo, err error) error {
		if err != nil || !info.Mode().IsRegular() {
			return nil
		}
		piece := max(disposeBytes, info.Size()/disposeParts)
		for size := info.Size() - piece; size > 0; size -= piece {
			if os.Truncate(name, size) != nil || !d.pause() {
				return filepath.SkipAll
			}
		}
		return nil
	})
}

// pause waits; false means that the time for pauses is over.
func (d *disposer) pause() bool {
	t := time.NewTimer(disposePause)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-d.stop:
		return false
	}
}

// Close deletes the rest without pauses.
func (d *disposer) Close() error {
	d.mu.Lock()
	ended := d.ended
	d.ended = true
	d.mu.Unlock()
	if !ended {
		close(d.stop)
	}
	d.wg.Wait()
	return nil
}
