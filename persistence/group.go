package persistence

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"

	"github.com/hashicorp/raft"
)

// A group's directory:
//
//	group.json        version and engine, written once
//	stable.json       what Raft must not forget: term and vote
//	wal/              the log, engine wal: segments and their list
//	log.db            the log, engine boltdb
//	closed.json       where the log ended at a clean stop, see end.go
//	unsynced          stands here while the log is not synced batch by batch, see lazy.go
//	snapshots/ID/     one directory a snapshot, see snapshot_dir.go
//
// It is made under another name and renamed when all of it is there, so that a
// file that is missing is always damage and never a crash.
const (
	groupFileName = "group.json"
	stableName    = "stable.json"
	walName       = "wal"
	boltLogName   = "log.db"
	snapshotsName = "snapshots"
)

// groupInfo is group.json.
type groupInfo struct {
	Version int    `json:"version"`
	Engine  string `json:"engine"`
}

const groupVersion = 1

// groupFiles are the open files of a group.
type groupFiles struct {
	path      string
	log       raft.LogStore
	stable    raft.StableStore
	snapshots *snapshotDir
	guard     *guard
	room      *room
	disposer  *disposer
	lazy      *lazySync   // nil: the log is synced batch by batch
	closers   []io.Closer // in the order of opening
	markEnd   bool        // at closing: all was found whole, and is synced
}

// engineLog is what a log engine opens.
type engineLog interface {
	raft.LogStore
	io.Closer
}

// createGroup makes the directory of a new group.
func createGroup(path, engine string) error {
	fresh := filepath.Join(filepath.Dir(path), newPrefix+filepath.Base(path))
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	if err := fillGroup(fresh, engine); err != nil {
		return errors.Join(err, os.RemoveAll(fresh))
	}
	if err := os.Rename(fresh, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func fillGroup(path, engine string) error {
	if err := os.Mkdir(path, dataDirMode); err != nil {
		return err
	}
	info, err := json.Marshal(groupInfo{groupVersion, engine})
	if err != nil {
		return err
	}
	if err := writeSynced(filepath.Join(path, groupFileName), info, dataFileMode); err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(path, snapshotsName), dataDirMode); err != nil {
		return err
	}
	if err := createStable(filepath.Join(path, stableName)); err != nil {
		return err
	}
	if engine == EngineBolt {
		err = createBolt(filepath.Join(path, boltLogName))
	} else {
		err = createWAL(filepath.Join(path, walName))
	}
	return errors.Join(err, syncDir(path))
}

// openGroup opens an existing group.
func openGroup(path string, o GroupOptions, log *slog.Logger) (*groupFiles, error) {
	g := &groupFiles{path: path}
	if err := g.openFiles(o, log); err != nil {
		return nil, errors.Join(g.damage(err), g.close())
	}
	return g, nil
}

func (g *groupFiles) openFiles(o GroupOptions, log *slog.Logger) error {
	engine, err := g.engine(o.Engine, log)
	if err != nil {
		return err
	}
	g.guard, g.room, g.disposer = &guard{onFailure: o.OnFailure}, newRoom(g.path, log), newDisposer(log)
	g.closers = append(g.closers, g.disposer)
	stable, err := openStable(filepath.Join(g.path, stableName), g.room)
	if err != nil {
		return err
	}
	g.closers = append(g.closers, stable)
	entries, err := g.openLog(engine, o, log)
	if err != nil {
		return err
	}
	if g.snapshots, err = openSnapshots(filepath.Join(g.path, snapshotsName), o, g.disposer, log); err != nil {
		return err
	}
	g.log, g.stable = &guardedLog{entries, g.guard}, &guardedStable{stable, g.guard}
	err = reconcile(g.log, g.snapshots, g.snapshots.damaged())
	if errors.Is(err, errMissing) {
		return at(g.path, err)
	}
	g.markEnd = err == nil
	g.closers = append(g.closers, g.room) // closed first: it may hold a writer
	g.room.armed.Store(true)
	return err
}

// engine returns the engine the group was made with.
func (g *groupFiles) engine(wanted string, log *slog.Logger) (string, error) {
	path := filepath.Join(g.path, groupFileName)
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	var info groupInfo
	if err := json.Unmarshal(b, &info); err != nil {
		return "", at(path, err)
	}
	if info.Version != groupVersion || info.Engine != EngineWAL && info.Engine != EngineBolt {
		return "", at(path, fmt.Errorf("version %d, engine %q", info.Version, info.Engine))
	}
	if info.Engine != wanted {
		log.Warn("group keeps the log engine it was made with", "group", filepath.Base(g.path), "engine", info.Engine, "configured", wanted)
	}
	return info.Engine, nil
}

// openLog opens the log and compares its end with what a clean stop noted.
func (g *groupFiles) openLog(engine string, o GroupOptions, log *slog.Logger) (engineLog, error) {
	end, err := readEnd(g.path)
	if err != nil {
		return nil, err
	}
	if err := forgetSum(g.path, end); err != nil {
		return nil, err
	}
	unsynced := isUnsynced(g.path)
	if err := noteUnsynced(g.path, unsynced || o.NoSync); err != nil {
		return nil, err
	}
	if o.NoSync {
		g.lazy = newLazySync(o.SyncEvery, g.guard.fail)
	}
	entries, err := g.openEngine(engine, o.segmentBytes, unsynced, log)
	if err != nil {
		return nil, errors.Join(err, g.stopLazy())
	}
	g.closers = append(g.closers, entries)
	if g.lazy != nil {
		g.closers = append(g.closers, g.lazy)
	} else if err := noteUnsynced(g.path, false); err != nil {
		return nil, err
	}
	last, err := entries.LastIndex()
	if err != nil {
		return nil, err
	}
	return entries, checkEnd(g.path, end, last)
}

// stopLazy ends what newLazySync began.
func (g *groupFiles) stopLazy() error {
	if g.lazy == nil {
		return nil
	}
	return g.lazy.Close()
}

func (g *groupFiles) openEngine(engine string, segment int, unsynced bool, log *slog.Logger) (engineLog, error) {
	if engine == EngineBolt {
		path := filepath.Join(g.path, boltLogName)
		if unsynced {
			if err := syncFile(path); err != nil {
				return nil, err
			}
		}
		return openBoltLog(path, g.room, g.lazy)
	}
	space, err := spaceOf(g.path)
	if err != nil {
		return nil, err
	}
	return openWAL(filepath.Join(g.path, walName), walOptions{
		size: cmp.Or(segment, space.segmentSize()), room: g.room, lazy: g.lazy, unsynced: unsynced, disposer: g.disposer, log: log,
	})
}

// close closes everything, last opened first, and marks the log's end.
func (g *groupFiles) close() error {
	var last uint64
	var err error
	if g.markEnd {
		last, err = g.log.LastIndex()
	}
	for i := len(g.closers) - 1; i >= 0; i-- {
		err = errors.Join(err, g.closers[i].Close())
	}
	g.closers = nil
	if err == nil && g.markEnd && g.guard.failed() == nil {
		err = errors.Join(noteUnsynced(g.path, false), markEnd(g.path, last))
	}
	return err
}

// pathError is an error of what a file holds.
type pathError struct {
	path string
	err  error
}

func (e *pathError) Error() string { return e.path + ": " + e.err.Error() }

func (e *pathError) Unwrap() error { return e.err }

func at(path string, err error) error { return &pathError{path, err} }

// damageAt is at, but for errors of the operating system.
func damageAt(path string, err error) error {
	var system syscall.Errno
	if errors.As(err, &system) {
		return err
	}
	return at(path, err)
}

// damage makes a CorruptError of an error about what files hold, or that one is
// missing. Others (no permission, too many files, an I/O error) stay: to remove
// the directory is no cure for them.
func (g *groupFiles) damage(err error) error {
	var held *pathError
	if errors.As(err, &held) {
		return &CorruptError{Path: held.path, Remove: g.path, Err: held.err}
	}
	var missing *fs.PathError
	if errors.Is(err, fs.ErrNotExist) && errors.As(err, &missing) {
		return &CorruptError{Path: missing.Path, Remove: g.path, Err: syscall.ENOENT}
	}
	return err
}
