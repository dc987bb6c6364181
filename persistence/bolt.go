package persistence

import (
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
	if err := checkBoltPages(path); err != nil {
		return nil, damageAt(path, err)
	}
	if err := walkBolt(path); err != nil {
		return nil, damageAt(path, err)
	}
	defer func() {
		if r := recover(); r != nil {
			s, err = nil, at(path, fmt.Errorf("open: %v", r))
		}
	}()
	s, err = newBolt(path, noSync)
	if err != nil {
		return nil, damageAt(path, err)
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
func openBoltLog(path string, room *room, lazy *lazySync) (engineLog, error) {
	b, err := openBolt(path, lazy != nil)
	if err != nil {
		return nil, err
	}
	l := newCheckedLog(patientBolt{b, room, lazy})
	if err := verifyLog(l); err != nil {
		return nil, errors.Join(at(path, err), l.Close())
	}
	return l, nil
}

// patientBolt is a bolt log that waits for space. A transaction that found none was
// undone.
type patientBolt struct {
	*raftboltdb.BoltStore
	room *room
	lazy *lazySync // nil: every transaction is synced
}

// StoreLogs stores entries.
func (b patientBolt) StoreLogs(entries []*raft.Log) error {
	return b.write(func() error { return b.BoltStore.StoreLogs(entries) })
}

// DeleteRange deletes entries.
func (b patientBolt) DeleteRange(from, to uint64) error {
	return b.write(func() error { return b.BoltStore.DeleteRange(from, to) })
}

func (b patientBolt) write(f func() error) error {
	err := b.room.await(f)
	if b.lazy != nil {
		b.lazy.mark(b.BoltStore)
	}
	return err
}

// Close closes the file.
func (b patientBolt) Close() error {
	if b.lazy != nil {
		b.lazy.forget(b.BoltStore)
	}
	return b.BoltStore.Close()
}
