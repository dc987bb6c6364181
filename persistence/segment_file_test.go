package persistence

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// recorder is a file that notes what is done to it.
type recorder struct {
	*os.File
	writes []span
	syncs  int
	fail   error
}

type span struct{ from, to int64 }

func (r *recorder) WriteAt(b []byte, off int64) (int, error) {
	if r.fail != nil {
		return 0, r.fail
	}
	r.writes = append(r.writes, span{off, off + int64(len(b))})
	return r.File.WriteAt(b, off)
}

func (r *recorder) Sync() error {
	r.syncs++
	return r.fail
}

// newRecorded makes a segment file of the given size over a recorder.
func newRecorded(t *testing.T, size int64) (*segmentFile, *recorder) {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "segment"))
	check(t, err)
	t.Cleanup(func() { file.Close() })
	check(t, file.Truncate(size))
	r := &recorder{File: file}
	f, err := newSegmentFile(r, make([]byte, 1000), &lateSync{}, nil)
	check(t, err)
	return f.(*segmentFile), r
}

func TestZerosAreWrittenAheadOfTheLog(t *testing.T) {
	f, r := newRecorded(t, 2500)
	content := make([]byte, 2500)
	at := int64(0)
	write := func(n int) {
		t.Helper()
		b := bytes.Repeat([]byte{byte('a' + len(r.writes))}, n)
		copy(content[at:], b)
		written, err := f.WriteAt(b, at)
		check(t, err)
		if written != n {
			t.Errorf("%d of %d bytes written", written, n)
		}
		at += int64(n)
	}
	for _, n := range []int{100, 200, 800, 10, 1300, 90} { // to the very end
		write(n)
	}
	want := []span{
		{0, 100}, {100, 1100}, // zeros ahead
		{100, 300},                 // over them
		{300, 1100},                // up to their end
		{1100, 1110}, {1110, 2110}, // and again
		{1110, 2410}, {2410, 2500}, // no further than the file
		{2410, 2500},
	}
	if len(r.writes) != len(want) {
		t.Fatalf("writes %v, want %v", r.writes, want)
	}
	for i := range want {
		if r.writes[i] != want[i] {
			t.Errorf("write %d: %v, want %v", i, r.writes[i], want[i])
		}
	}
	got, err := os.ReadFile(r.Name())
	check(t, err)
	if !bytes.Equal(got, content) {
		t.Error("the file does not hold what was written")
	}
}

func TestNoZerosAreWrittenForLargeWrites(t *testing.T) {
	f, r := newRecorded(t, 1<<20)
	_, err := f.WriteAt(make([]byte, zeroForBytes+1), 0)
	check(t, err)
	if len(r.writes) != 1 {
		t.Errorf("writes %v", r.writes)
	}
}

// The first sync makes a new file's name durable, and is not forgotten if it fails.
func TestFirstSyncIsTheWholeFiles(t *testing.T) {
	f, r := newRecorded(t, 1000)
	r.fail = errors.New("disk on fire")
	if err := f.Sync(); !errors.Is(err, r.fail) {
		t.Errorf("error %v", err)
	}
	r.fail = nil
	for range 3 {
		check(t, f.Sync())
	}
	if r.syncs != 2 {
		t.Errorf("%d syncs of file and directory", r.syncs)
	}
	check(t, f.Close())
	if f.Sync() == nil {
		t.Error("a closed file was synced")
	}
}
