package persistence

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/raft"
)

const smallSegmentBytes = 4096

func openSmallWAL(t *testing.T, dir string) (engineLog, error) {
	t.Helper()
	l, err := openWAL(dir, walOptions{size: smallSegmentBytes, log: slog.New(slog.DiscardHandler)})
	if err == nil {
		t.Cleanup(func() { l.Close() })
	}
	return l, err
}

// newSmallWAL makes a log of small segments.
func newSmallWAL(t *testing.T) (dir string, l engineLog) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "wal")
	check(t, createWAL(dir))
	l, err := openSmallWAL(t, dir)
	check(t, err)
	return dir, l
}

// crash copies a log's directory as it stands, as the next process would find it.
func crash(t *testing.T, dir string) string {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "wal")
	check(t, os.CopyFS(copied, os.DirFS(dir)))
	return copied
}

// onlySegment reads the log's one segment.
func onlySegment(t *testing.T, dir string) (path string, b []byte) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.wal"))
	check(t, err)
	if len(paths) != 1 {
		t.Fatalf("segments %q", paths)
	}
	b, err = os.ReadFile(paths[0])
	check(t, err)
	return paths[0], b
}

// TestTornTailIsCut has every part of the last batch reach the disk or not, at
// every place, and crashes a second time after that.
func TestTornTailIsCut(t *testing.T) {
	dir, l := newSmallWAL(t)
	check(t, l.StoreLogs(entries(1, 3, 1)))
	_, before := onlySegment(t, dir)
	check(t, l.StoreLogs(entries(4, 6, 1)))
	_, after := onlySegment(t, dir)
	from, to := int(usedBytes(before)), int(usedBytes(after))
	for name, tear := range map[string]func(b []byte, i int){
		"end lost":       func(b []byte, i int) { clear(b[i:to]) },
		"beginning lost": func(b []byte, i int) { clear(b[from:i]) },
		"noise at end":   func(b []byte, i int) { copy(b[i:to], strings.Repeat("\x5a", to-i)) },
		"one byte":       func(b []byte, i int) { b[i] ^= 0x10 },
	} {
		for i := from; i < to; i += 3 {
			torn := append([]byte(nil), after...)
			tear(torn, i)
			again := crash(t, dir)
			path, _ := onlySegment(t, again)
			check(t, os.WriteFile(path, torn, 0o600))
			l, err := openSmallWAL(t, again)
			if err != nil {
				t.Fatalf("%s at byte %d: %v", name, i, err)
			}
			last, err := l.LastIndex()
			check(t, err)
			if last != 3 && last != 6 {
				t.Fatalf("%s at byte %d: log ends at %d", name, i, last)
			}
			checkLog(t, l, 1, last)
			check(t, l.StoreLogs(entries(last+1, last+1, 2)))
			l, err = openSmallWAL(t, crash(t, again))
			check(t, err)
			checkLog(t, l, 1, last+1)
			checkTerm(t, l, last+1, 2)
		}
	}
}

// TestDamageBeforeTailIsRefused damages batches that others follow: cutting there
// would lose acknowledged entries.
func TestDamageBeforeTailIsRefused(t *testing.T) {
	dir, l := newSmallWAL(t)
	for i := uint64(1); i <= 12; i += 3 {
		check(t, l.StoreLogs(entries(i, i+2, 1)))
	}
	path, whole := onlySegment(t, dir)
	lastBatch := strings.Index(string(whole), "entry 10 of") - 100
	for i := segmentHeaderBytes; i < lastBatch; i++ {
		for _, flip := range []byte{0x01, 0x80} {
			damaged := append([]byte(nil), whole...)
			damaged[i] ^= flip
			again := crash(t, dir)
			copied := filepath.Join(again, filepath.Base(path))
			check(t, os.WriteFile(copied, damaged, 0o600))
			l, err := openSmallWAL(t, again)
			if err == nil {
				checkLog(t, l, 1, 12) // a byte without meaning
				continue
			}
			var held *pathError
			if !errors.As(err, &held) || held.path != copied {
				t.Errorf("byte %d: %v", i, err)
			}
		}
	}
}

// TestCutBytesProveNothing crashes twice: what the first crash left behind the
// cut must not pass for entries stored after the second.
func TestCutBytesProveNothing(t *testing.T) {
	dir, l := newSmallWAL(t)
	check(t, l.StoreLogs(entries(1, 3, 1)))
	_, before := onlySegment(t, dir)
	check(t, l.StoreLogs(entries(4, 9, 1)))
	path, after := onlySegment(t, dir)
	end := int(usedBytes(before))
	after[end+1+frameHeaderBytes] ^= 1
	again := crash(t, dir)
	path = filepath.Join(again, filepath.Base(path))
	check(t, os.WriteFile(path, after, 0o600))
	l, err := openSmallWAL(t, again)
	check(t, err)
	checkLog(t, l, 1, 3)
	if _, b := onlySegment(t, again); int(usedBytes(b)) != end {
		t.Errorf("%d bytes, want %d: what was cut is still there", usedBytes(b), end)
	}
}

// TestCrashBetweenFullSegmentAndList closes a full segment on disk, but dies
// before the list of segments says so. Without help the engine refuses every
// write after that.
func TestCrashBetweenFullSegmentAndList(t *testing.T) {
	dir, l := newSmallWAL(t)
	list, err := os.ReadFile(filepath.Join(dir, metaName))
	check(t, err)
	last := uint64(0)
	for segments := 1; segments == 1; {
		check(t, l.StoreLogs(entries(last+1, last+3, 1)))
		last += 3
		paths, err := filepath.Glob(filepath.Join(dir, "*.wal"))
		check(t, err)
		segments = len(paths)
		if last > 1000 {
			t.Fatal("no second segment")
		}
	}
	check(t, l.Close())
	again := crash(t, dir)
	paths, err := filepath.Glob(filepath.Join(again, "*.wal"))
	check(t, err)
	// The second segment may hold entries already; go back to before it was made.
	check(t, os.Remove(paths[1]))
	check(t, os.WriteFile(filepath.Join(again, metaName), list, 0o600))
	for range 2 {
		l, err := openSmallWAL(t, again)
		check(t, err)
		first, last, err := logRange(l)
		check(t, err)
		if first != 1 || last < 3 {
			t.Fatalf("log from %d to %d", first, last)
		}
		check(t, l.StoreLogs(entries(last+1, last+2, 2)))
		check(t, l.DeleteRange(last+2, last+2))
		check(t, l.StoreLogs(entries(last+2, last+2, 3)))
		checkLog(t, l, 1, last+2)
		check(t, l.Close())
	}
}

// TestEveryCrashPoint crashes after each of many operations, and checks that
// what the log then holds is what it held.
func TestEveryCrashPoint(t *testing.T) {
	dir, l := newSmallWAL(t)
	first, last, term := uint64(1), uint64(0), uint64(1)
	for step := range 120 {
		switch {
		case step%17 == 16: // a conflicting suffix
			check(t, l.DeleteRange(last-4, last))
			last, term = last-5, term+1
		case step%23 == 22: // compaction
			check(t, l.DeleteRange(first, last-10))
			first = last - 9
		case step%61 == 60: // a snapshot was installed
			check(t, l.DeleteRange(first, last))
			first, last = last+1001, last+1000
			fallthrough
		default:
			n := uint64(step%5 + 1)
			check(t, l.StoreLogs(entries(last+1, last+n, term)))
			last += n
		}
		check(t, l.DeleteRange(1<<62, 1<<62)) // waits for the engine's goroutine, lest the copy be of two moments
		again, err := openSmallWAL(t, crash(t, dir))
		if err != nil {
			t.Fatalf("step %d: %v", step, err)
		}
		checkLog(t, again, first, last)
		check(t, again.StoreLogs(entries(last+1, last+1, term)))
		check(t, again.Close())
	}
}

func TestMissingSegmentIsRefused(t *testing.T) {
	dir, l := newSmallWAL(t)
	check(t, l.StoreLogs(entries(1, 200, 1)))
	check(t, l.StoreLogs(entries(201, 203, 1)))
	check(t, l.Close())
	paths, err := filepath.Glob(filepath.Join(dir, "*.wal"))
	check(t, err)
	check(t, os.Remove(paths[0]))
	if _, err := openSmallWAL(t, dir); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestEntryBytes(t *testing.T) {
	e := entry(5, 6, "data")
	b := appendEntry(nil, e)
	var got raft.Log
	check(t, decodeEntry(b, &got))
	if fmt.Sprint(got) != fmt.Sprint(*e) {
		t.Errorf("got %v, want %v", got, *e)
	}
	for i := range b {
		damaged := append([]byte(nil), b...)
		damaged[i] ^= 4
		if decodeEntry(damaged, &got) == nil || decodeEntry(b[:i], &got) == nil {
			t.Errorf("byte %d: not seen", i)
		}
	}
}
