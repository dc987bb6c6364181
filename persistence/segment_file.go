package persistence

import (
	"os"
	"syscall"

	"github.com/hashicorp/raft-wal/types"
)

// A segment's file is laid out when it is made, but a file system notes for each
// block whether it was written yet, and syncing a block's first bytes means to commit
// that note to its journal too: twice the time and processor cycles of a sync of data
// alone. So now and then zeros are written some way ahead of the log's end, and the
// entries there overwrite them. A reader sees no difference: what was not written
// reads as zeros.
const (
	// zeroAheadBytes is how far.
	zeroAheadBytes = 256 << 10
	// zeroForBytes is the largest write that it is done for: larger ones gain little.
	zeroForBytes = 32 << 10
)

// segmentFile is a segment that is being written, by one goroutine and only at its
// end.
type segmentFile struct {
	types.WritableFile
	raw    syscall.RawConn
	late   *lateSync
	room   *room
	zeros  []byte // zeroAheadBytes of them
	size   int64  // that was laid out
	filled int64  // up to where the file was written, with entries or zeros
	named  bool   // the file's name is durable: Sync is for data alone
}

// newSegmentFile wraps a file that the log opened.
func newSegmentFile(file types.WritableFile, zeros []byte, late *lateSync, room *room) (types.WritableFile, error) {
	f, ok := file.(interface {
		Stat() (os.FileInfo, error)
		SyscallConn() (syscall.RawConn, error)
	})
	if !ok {
		return file, nil
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	return &segmentFile{WritableFile: file, raw: raw, late: late, room: room, zeros: zeros, size: info.Size()}, nil
}

// WriteAt writes at the end of the log. What was laid out has its space, as a rule; but
// not every file system lays out, and an entry may be larger than a segment.
func (f *segmentFile) WriteAt(b []byte, off int64) (n int, err error) {
	err = f.room.await(func() error {
		m, err := f.WritableFile.WriteAt(b[n:], off+int64(n))
		n += m
		return err
	})
	end := off + int64(n)
	if err != nil || end <= f.filled {
		return n, err
	}
	f.filled = end
	if len(b) <= zeroForBytes {
		err = f.zeroAhead()
	}
	return n, err
}

func (f *segmentFile) zeroAhead() error {
	ahead := min(int64(len(f.zeros)), f.size-f.filled)
	if ahead <= 0 {
		return nil
	}
	n, err := f.WritableFile.WriteAt(f.zeros[:ahead], f.filled)
	f.filled += int64(n)
	if diskFull(err) {
		return nil // zeros need not be there
	}
	return err
}

// Sync makes what was written durable. The first time it is the inner file's, which
// syncs the directory of a new file too.
func (f *segmentFile) Sync() error {
	if f.named {
		if f.late.putOff(f) {
			return nil
		}
		return syncData(f)
	}
	err := f.WritableFile.Sync()
	f.named = err == nil
	return err
}
