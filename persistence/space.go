package persistence

import (
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A disk that has run full would stop the log at its next segment. So a part of it is
// a reserve, for what a node has to write whatever its clients do: segments that are
// begun by elections, expiry and changes of membership, votes, the metadata. Writes of
// clients are to be refused while only the reserve is left; see SpaceTeller.
const (
	// minSegmentBytes is the size of segments on the smallest disks.
	minSegmentBytes = 1 << 20
	// disksSegment is the part of a disk that a segment may take at most.
	disksSegment = 32
	// maxSmallBytes is the reserve for everything that is no segment.
	maxSmallBytes = 4 << 20
	// disksSmall is the part of a disk that this may be at most.
	disksSmall = 16
	// spaceAge is how old the answer to the question for the free space may be.
	spaceAge = 20 * time.Millisecond
)

// SpaceTeller is implemented by a Storage that may run out of space.
type SpaceTeller interface {
	// Full tells whether nothing but the reserve would be left after bytes more.
	Full(bytes int) bool
}

var _ SpaceTeller = (*Dir)(nil)

// diskSpace is what a file system says of itself.
type diskSpace struct{ total, free int64 }

func spaceOf(path string) (diskSpace, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return diskSpace{}, err
	}
	block := int64(s.Bsize)
	return diskSpace{total: int64(s.Blocks) * block, free: int64(s.Bavail) * block}, nil
}

// segmentSize is the size of a log's segments on such a disk.
func (d diskSpace) segmentSize() int {
	return int(min(max(d.total/disksSegment, minSegmentBytes), segmentBytes))
}

// reserve is what groups need besides what they have: a segment each, and one of those
// that are cut off goes only when the next is there.
func (d diskSpace) reserve(groups int) int64 {
	return int64(groups+1)*int64(d.segmentSize()) + min(d.total/disksSmall, maxSmallBytes)
}

// spaceWatch remembers for a moment what the file system said.
type spaceWatch struct {
	mu    sync.Mutex // guards what follows
	asked time.Time
	last  diskSpace
	err   error
}

func (w *spaceWatch) look(path string) (diskSpace, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if time.Since(w.asked) > spaceAge {
		w.last, w.err = spaceOf(path)
		w.asked = time.Now()
	}
	return w.last, w.err
}

// Full implements SpaceTeller. A file system that does not tell counts as having room.
func (d *Dir) Full(bytes int) bool {
	s, err := d.space.look(d.data)
	if err != nil {
		return false
	}
	return s.free-int64(bytes) < s.reserve(int(d.groups.Load()))
}
