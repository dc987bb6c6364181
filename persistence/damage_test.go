package persistence

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/raft"
)

// damagedGroup makes a group with a log, a vote and a snapshot that the log does
// not make up for, closes it, and returns its directory.
func damagedGroup(t *testing.T, engine string) (work, dir string) {
	t.Helper()
	work = t.TempDir()
	d := openTestDir(t, work)
	g, err := d.OpenGroup("g", GroupOptions{Engine: engine})
	check(t, err)
	check(t, g.Log.StoreLogs(entries(1, 5, 1)))
	check(t, g.Log.StoreLogs(entries(6, 10, 1)))
	check(t, g.Stable.SetUint64([]byte("CurrentTerm"), 1))
	addSnapshot(t, g.Snapshots, 5, 1, "state")
	check(t, g.Log.DeleteRange(1, 5))
	check(t, d.Close())
	return work, groupDir(work)
}

// openDamaged opens the group and wants it refused, with an error that names a
// file of the group and what to remove. It returns the file.
func openDamaged(t *testing.T, work string) string {
	t.Helper()
	d := openTestDir(t, work)
	defer d.Close()
	g, err := d.OpenGroup("g", GroupOptions{})
	if err == nil {
		g.Close()
		t.Error("opened")
		return ""
	}
	var c *CorruptError
	if !errors.As(err, &c) || !errors.Is(err, ErrCorrupt) {
		t.Errorf("not a CorruptError: %v", err)
		return ""
	}
	if c.Remove != groupDir(work) || !strings.HasPrefix(c.Path, c.Remove) {
		t.Errorf("names %s, says to remove %s", c.Path, c.Remove)
	}
	for _, part := range []string{c.Path, "remove " + c.Remove, "snapshot"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in %q", part, err)
		}
	}
	return c.Path
}

// groupPaths lists the files of a group, relative to its directory.
func groupPaths(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			relative, _ := filepath.Rel(dir, path)
			all = append(all, relative)
		}
		return err
	})
	check(t, err)
	return all
}

// TestDamageIsRefused removes, empties, halves and fills with noise each file of
// a group, one at a time.
func TestDamageIsRefused(t *testing.T) {
	ways := map[string]func(path string, b []byte) error{
		"removed": func(path string, _ []byte) error { return os.Remove(path) },
		"emptied": func(path string, _ []byte) error { return os.Truncate(path, 0) },
		"halved":  func(path string, b []byte) error { return os.Truncate(path, usedBytes(b)/2) },
		"noise": func(path string, b []byte) error {
			for i := range usedBytes(b) {
				b[i] ^= 0x55
			}
			return os.WriteFile(path, b, 0o600)
		},
	}
	for _, engine := range []string{EngineWAL, EngineBolt} {
		_, model := damagedGroup(t, engine)
		for _, file := range groupPaths(t, model) {
			for way, damage := range ways {
				if file == closedName && way == "removed" {
					continue // that is how it looks after a crash
				}
				t.Run(fmt.Sprintf("%s %s %s", engine, strings.ReplaceAll(file, "/", "_"), way), func(t *testing.T) {
					work, dir := damagedGroup(t, engine)
					path := matchingPath(t, dir, file)
					b, err := os.ReadFile(path)
					check(t, err)
					check(t, damage(path, b))
					openDamaged(t, work)
				})
			}
		}
	}
}

// usedBytes is a file's size without the zeros at its end.
func usedBytes(b []byte) int64 {
	n := len(b)
	for n > 0 && b[n-1] == 0 {
		n--
	}
	return int64(n)
}

// matchingPath finds the file of another group; snapshots have other names.
func matchingPath(t *testing.T, dir, file string) string {
	t.Helper()
	for _, f := range groupPaths(t, dir) {
		if filepath.Base(f) == filepath.Base(file) && filepath.Dir(filepath.Dir(f)) == filepath.Dir(filepath.Dir(file)) {
			return filepath.Join(dir, f)
		}
	}
	t.Fatalf("no file like %s", file)
	return ""
}

func TestDamageNamesTheFile(t *testing.T) {
	work, dir := damagedGroup(t, EngineWAL)
	segments, err := filepath.Glob(filepath.Join(dir, "wal", "*.wal"))
	check(t, err)
	b, err := os.ReadFile(segments[0])
	check(t, err)
	i := strings.Index(string(b), "entry 7 of")
	b[i] ^= 1
	check(t, os.WriteFile(segments[0], b, 0o600))
	if got := openDamaged(t, work); got != segments[0] && got != dir {
		t.Errorf("named %s", got)
	}
}

// TestDamagedSnapshotIsSkipped damages the newest of two snapshots, where the log
// makes up for it: the older is used, and nothing is lost.
func TestDamagedSnapshotIsSkipped(t *testing.T) {
	for _, file := range []string{"meta.json", "dump.rdb"} {
		t.Run(file, func(t *testing.T) {
			work := t.TempDir()
			d := openTestDir(t, work)
			g, err := d.OpenGroup("g", GroupOptions{})
			check(t, err)
			check(t, g.Log.StoreLogs(entries(1, 10, 1)))
			old := addSnapshot(t, g.Snapshots, 4, 1, "old state")
			newest := addSnapshot(t, g.Snapshots, 8, 1, "new state")
			check(t, d.Close())
			path := filepath.Join(groupDir(work), "snapshots", newest, file)
			b, err := os.ReadFile(path)
			check(t, err)
			b[len(b)/2] ^= 1
			check(t, os.WriteFile(path, b, 0o600))

			g, err = openTestDir(t, work).OpenGroup("g", GroupOptions{})
			check(t, err)
			if got := ids(t, g.Snapshots); len(got) != 1 || got[0] != old {
				t.Errorf("snapshots %q, want %q alone", got, old)
			}
			checkLog(t, g.Log, 1, 10)
			next := addSnapshot(t, g.Snapshots, 10, 1, "newer state")
			if got := ids(t, g.Snapshots); len(got) != 2 || got[0] != next || got[1] != old {
				t.Errorf("snapshots %q, want %q and %q", got, next, old)
			}
			if _, err := os.Stat(filepath.Dir(path)); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the damaged one is still there: %v", err)
			}
		})
	}
}

// A dump that is damaged while the node runs must not reach its reader whole.
func TestDamageWhileRunningIsSeenByReader(t *testing.T) {
	work := t.TempDir()
	g, err := openTestDir(t, work).OpenGroup("g", GroupOptions{})
	check(t, err)
	data := strings.Repeat("state", 10000)
	id := addSnapshot(t, g.Snapshots, 4, 1, data)
	path := filepath.Join(groupDir(work), "snapshots", id, "dump.rdb")
	damaged := []byte(data)
	damaged[100] ^= 1
	check(t, os.WriteFile(path, damaged, 0o600))
	if _, got, err := readSnapshot(g.Snapshots, id); err == nil || len(got) == len(data) {
		t.Errorf("%d bytes, error %v", len(got), err)
	}
}

// TestFlippedBitsInStableStore flips every bit of the stable store: each is seen.
func TestFlippedBitsInStableStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stable.json")
	check(t, createStable(path))
	s, err := openStable(path, nil)
	check(t, err)
	check(t, s.SetUint64([]byte("CurrentTerm"), 77))
	check(t, s.Set([]byte("LastVoteCand"), []byte("candidate")))
	whole, err := os.ReadFile(path)
	check(t, err)
	for i := range len(whole) * 8 {
		damaged := append([]byte(nil), whole...)
		damaged[i/8] ^= 1 << (i % 8)
		check(t, os.WriteFile(path, damaged, 0o600))
		if s, err := openStable(path, nil); err == nil && !holds(s, 77, "candidate") {
			t.Errorf("bit %d of byte %d", i%8, i/8)
		}
	}
}

func holds(s *stableStore, term uint64, vote string) bool {
	gotTerm, termErr := s.GetUint64([]byte("CurrentTerm"))
	gotVote, voteErr := s.Get([]byte("LastVoteCand"))
	return termErr == nil && voteErr == nil && gotTerm == term && string(gotVote) == vote
}

// TestFlippedBitsAfterCleanStop flips bits all over the log's files of a group
// that was closed: each is seen, or was in a place without meaning.
func TestFlippedBitsAfterCleanStop(t *testing.T) {
	const flips = 40
	for engine, file := range map[string]string{EngineWAL: "wal/*.wal", EngineBolt: boltLogName} {
		t.Run(engine, func(t *testing.T) {
			_, dir := damagedGroup(t, engine)
			paths, err := filepath.Glob(filepath.Join(dir, file))
			check(t, err)
			whole, err := os.ReadFile(paths[0])
			check(t, err)
			used := int(usedBytes(whole)) * 8
			for n := range flips {
				i := n * used / flips
				damaged := append([]byte(nil), whole...)
				damaged[i/8] ^= 1 << (i % 8)
				check(t, os.WriteFile(paths[0], damaged, 0o600))
				tryDamaged(t, dir, fmt.Sprintf("bit %d of byte %d", i%8, i/8))
			}
		})
	}
}

// tryDamaged opens a copy of a group's directory, made by damagedGroup, and wants
// it refused or whole.
func tryDamaged(t *testing.T, dir, what string) {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "g")
	check(t, os.CopyFS(copied, os.DirFS(dir)))
	g, err := openGroup(copied, GroupOptions{RetainSnapshots: 1}, slog.New(slog.DiscardHandler))
	if err != nil {
		if !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", what, err)
		}
		return
	}
	defer g.close()
	for i := uint64(6); i <= 10; i++ {
		var e raft.Log
		err := g.log.GetLog(i, &e)
		if want := fmt.Sprintf("entry %d of term 1", i); err != nil || string(e.Data) != want {
			t.Errorf("%s: entry %d: %q, %v", what, i, e.Data, err)
		}
	}
}
