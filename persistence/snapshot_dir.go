package persistence

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/hashicorp/raft"
)

// snapshotDir is a group's snapshots, one directory each:
//
//	ID/meta.json      what raft.SnapshotMeta says, and the dump's checksum
//	ID/dump.rdb       what the state machine wrote
//	.new-ID/          being written; swept away at the next opening
//
// An ID is "term-index-milliseconds".
type snapshotDir struct {
	path     string
	retain   int
	check    func(io.Reader) error
	disposer *disposer
	log      *slog.Logger

	mu      sync.Mutex
	bad     map[string]bool // ids found damaged; guarded by mu
	readers map[string]int  // of each dump; guarded by mu
}

var _ raft.SnapshotStore = (*snapshotDir)(nil)

const (
	metaFileName = "meta.json"
	dumpFileName = "dump.rdb"
)

// openSnapshots opens the directory and reads the newest snapshot, and older
// ones until it finds a whole one.
func openSnapshots(path string, o GroupOptions, d *disposer, log *slog.Logger) (*snapshotDir, error) {
	if err := sweep(path); err != nil {
		return nil, err
	}
	s := &snapshotDir{path: path, retain: o.RetainSnapshots, check: o.CheckSnapshot, disposer: d, log: log,
		bad: map[string]bool{}, readers: map[string]int{}}
	metas, err := s.List()
	if err != nil {
		return nil, err
	}
	for _, m := range metas {
		if s.verify(m.ID) {
			break
		}
	}
	return s, nil
}

// verify reads a snapshot's dump once.
func (s *snapshotDir) verify(id string) bool {
	_, r, err := s.Open(id)
	if err == nil {
		_, err = io.Copy(io.Discard, r)
		r.Close()
	}
	if err != nil {
		s.reject(id, err)
	}
	return err == nil
}

// reject remembers that a snapshot is damaged, and says so the first time.
func (s *snapshotDir) reject(id string, err error) {
	s.mu.Lock()
	known := s.bad[id]
	s.bad[id] = true
	s.mu.Unlock()
	if !known {
		s.log.Error("snapshot is damaged, skipped", "path", filepath.Join(s.path, id), "error", err)
	}
}

func (s *snapshotDir) rejected(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bad[id]
}

// damaged returns the index of the newest damaged snapshot, by its name.
func (s *snapshotDir) damaged() (newest uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.bad {
		_, index, _, _ := parseID(id)
		newest = max(newest, index)
	}
	return newest
}

// List returns the whole snapshots, newest first.
func (s *snapshotDir) List() ([]*raft.SnapshotMeta, error) {
	entries, err := os.ReadDir(s.path)
	if err != nil {
		return nil, fmt.Errorf("list snapshots: %w", err)
	}
	var metas []*raft.SnapshotMeta
	for _, e := range entries {
		id := e.Name()
		if _, _, _, ok := parseID(id); !ok || s.rejected(id) {
			continue
		}
		d, err := s.describe(id)
		if err != nil {
			s.reject(id, err)
			continue
		}
		metas = append(metas, &d.meta)
	}
	sortNewestFirst(metas)
	return metas, nil
}

// describe reads a snapshot's meta.json and compares it with the dump's size.
func (s *snapshotDir) describe(id string) (description, error) {
	b, err := os.ReadFile(filepath.Join(s.path, id, metaFileName))
	if err != nil {
		return description{}, err
	}
	d, err := decodeDescription(b)
	if err != nil {
		return d, err
	}
	info, err := os.Stat(filepath.Join(s.path, id, dumpFileName))
	if err != nil {
		return d, err
	}
	if d.meta.ID != id || info.Size() != d.meta.Size {
		return d, fmt.Errorf("it says id %s and %d bytes, there are %d", d.meta.ID, d.meta.Size, info.Size())
	}
	return d, nil
}

// Open opens a snapshot for reading. Damage is an error in place of the dump's
// last bytes.
func (s *snapshotDir) Open(id string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	if _, _, _, ok := parseID(id); !ok {
		return nil, nil, fmt.Errorf("open snapshot %q: %w", id, ErrNoSnapshot)
	}
	d, err := s.describe(id)
	if os.IsNotExist(err) {
		return nil, nil, fmt.Errorf("open snapshot %s: %w", id, ErrNoSnapshot)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open snapshot %s: %w", id, err)
	}
	s.read(id, 1)
	f, err := os.Open(filepath.Join(s.path, id, dumpFileName))
	if err != nil {
		s.read(id, -1)
		return nil, nil, fmt.Errorf("open snapshot %s: %w", id, err)
	}
	return &d.meta, &dumpReader{f: f, left: d.meta.Size, want: d.sum, done: func() { s.read(id, -1) }}, nil
}

// read counts the readers of a dump.
func (s *snapshotDir) read(id string, more int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.readers[id] += more; s.readers[id] == 0 {
		delete(s.readers, id)
	}
}

// reap removes all but the newest snapshots.
func (s *snapshotDir) reap() error {
	metas, err := s.List()
	if err != nil {
		return err
	}
	keep := map[string]bool{}
	for _, m := range metas[:min(len(metas), s.retain)] {
		keep[m.ID] = true
	}
	return s.removeAllBut(keep)
}

// removeAllBut removes the snapshots, damaged ones too, whose ids are not to be kept.
func (s *snapshotDir) removeAllBut(keep map[string]bool) error {
	entries, err := os.ReadDir(s.path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if _, _, _, ok := parseID(e.Name()); !ok || keep[e.Name()] {
			continue
		}
		if err := s.remove(e.Name()); err != nil {
			return err
		}
	}
	return nil
}

// remove removes a snapshot. The file of one that is being read stays as it is until it is closed.
func (s *snapshotDir) remove(id string) error {
	s.mu.Lock()
	isRead := s.readers[id] > 0
	trash, err := hideDir(filepath.Join(s.path, id))
	s.mu.Unlock()
	if err == nil {
		err = syncDir(s.path)
	}
	switch {
	case err != nil:
		return err
	case isRead:
		return os.RemoveAll(trash)
	}
	return s.disposer.dispose(trash)
}

// dumpReader reads a dump and checks it: the last bytes come only when the
// checksum is right.
type dumpReader struct {
	f    *os.File
	left int64
	sum  uint32
	want uint32
	done func() // when it is closed
}

// Read reads.
func (r *dumpReader) Read(b []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n, err := r.f.Read(b[:min(int64(len(b)), r.left)])
	r.sum = updateChecksum(r.sum, b[:n])
	r.left -= int64(n)
	switch {
	case err == io.EOF && r.left > 0:
		return 0, io.ErrUnexpectedEOF
	case r.left == 0 && r.sum != r.want:
		return 0, fmt.Errorf("%s: %w", r.f.Name(), errSeal)
	case err == io.EOF:
		err = nil
	}
	return n, err
}

// Close closes the file.
func (r *dumpReader) Close() error {
	err := r.f.Close()
	if err == nil {
		r.done()
	}
	return err
}
