package persistence

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/hashicorp/raft-wal/segment"
	"github.com/hashicorp/raft-wal/types"
)

// walMeta keeps the log's list of segments in a small checksummed file, which is
// replaced as a whole. The stable store is elsewhere.
type walMeta struct {
	path string
	late *lateSync
	room *room
	lazy *lazySync // nil: segments are synced as they are written
	lay  func(dir, name string, size uint64) error

	mu   sync.Mutex
	last types.PersistentState // what the file holds; guarded by mu
}

var _ types.MetaStore = (*walMeta)(nil)

const metaName = "segments.json"

var errNoStable = errors.New("the log keeps no stable values")

// createMeta makes the file of an empty log.
func createMeta(dir string) error {
	m := &walMeta{path: filepath.Join(dir, metaName), late: &lateSync{}}
	return m.CommitState(types.PersistentState{})
}

func openMeta(dir string, o walOptions, late *lateSync, files *walFS) (*walMeta, error) {
	m := &walMeta{path: filepath.Join(dir, metaName), late: late, room: o.room, lazy: o.lazy, lay: files.layOut}
	b, err := os.ReadFile(m.path)
	if err != nil {
		return nil, err
	}
	body, err := unseal(b)
	if err == nil {
		err = json.Unmarshal(body, &m.last)
	}
	if err != nil {
		return nil, at(m.path, err)
	}
	return m, nil
}

func (m *walMeta) state() types.PersistentState {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last
}

// Load returns the list.
func (m *walMeta) Load(string) (types.PersistentState, error) { return m.state(), nil }

// CommitState replaces the list. By then a segment that it calls closed is on disk, and the
// one that comes next is laid out: so one that is missing or too short is always damage.
func (m *walMeta) CommitState(s types.PersistentState) error {
	if err := m.late.sync(); err != nil {
		return fmt.Errorf("sync segment: %w", err)
	}
	body, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if m.lazy != nil {
		if err := m.lazy.flush(); err != nil {
			return err
		}
	}
	if n := len(s.Segments); n > 0 {
		tail := s.Segments[n-1]
		if err := m.lay(filepath.Dir(m.path), segment.FileName(tail), uint64(tail.SizeLimit)); err != nil {
			return fmt.Errorf("lay out segment: %w", err)
		}
	}
	if err := m.room.await(func() error { return replaceFile(m.path, seal(body), dataFileMode) }); err != nil {
		return fmt.Errorf("save list of segments: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last = s
	return nil
}

// GetStable is not used.
func (m *walMeta) GetStable([]byte) ([]byte, error) { return nil, errNoStable }

// SetStable is not used.
func (m *walMeta) SetStable(_, _ []byte) error { return errNoStable }

// Close has nothing to close.
func (m *walMeta) Close() error { return nil }
