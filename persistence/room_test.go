package persistence

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

// fullGroup opens a group on a small disk and appends large entries until one waits for
// space. It returns the index of that one, and what became of it.
func fullGroup(t *testing.T, engine string) (d *Dir, g *GroupStore, last uint64, outcome chan error) {
	t.Helper()
	work := smallDisk(t, 12)
	d = openTestDir(t, work)
	g, err := d.OpenGroup("g", GroupOptions{Engine: engine, OnFailure: func(err error) { t.Errorf("failed: %v", err) }})
	check(t, err)
	check(t, g.Log.StoreLogs(entries(1, 3, 1)))
	ballast, err := os.Create(filepath.Join(work, "ballast"))
	check(t, err)
	defer ballast.Close()
	for err == nil { // to the last page
		_, err = ballast.Write(make([]byte, 64<<10))
	}
	outcome = make(chan error, 1)
	for last = uint64(4); ; last++ {
		go func() { outcome <- g.Log.StoreLogs([]*raft.Log{largeEntry(last)}) }()
		if waits(t, d, outcome) {
			return d, g, last, outcome
		}
	}
}

// waits returns true when a write waits for space, and false when it is over.
func waits(t *testing.T, d *Dir, outcome chan error) bool {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		select {
		case err := <-outcome:
			check(t, err)
			return false
		case <-time.After(time.Millisecond):
			if d.open["g"].room.waiting.Load() > 0 {
				return true
			}
		}
	}
	t.Fatal("a write neither ends nor waits for space")
	return false
}

func largeEntry(index uint64) *raft.Log {
	return &raft.Log{Index: index, Term: 1, Data: []byte(strings.Repeat("x", 100<<10))}
}

// A write that finds no space waits for it, and is stored then, once.
func TestFullDiskIsWaitedFor(t *testing.T) {
	for _, engine := range []string{EngineWAL, EngineBolt} {
		t.Run(engine, func(t *testing.T) {
			d, g, last, outcome := fullGroup(t, engine)
			if !d.Full(0) {
				t.Error("a disk without space does not count as full")
			}
			check(t, os.Remove(filepath.Join(filepath.Dir(d.Path()), "ballast")))
			check(t, <-outcome)
			eventuallyRoom(t, d)
			check(t, g.Log.StoreLogs([]*raft.Log{largeEntry(last + 1)}))
			check(t, g.Stable.SetUint64([]byte("CurrentTerm"), 9))
			check(t, g.Close())
			g, err := d.OpenGroup("g", GroupOptions{})
			check(t, err)
			defer g.Close()
			if first, got, err := logRange(g.Log); err != nil || first != 1 || got != last+1 {
				t.Fatalf("the log is from %d to %d, not to %d (%v)", first, got, last+1, err)
			}
			for i := uint64(4); i <= last+1; i++ {
				var e raft.Log
				if err := g.Log.GetLog(i, &e); err != nil || len(e.Data) != 100<<10 {
					t.Fatalf("entry %d of %d: %d bytes, %v", i, last+1, len(e.Data), err)
				}
			}
		})
	}
}

// Close ends the waiting of a write, which is an error then, and loses nothing else.
func TestCloseOnAFullDisk(t *testing.T) {
	for _, engine := range []string{EngineWAL, EngineBolt} {
		t.Run(engine, func(t *testing.T) {
			work := smallDisk(t, 12)
			d := openTestDir(t, work)
			g, err := d.OpenGroup("g", GroupOptions{Engine: engine})
			check(t, err)
			check(t, g.Log.StoreLogs(entries(1, 3, 1)))
			big := &raft.Log{Index: 4, Term: 1, Data: make([]byte, 20<<20)} // larger than the disk
			outcome := make(chan error, 1)
			go func() { outcome <- g.Log.StoreLogs([]*raft.Log{big}) }()
			if !waits(t, d, outcome) {
				t.Fatal("an entry larger than the disk was stored")
			}
			_ = g.Close() // it cannot note a clean stop without space
			if err := <-outcome; !errors.Is(err, ErrClosed) || !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("the write ended with %v", err)
			}
			check(t, d.Close())
			g, err = openTestDir(t, work).OpenGroup("g", GroupOptions{})
			check(t, err)
			defer g.Close()
			checkLog(t, g.Log, 1, 3)
		})
	}
}

// A snapshot that finds no space is an error, and leaves the space that it took.
func TestSnapshotOnAFullDisk(t *testing.T) {
	work := smallDisk(t, 12)
	g, err := openTestDir(t, work).OpenGroup("g", GroupOptions{OnFailure: func(err error) { t.Errorf("failed: %v", err) }})
	check(t, err)
	defer g.Close()
	check(t, g.Log.StoreLogs(entries(1, 3, 1)))
	sink := beginSnapshot(t, g.Snapshots, 3, 1)
	for err == nil {
		_, err = sink.Write(make([]byte, 1<<20))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the snapshot ended with %v", err)
	}
	check(t, sink.Cancel())
	check(t, g.Log.StoreLogs(entries(4, 6, 1)))
	addSnapshot(t, g.Snapshots, 5, 1, "a smaller one")
}

// Without space a group that has to begin a segment is not opened, and the error is no
// advice to remove anything.
func TestOpenOnAFullDisk(t *testing.T) {
	work := smallDisk(t, 12)
	d := openTestDir(t, work)
	check(t, os.WriteFile(filepath.Join(work, "small"), make([]byte, 1<<20), 0o600))
	ballast, err := os.Create(filepath.Join(work, "ballast"))
	check(t, err)
	for err == nil {
		_, err = ballast.Write(make([]byte, 64<<10))
	}
	check(t, ballast.Close())
	check(t, os.Truncate(filepath.Join(work, "small"), 1<<19)) // room for all but a segment
	_, err = d.OpenGroup("g", GroupOptions{})
	if !errors.Is(err, syscall.ENOSPC) || errors.Is(err, ErrCorrupt) {
		t.Fatalf("opened, or refused with %v", err)
	}
	check(t, os.Remove(filepath.Join(work, "ballast")))
	g, err := d.OpenGroup("g", GroupOptions{})
	check(t, err)
	check(t, g.Log.StoreLogs(entries(1, 3, 1)))
	check(t, g.Close())
}

// eventuallyRoom waits until the directory has noticed that there is space.
func eventuallyRoom(t *testing.T, d *Dir) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); d.Full(0); time.Sleep(spaceAge) {
		if time.Now().After(end) {
			t.Fatal("a disk with space counts as full")
		}
	}
}

// TestReserve: the reserve is a part of a small disk, and small on a large one.
func TestReserve(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		total            int64
		segment, reserve int64
	}{
		{24 * mib, mib, 3*mib + 24*mib/16},
		{64 * mib, 2 * mib, 3*2*mib + 4*mib},
		{1 << 40, segmentBytes, 3*segmentBytes + 4*mib},
	} {
		d := diskSpace{total: c.total}
		if got := int64(d.segmentSize()); got != c.segment {
			t.Errorf("disk of %d: segments of %d", c.total, got)
		}
		if got := d.reserve(2); got != c.reserve {
			t.Errorf("disk of %d: reserve of %d", c.total, got)
		}
	}
}
