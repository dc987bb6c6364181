package persistence

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/raft"
)

// Create begins a snapshot.
func (s *snapshotDir) Create(version raft.SnapshotVersion, index, term uint64, configuration raft.Configuration,
	configurationIndex uint64, _ raft.Transport) (raft.SnapshotSink, error) {
	meta, err := newMeta(version, index, term, configuration, configurationIndex)
	if err != nil {
		return nil, err
	}
	for s.exists(meta.ID) {
		meta.ID = nextID(meta.ID)
	}
	k := &snapshotSink{store: s, meta: meta, path: filepath.Join(s.path, newPrefix+meta.ID)}
	if err := os.Mkdir(k.path, dataDirMode); err != nil {
		return nil, fmt.Errorf("create snapshot: %w", err)
	}
	k.dump, err = os.OpenFile(filepath.Join(k.path, dumpFileName), os.O_RDWR|os.O_CREATE|os.O_EXCL, dataFileMode)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("create snapshot: %w", err), os.RemoveAll(k.path))
	}
	return k, nil
}

// exists tells whether an id is taken, by a snapshot or by one being written.
func (s *snapshotDir) exists(id string) bool {
	for _, name := range []string{id, newPrefix + id} {
		if _, err := os.Stat(filepath.Join(s.path, name)); err == nil {
			return true
		}
	}
	return false
}

// pushBytes is after how much of a snapshot it is pushed out to the disk. Left to the sync at its end all of it would
// be written at once, and the log's syncs, and with them every write of the group, would wait for that.
const pushBytes = 1 << 20

// snapshotSink is a snapshot being written.
type snapshotSink struct {
	store *snapshotDir
	meta  raft.SnapshotMeta
	path  string // of its directory, as long as it is being written
	dump  *os.File
	out   int64 // bytes of the dump that were pushed out
	sum   uint32
	done  bool
	err   error  // of Close
	turns *turns // nil: somebody waits for the snapshot
}

var _ raft.SnapshotSink = (*snapshotSink)(nil)

// ID returns the id the snapshot will have.
func (k *snapshotSink) ID() string { return k.meta.ID }

// Write writes a part of the dump.
func (k *snapshotSink) Write(b []byte) (int, error) {
	if k.done {
		return 0, ErrClosed
	}
	k.turns.pause()
	defer k.turns.resume()
	n, err := k.dump.Write(b)
	k.sum = updateChecksum(k.sum, b[:n])
	k.meta.Size += int64(n)
	if err == nil && k.meta.Size-k.out >= pushBytes {
		err = pushOut(k.dump, k.out, k.meta.Size-k.out)
		k.out = k.meta.Size
	}
	return n, err
}

// Cancel gives the snapshot up. After Close it does nothing.
func (k *snapshotSink) Cancel() error {
	if k.done {
		return nil
	}
	k.done = true
	return errors.Join(k.dump.Close(), os.RemoveAll(k.path))
}

// Close checks the snapshot, makes it durable, and then one of the store's. If
// that fails nothing of it is left. To close again gives the same result.
func (k *snapshotSink) Close() error {
	if k.done {
		return k.err
	}
	k.done = true
	err := k.finish()
	err = errors.Join(err, k.dump.Close())
	if err == nil {
		err = k.publish()
	}
	if err != nil {
		k.err = errors.Join(fmt.Errorf("snapshot %s: %w", k.meta.ID, err), os.RemoveAll(k.path))
		return k.err
	}
	if err := k.store.reap(); err != nil {
		k.store.log.Error("cannot remove old snapshots", "path", k.store.path, "error", err)
	}
	return nil
}

// finish checks the dump, syncs it, and writes meta.json beside it.
func (k *snapshotSink) finish() error {
	if err := k.dump.Sync(); err != nil {
		return err
	}
	if k.store.check != nil {
		if _, err := k.dump.Seek(0, 0); err != nil {
			return err
		}
		if err := k.store.check(&yieldingReader{k.dump, k.turns}); err != nil {
			return fmt.Errorf("%w: %w", ErrSnapshotRefused, err)
		}
	}
	b, err := encodeDescription(description{k.meta, k.sum})
	if err != nil {
		return err
	}
	return writeSynced(filepath.Join(k.path, metaFileName), b, dataFileMode)
}

// publish gives the directory its name.
func (k *snapshotSink) publish() error {
	if err := syncDir(k.path); err != nil {
		return err
	}
	final := filepath.Join(k.store.path, k.meta.ID)
	if err := os.Rename(k.path, final); err != nil {
		return err
	}
	if err := syncDir(k.store.path); err != nil {
		return errors.Join(err, os.RemoveAll(final))
	}
	return nil
}
