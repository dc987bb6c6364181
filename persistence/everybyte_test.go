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

// everyByteEnv makes these tests try every byte of the files of bolt, too, which are large.
const everyByteEnv = "REDOUBT_EVERY_BYTE"

// specimen is a group that is damaged again and again: its files after a clean stop, or after
// a crash.
type specimen struct {
	files   map[string][]byte // by path
	crashed bool
}

// Of each of bolt's pages the beginning is its structure: each of those bytes is damaged.
const (
	boltPage      = 4096
	boltStructure = 200
)

// specimenSegment is large enough for its log.
const specimenSegment = 2048

// newSpecimen makes one: a snapshot, two batches in the log of which one can be torn, a vote.
func newSpecimen(t *testing.T, engine string, crashed bool) *specimen {
	t.Helper()
	work := t.TempDir()
	d := openTestDir(t, work)
	g, err := d.OpenGroup("g", GroupOptions{Engine: engine, segmentBytes: specimenSegment})
	check(t, err)
	check(t, g.Log.StoreLogs(entries(1, 5, 1)))
	check(t, g.Log.StoreLogs(entries(6, 10, 1)))
	check(t, g.Stable.SetUint64([]byte("CurrentTerm"), 1))
	addSnapshot(t, g.Snapshots, 5, 1, "state")
	check(t, g.Log.DeleteRange(1, 5))
	check(t, g.Log.StoreLogs(entries(11, 12, 1)))
	check(t, d.Close())
	dir := groupDir(work)
	s := &specimen{files: map[string][]byte{}, crashed: crashed}
	for _, file := range groupPaths(t, dir) {
		b, err := os.ReadFile(filepath.Join(dir, file))
		check(t, err)
		if file != closedName || !crashed {
			s.files[file] = b
		}
	}
	return s
}

// try opens the group with one file damaged.
func (s *specimen) try(t *testing.T, file string, damaged []byte, what string) {
	t.Helper()
	dir := filepath.Join(ramDir(t), "g")
	defer os.RemoveAll(filepath.Dir(dir))
	for path, b := range s.files {
		if path == file {
			b = damaged
		}
		check(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, path)), 0o700))
		check(t, os.WriteFile(filepath.Join(dir, path), b, 0o600))
	}
	g, err := openGroup(dir, GroupOptions{RetainSnapshots: 1, segmentBytes: specimenSegment}, slog.New(slog.DiscardHandler))
	if err != nil {
		var c *CorruptError
		if !errors.As(err, &c) || c.Remove != dir || !strings.HasPrefix(c.Path, dir) || !strings.Contains(err.Error(), "remove "+dir) {
			t.Errorf("%s: refused with %v", what, err)
		}
		return
	}
	defer g.close()
	if wrong := s.wrong(g); wrong != "" {
		t.Errorf("%s: opened, and %s", what, wrong)
	}
}

// wrong compares an opened group with what it was. After a crash the last batch may be cut.
func (s *specimen) wrong(g *groupFiles) string {
	first, last, err := logRange(g.log)
	if err != nil || first != 6 || last != 12 && !(s.crashed && last == 10) {
		return fmt.Sprintf("the log is from %d to %d (%v)", first, last, err)
	}
	for i := first; i <= last; i++ {
		var e raft.Log
		if err := g.log.GetLog(i, &e); err != nil || string(e.Data) != fmt.Sprintf("entry %d of term 1", i) {
			return fmt.Sprintf("entry %d is %q (%v)", i, e.Data, err)
		}
	}
	if term, err := g.stable.GetUint64([]byte("CurrentTerm")); err != nil || term != 1 {
		return fmt.Sprintf("the term is %d (%v)", term, err)
	}
	metas, err := g.snapshots.List()
	if err != nil || len(metas) != 1 || metas[0].Index != 5 || metas[0].Term != 1 || len(metas[0].Configuration.Servers) != len(testConfiguration().Servers) {
		return fmt.Sprintf("snapshots: %v (%v)", metas, err)
	}
	if _, got, err := readSnapshot(g.snapshots, metas[0].ID); err != nil || got != "state" {
		return fmt.Sprintf("the snapshot is %q (%v)", got, err)
	}
	return ""
}

// ramDir is a directory in memory, where there is one: these tests open thousands of groups,
// each with several syncs, and none of them is about the disk.
func ramDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "persistence")
	if err != nil {
		return t.TempDir()
	}
	return dir
}

// TestEveryByte inverts each byte of each file of a group, and cuts each file off at each
// length: the group is refused with advice, or whole. After a crash, when nothing tells where
// the log ended, its last batch may be taken for torn.
func TestEveryByte(t *testing.T) {
	for _, engine := range []string{EngineWAL, EngineBolt} {
		for _, crashed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s crashed=%v", engine, crashed), func(t *testing.T) {
				t.Parallel()
				s := newSpecimen(t, engine, crashed)
				s.try(t, "", nil, "undamaged")
				for file, whole := range s.files {
					s.tryEach(t, file, whole)
				}
			})
		}
	}
}

// tryEach damages one file in each way. Of bolt's pages, and of a segment's unwritten end, it
// takes samples.
func (s *specimen) tryEach(t *testing.T, file string, whole []byte) {
	all := os.Getenv(everyByteEnv) != ""
	for i := 0; i < len(whole); i++ {
		switch {
		case all:
			flipped := append([]byte(nil), whole...)
			flipped[i] ^= 1 << (i % 8)
			s.try(t, file, flipped, fmt.Sprintf("%s, a bit of byte %d", file, i))
		case file == boltLogName && (!s.crashed || i%boltPage > boltStructure):
			i += 210 // after a clean stop one checksum covers it all
		case int64(i) > usedBytes(whole):
			i += 60
		}
		i = min(i, len(whole)-1)
		flipped := append([]byte(nil), whole...)
		flipped[i] ^= 0xff
		s.try(t, file, flipped, fmt.Sprintf("%s, byte %d", file, i))
		s.try(t, file, whole[:i], fmt.Sprintf("%s, cut at %d", file, i))
	}
}
