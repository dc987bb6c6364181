package persistence

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"
	"go.etcd.io/bbolt"
)

// boltLockPatience bounds the wait for a bolt file's own lock, which nobody
// holds: the data directory is locked.
const boltLockPatience = time.Second

// createBolt makes a bolt file with its buckets and syncs it.
func createBolt(path string) error {
	s, err := newBolt(path, false)
	if err != nil {
		return err
	}
	return errors.Join(s.Sync(), s.Close())
}

func newBolt(path string, noSync bool) (*raftboltdb.BoltStore, error) {
	return raftboltdb.New(raftboltdb.Options{
		Path:   path,
		NoSync: noSync,
		BoltOptions: &bbolt.Options{
			Timeout:        boltLockPatience,
			NoFreelistSync: true,
			FreelistType:   bbolt.FreelistMapType,
		},
	})
}

// openBolt opens an existing bolt file. Bolt panics on damage, in goroutines of
// its own too, so the file is walked first where a panic can be caught.
func openBolt(path string, noSync bool) (s *raftboltdb.BoltStore, err error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	if err := walkBolt(path); err != nil {
		return nil, at(path, err)
	}
	defer func() {
		if r := recover(); r != nil {
			s, err = nil, at(path, fmt.Errorf("open: %v", r))
		}
	}()
	s, err = newBolt(path, noSync)
	if err != nil {
		return nil, at(path, err)
	}
	return s, nil
}

// walkBolt reads every page in use.
func walkBolt(path string) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true)) // a page beyond the file's end
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("read: %v", r)
		}
	}()
	db, err := bbolt.Open(path, dataFileMode, &bbolt.Options{ReadOnly: true, Timeout: boltLockPatience})
	if err != nil {
		return err
	}
	defer db.Close()
	return db.View(func(tx *bbolt.Tx) error {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		if info.Size() < tx.Size() {
			return fmt.Errorf("file of %d bytes, should be %d", info.Size(), tx.Size())
		}
		return tx.ForEach(func(_ []byte, b *bbolt.Bucket) error {
			return b.ForEach(func(k, v []byte) error { return nil })
		})
	})
}

// stableStore is the stable store: bolt, whose pages have no checksum, with one
// behind each value.
type stableStore struct{ bolt *raftboltdb.BoltStore }

var _ raft.StableStore = (*stableStore)(nil)

// openStable opens the stable store and reads all of it once.
func openStable(path string) (*stableStore, error) {
	b, err := openBolt(path, false)
	if err != nil {
		return nil, err
	}
	return &stableStore{b}, nil
}

func (s *stableStore) Close() error { return s.bolt.Close() }

// Set stores a value, with a checksum of key and value behind it.
func (s *stableStore) Set(key, value []byte) error {
	b := append([]byte(nil), value...)
	return s.bolt.Set(key, binary.LittleEndian.AppendUint32(b, stableChecksum(key, value)))
}

// Get returns a value, or ErrKeyNotFound.
func (s *stableStore) Get(key []byte) ([]byte, error) {
	b, err := s.bolt.Get(key)
	if errors.Is(err, raftboltdb.ErrKeyNotFound) {
		return nil, ErrKeyNotFound
	}
	if err != nil {
		return nil, err
	}
	n := len(b) - 4
	if n < 0 || binary.LittleEndian.Uint32(b[n:]) != stableChecksum(key, b[:n]) {
		return nil, fmt.Errorf("stable store: value of %s: %w", key, ErrCorrupt)
	}
	return b[:n], nil
}

// SetUint64 stores a number.
func (s *stableStore) SetUint64(key []byte, n uint64) error {
	return s.Set(key, binary.BigEndian.AppendUint64(nil, n))
}

// GetUint64 returns a number.
func (s *stableStore) GetUint64(key []byte) (uint64, error) {
	b, err := s.Get(key)
	if err != nil {
		return 0, err
	}
	if len(b) != 8 {
		return 0, fmt.Errorf("stable store: %s is not a number", key)
	}
	return binary.BigEndian.Uint64(b), nil
}

func stableChecksum(key, value []byte) uint32 { return updateChecksum(checksum(key), value) }

// boltLog is the log engine boltdb: an entry's bytes, with their checksum, as
// the data of the entry that bolt keeps.
type boltLog struct{ *raftboltdb.BoltStore }

var _ engineLog = (*boltLog)(nil)

// openBoltLog opens the log and reads all of it once.
func openBoltLog(path string, noSync bool) (engineLog, error) {
	b, err := openBolt(path, noSync)
	if err != nil {
		return nil, err
	}
	l := &boltLog{b}
	if err := verifyLog(l); err != nil {
		return nil, errors.Join(at(path, err), l.Close())
	}
	return l, nil
}

// StoreLog stores one entry.
func (l *boltLog) StoreLog(e *raft.Log) error { return l.StoreLogs([]*raft.Log{e}) }

// StoreLogs stores entries in one transaction.
func (l *boltLog) StoreLogs(entries []*raft.Log) error {
	packed := make([]*raft.Log, len(entries))
	for i, e := range entries {
		packed[i] = &raft.Log{Index: e.Index, Data: encodeEntry(e)}
	}
	return l.BoltStore.StoreLogs(packed)
}

// GetLog returns an entry, or raft.ErrLogNotFound.
func (l *boltLog) GetLog(index uint64, e *raft.Log) error {
	var packed raft.Log
	if err := l.BoltStore.GetLog(index, &packed); err != nil {
		return err
	}
	return decodeEntry(packed.Data, e)
}
