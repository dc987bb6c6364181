package replica

import (
	"io"
	"sync"

	"github.com/hashicorp/raft"

	"github.com/redoubtdb/redoubt/persistence"
)

// snapshotStore knows the newest snapshot, marks what it opens, and tells of what cannot be read.
type snapshotStore struct {
	raft.SnapshotStore
	damaged func(id string, err error) // nil: nobody wants to know

	mu     sync.Mutex // guards newest
	newest position
}

var _ raft.SnapshotStore = (*snapshotStore)(nil)

// openSnapshot is an opened snapshot that can be recognized.
type openSnapshot struct {
	io.ReadCloser
	meta  *raft.SnapshotMeta
	store *snapshotStore
}

// Read reads on.
func (o *openSnapshot) Read(b []byte) (int, error) {
	n, err := o.ReadCloser.Read(b)
	if err != nil && err != io.EOF {
		o.store.tell(o.meta.ID, err)
	}
	return n, err
}

func (s *snapshotStore) tell(id string, err error) {
	if s.damaged != nil {
		s.damaged(id, err)
	}
}

// snapshotOf finds the snapshot behind the library's wrappers.
func snapshotOf(rc io.ReadCloser) (*raft.SnapshotMeta, bool) {
	for {
		switch r := rc.(type) {
		case *openSnapshot:
			return r.meta, true
		case raft.ReadCloserWrapper:
			rc = r.WrappedReadCloser()
		default:
			return nil, false
		}
	}
}

// Open opens a snapshot for reading.
func (s *snapshotStore) Open(id string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	meta, rc, err := s.SnapshotStore.Open(id)
	if err != nil {
		s.tell(id, err)
		return nil, nil, err
	}
	return meta, &openSnapshot{rc, meta, s}, nil
}

// Create begins a snapshot.
func (s *snapshotStore) Create(version raft.SnapshotVersion, index, term uint64, c raft.Configuration, configIndex uint64, t raft.Transport) (raft.SnapshotSink, error) {
	sink, err := s.SnapshotStore.Create(version, index, term, c, configIndex, t)
	if err != nil {
		return nil, err
	}
	return &snapshotSink{SnapshotSink: sink, store: s, at: position{index, term}}, nil
}

// note takes a complete snapshot into account.
func (s *snapshotStore) note(p position) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.index > s.newest.index {
		s.newest = p
	}
}

// position is where the newest snapshot ends.
func (s *snapshotStore) position() position {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newest
}

// snapshotSink is a snapshot being written.
type snapshotSink struct {
	raft.SnapshotSink
	store *snapshotStore
	at    position
}

// Yield lets the store's sink take turns, if it can.
func (s *snapshotSink) Yield() {
	if y, ok := s.SnapshotSink.(persistence.YieldingSink); ok {
		y.Yield()
	}
}

// Close completes the snapshot.
func (s *snapshotSink) Close() error {
	err := s.SnapshotSink.Close()
	if err == nil {
		s.store.note(s.at)
	}
	return err
}
