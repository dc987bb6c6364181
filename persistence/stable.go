package persistence

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"sync"

	"github.com/hashicorp/raft"
)

// stableStore keeps what a member must never forget, its term and its vote, in a
// small checksummed file that is replaced as a whole. A member that forgot its
// vote could vote twice, so damage has to be seen; a general database without
// checksums (bolt) reads a flipped bit in a key as "not found".
type stableStore struct {
	path string
	room *room

	mu     sync.Mutex // guards values, and orders the writing of the file
	values map[string][]byte
	closed bool
}

var _ raft.StableStore = (*stableStore)(nil)

// createStable makes the file, without values.
func createStable(path string) error {
	s := &stableStore{path: path}
	return s.save(map[string][]byte{})
}

func openStable(path string, room *room) (*stableStore, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s := &stableStore{path: path, room: room}
	body, err := unseal(b)
	if err == nil {
		err = json.Unmarshal(body, &s.values)
	}
	if err != nil {
		return nil, at(path, err)
	}
	return s, nil
}

// Close makes later calls fail.
func (s *stableStore) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

// Set stores a value.
func (s *stableStore) Set(key, value []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	values := map[string][]byte{}
	for k, v := range s.values {
		values[k] = v
	}
	values[string(key)] = append([]byte{}, value...)
	if err := s.save(values); err != nil {
		return err
	}
	s.values = values
	return nil
}

// save replaces the file. It is synced whatever GroupOptions.NoSync says: a lost
// vote is worse than a lost entry, and is written once in an election.
func (s *stableStore) save(values map[string][]byte) error {
	body, err := json.Marshal(values)
	if err != nil {
		return err
	}
	return s.room.await(func() error { return replaceFile(s.path, seal(body), dataFileMode) })
}

// Get returns a value, or ErrKeyNotFound.
func (s *stableStore) Get(key []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	v, ok := s.values[string(key)]
	if !ok {
		return nil, ErrKeyNotFound
	}
	return append([]byte{}, v...), nil
}

// SetUint64 stores a number.
func (s *stableStore) SetUint64(key []byte, n uint64) error {
	return s.Set(key, binary.BigEndian.AppendUint64(nil, n))
}

// GetUint64 returns a number, or ErrKeyNotFound.
func (s *stableStore) GetUint64(key []byte) (uint64, error) {
	b, err := s.Get(key)
	if err != nil {
		return 0, err
	}
	return parseUint64(key, b)
}

// parseUint64 reads a number as SetUint64 stores it.
func parseUint64(key, b []byte) (uint64, error) {
	if len(b) != 8 {
		return 0, fmt.Errorf("stable store: %s is not a number", key)
	}
	return binary.BigEndian.Uint64(b), nil
}
