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

// segmentBytes is the size a log segment is laid out with on disk. Old entries
// are given up a segment at a time.
const segmentBytes = 16 << 20

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

// openWAL opens the log in dir: mends what a crash left, opens, and reads every
// entry once.
func openWAL(dir string, noSync bool, log *slog.Logger) (engineLog, error) {
	return openSizedWAL(dir, segmentBytes, noSync, log)
}

func openSizedWAL(dir string, size int, noSync bool, log *slog.Logger) (engineLog, error) {
	late := &lateSync{}
	meta, err := openMeta(dir, noSync, late)
	if err != nil {
		return nil, err
	}
	if err := mendTail(dir, meta, log); err != nil {
		return nil, err
	}
	w, err := wal.Open(dir,
		wal.WithMetaStore(meta),
		wal.WithSegmentSize(size),
		wal.WithSegmentFiler(segment.NewFiler(dir, &walFS{walfs.New(), noSync, make([]byte, zeroAheadBytes), late})),
		wal.WithLogger(hclogTo(log)))
	if err != nil {
		return nil, walDamage(dir, err)
	}
	l := &walLog{w, meta, dir, late}
	if err := verifyLog(checkedLog{l}); err != nil {
		return nil, errors.Join(at(entryFile(dir, meta.state(), err), err), l.Close())
	}
	return checkedLog{l}, nil
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
	var missing *fs.PathError
	switch {
	case errors.As(err, &missing):
		return err
	case errors.Is(err, types.ErrCorrupt):
		return at(dir, err)
	}
	return at(dir, fmt.Errorf("open log: %w", err))
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

// walFS is the file system the log sees. With noSync its files are not synced.
type walFS struct {
	*walfs.FS
	noSync bool
	zeros  []byte
	late   *lateSync
}

// Create makes a segment.
func (f *walFS) Create(dir, name string, size uint64) (types.WritableFile, error) {
	file, err := f.FS.Create(dir, name, size)
	return f.wrap(file, err)
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
	if f.noSync {
		return unsyncedFile{file}, nil
	}
	wrapped, err := newSegmentFile(file, f.zeros, f.late)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return wrapped, nil
}

type unsyncedFile struct{ types.WritableFile }

// Sync does nothing.
func (unsyncedFile) Sync() error { return nil }
