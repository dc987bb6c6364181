package persistence

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

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
			return b.ForEach(func(_, v []byte) error {
				if v == nil {
					return errors.New("a bucket where a value should be")
				}
				return nil
			})
		})
	})
}

// openBoltLog opens the log engine boltdb and reads every entry once.
func openBoltLog(path string, noSync bool) (engineLog, error) {
	b, err := openBolt(path, noSync)
	if err != nil {
		return nil, err
	}
	l := checkedLog{b}
	if err := verifyLog(l); err != nil {
		return nil, errors.Join(at(path, err), l.Close())
	}
	return l, nil
}
