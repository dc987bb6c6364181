package persistence

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/hashicorp/raft"
	wal "github.com/hashicorp/raft-wal"
	walfs "github.com/hashicorp/raft-wal/fs"
	"github.com/hashicorp/raft-wal/segment"
	"github.com/hashicorp/raft-wal/types"
)

// segmentBytes is the size a log segment is laid out with on disk, unless the disk is
// small. Old entries are given up a segment at a time.
const segmentBytes = 16 << 20

// segmentSuffix is how the names of the engine's segments end.
const segmentSuffix = ".wal"

// walLog is the log engine wal.
type walLog struct {
	*wal.WAL
	meta *walMeta
	dir  string
	late *lateSync
}

var _ engineLog = (*walLog)(nil)

// createWAL makes the directory of an empty log.
func createWAL(dir string) error {
	if err := os.Mkdir(dir, dataDirMode); err != nil {
		return err
	}
	return createMeta(dir)
}

// walOptions are how to open the log.
type walOptions struct {
	size     int       // of a segment
	room     *room     // nil: a full disk is an error like others
	lazy     *lazySync // nil: every batch is synced
	unsynced bool      // the log was last written to by somebody who did not sync
	disposer *disposer // nil: segments are deleted at once
	log      *slog.Logger
}

// openWAL opens the log in dir: mends what a crash left, opens, and reads every
// entry once.
func openWAL(dir string, o walOptions) (engineLog, error) {
	late := &lateSync{}
	files := &walFS{FS: walfs.New(), late: &lateSync{}, room: o.room, lazy: o.lazy, disposer: o.disposer}
	if o.lazy == nil { // who syncs in the background puts nothing off
		files.late, files.zeros = late, make([]byte, zeroAheadBytes)
	}
	meta, err := openMeta(dir, o, late, files)
	if err != nil {
		return nil, err
	}
	if err := removeUnlisted(dir, meta.state()); err != nil {
		return nil, err
	}
	if err := mendTail(dir, meta, o); err != nil {
		return nil, err
	}
	w, err := wal.Open(dir,
		wal.WithMetaStore(meta),
		wal.WithSegmentSize(o.size),
		wal.WithSegmentFiler(segment.NewFiler(dir, files)),
		wal.WithLogger(hclogTo(o.log)))
	if err != nil {
		return nil, walDamage(dir, err)
	}
	l := newCheckedLog(&walLog{w, meta, dir, late})
	if err := verifyLog(l); err != nil {
		return nil, errors.Join(at(entryFile(dir, meta.state(), err), err), l.Close())
	}
	return l, nil
}

// removeUnlisted removes segments that a crash left behind before they were listed, or after they no longer were. The
// engine does so too, but by a list that it makes before it lays out the next segment, which may have the same name.
func removeUnlisted(dir string, state types.PersistentState) error {
	files, err := filepath.Glob(filepath.Join(dir, "*"+segmentSuffix))
	if err != nil {
		return err
	}
	listed := make(map[string]bool)
	for _, s := range state.Segments {
		listed[segment.FileName(s)] = true
	}
	for _, path := range files {
		if !listed[filepath.Base(path)] {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	return nil
}

// GetLog returns an entry. The engine still gives out entries that were cut off
// the segment's beginning.
func (l *walLog) GetLog(index uint64, e *raft.Log) error {
	first, err := l.FirstIndex()
	if err != nil {
		return err
	}
	if index < first {
		return raft.ErrLogNotFound
	}
	return l.WAL.GetLog(index, e)
}

// walDamage marks an error of opening the log as damage, unless it is the
// operating system's.
func walDamage(dir string, err error) error {
	if errors.Is(err, types.ErrCorrupt) {
		return at(dir, err)
	}
	return damageAt(dir, fmt.Errorf("open log: %w", err))
}

// entryFile names the segment that holds the entry an error is about.
func entryFile(dir string, state types.PersistentState, err error) string {
	var e *entryError
	if errors.As(err, &e) {
		for i := len(state.Segments) - 1; i >= 0; i-- {
			if s := state.Segments[i]; s.BaseIndex <= e.index {
				return filepath.Join(dir, segment.FileName(s))
			}
		}
	}
	return dir
}

// walFS is the file system the log sees.
type walFS struct {
	*walfs.FS
	late     *lateSync
	room     *room
	lazy     *lazySync
	disposer *disposer
	zeros    []byte
}

// layOut makes the file of a segment, unless it is there, and syncs it and its directory. One
// that there is no space for leaves nothing behind.
func (f *walFS) layOut(dir, name string, size uint64) error {
	if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
		return nil
	}
	return f.room.await(func() error {
		file, err := f.FS.Create(dir, name, size)
		if diskFull(err) {
			return errors.Join(err, ifExists(os.Remove(filepath.Join(dir, name))))
		}
		if err != nil {
			return err
		}
		return errors.Join(file.Sync(), file.Close())
	})
}

// Create opens a segment that was laid out before it was listed.
func (f *walFS) Create(dir, name string, _ uint64) (types.WritableFile, error) {
	return f.OpenWriter(dir, name)
}

// Delete deletes a segment that is no longer listed, nor open. One that a crash leaves behind is deleted by
// removeUnlisted.
func (f *walFS) Delete(dir, name string) error { return f.disposer.dispose(filepath.Join(dir, name)) }

func ifExists(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// OpenWriter opens a segment that is still written to.
func (f *walFS) OpenWriter(dir, name string) (types.WritableFile, error) {
	file, err := f.FS.OpenWriter(dir, name)
	return f.wrap(file, err)
}

func (f *walFS) wrap(file types.WritableFile, err error) (types.WritableFile, error) {
	if err != nil {
		return nil, err
	}
	wrapped, err := newSegmentFile(file, f.zeros, f.late, f.room)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if f.lazy != nil {
		return lazyFile{wrapped, f.lazy}, nil
	}
	return wrapped, nil
}
