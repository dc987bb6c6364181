package persistence

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/raft"
)

// backend is a Storage that can be stopped and started again.
type backend struct {
	name string
	open func(t *testing.T) (reopen func() Storage)
}

// backends are all that must behave alike.
func backends() []backend {
	return []backend{
		{"dir", func(t *testing.T) func() Storage {
			work := t.TempDir()
			return func() Storage { return openTestDir(t, work) }
		}},
		{"memory", func(*testing.T) func() Storage {
			m := NewMemory()
			return func() Storage { return m }
		}},
	}
}

func openTestDir(t *testing.T, work string) *Dir {
	t.Helper()
	d, err := OpenDir(work, "node-7000.conf", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// forEachGroup runs a test with every backend and engine. reopen closes all and
// opens it again.
func forEachGroup(t *testing.T, o GroupOptions, test func(t *testing.T, reopen func() *GroupStore)) {
	for _, b := range backends() {
		for _, engine := range []string{EngineWAL, EngineBolt} {
			t.Run(b.name+" "+engine, func(t *testing.T) {
				start := b.open(t)
				o.Engine = engine
				var s Storage
				test(t, func() *GroupStore {
					if s != nil {
						if err := s.Close(); err != nil {
							t.Fatal(err)
						}
					}
					s = start()
					g, err := s.OpenGroup("g", o)
					if err != nil {
						t.Fatal(err)
					}
					return g
				})
			})
		}
	}
}

func TestConfigAndFiles(t *testing.T) {
	for _, b := range backends() {
		t.Run(b.name, func(t *testing.T) {
			reopen := b.open(t)
			s := reopen()
			if _, err := s.LoadConfig(); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("no configuration: %v", err)
			}
			if _, err := s.ReadFile("identity"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("no file: %v", err)
			}
			for _, content := range []string{"one", "", "two"} {
				check(t, s.SaveConfig([]byte("c"+content)))
				check(t, s.WriteFile("identity", []byte(content)))
			}
			check(t, s.Close())
			s = reopen()
			config, err := s.LoadConfig()
			check(t, err)
			file, err := s.ReadFile("identity")
			check(t, err)
			if string(config) != "ctwo" || string(file) != "two" {
				t.Errorf("got %q and %q", config, file)
			}
		})
	}
}

func TestNamesAreChecked(t *testing.T) {
	for _, b := range backends() {
		t.Run(b.name, func(t *testing.T) {
			s := b.open(t)()
			for _, name := range []string{"", ".", "..", "a/b", "../a", ".hidden", "a\x00b", strings.Repeat("a", 200)} {
				_, readErr := s.ReadFile(name)
				_, openErr := s.OpenGroup(name, GroupOptions{})
				for _, err := range []error{readErr, openErr, s.WriteFile(name, nil), s.RemoveGroup(name)} {
					if !errors.Is(err, ErrBadName) {
						t.Errorf("%q: %v", name, err)
					}
				}
			}
		})
	}
}

func TestGroupsComeAndGo(t *testing.T) {
	for _, b := range backends() {
		t.Run(b.name, func(t *testing.T) {
			reopen := b.open(t)
			s := reopen()
			for _, name := range []string{"b", "a"} {
				g, err := s.OpenGroup(name, GroupOptions{})
				check(t, err)
				check(t, g.Log.StoreLog(entry(1, 1, name)))
				if _, err := s.OpenGroup(name, GroupOptions{}); !errors.Is(err, ErrGroupOpen) {
					t.Errorf("opened twice: %v", err)
				}
				if err := s.RemoveGroup(name); !errors.Is(err, ErrGroupOpen) {
					t.Errorf("removed while open: %v", err)
				}
				if name == "b" {
					check(t, g.Close())
					check(t, g.Close())
				}
			}
			check(t, s.RemoveGroup("b"))
			check(t, s.RemoveGroup("never"))
			check(t, s.Close())
			s = reopen()
			names, err := s.GroupNames()
			check(t, err)
			if !slices.Equal(names, []string{"a"}) {
				t.Errorf("groups %q", names)
			}
			g, err := s.OpenGroup("b", GroupOptions{})
			check(t, err)
			checkLog(t, g.Log, 0, 0)
		})
	}
}

func TestUnknownEngine(t *testing.T) {
	for _, b := range backends() {
		if _, err := b.open(t)().OpenGroup("g", GroupOptions{Engine: "paper"}); !errors.Is(err, ErrUnknownEngine) {
			t.Errorf("%s: %v", b.name, err)
		}
	}
}

// check fails the test on an error.
func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func entry(index, term uint64, data string) *raft.Log {
	return &raft.Log{Index: index, Term: term, Type: raft.LogCommand, Data: []byte(data)}
}

// entries makes those from first to last.
func entries(first, last, term uint64) []*raft.Log {
	var all []*raft.Log
	for i := first; i <= last; i++ {
		all = append(all, entry(i, term, fmt.Sprintf("entry %d of term %d", i, term)))
	}
	return all
}

// checkLog checks a log's bounds, and that every entry can be read.
func checkLog(t *testing.T, log raft.LogStore, first, last uint64) {
	t.Helper()
	gotFirst, gotLast, err := logRange(log)
	if err != nil || gotFirst != first || gotLast != last {
		t.Fatalf("log from %d to %d (%v), want %d to %d", gotFirst, gotLast, err, first, last)
	}
	if last == 0 {
		return
	}
	for i := first; i <= last; i++ {
		var e raft.Log
		if err := log.GetLog(i, &e); err != nil || e.Index != i {
			t.Fatalf("entry %d: %v, index %d", i, err, e.Index)
		}
	}
	for _, i := range []uint64{first - 1, last + 1} {
		if err := log.GetLog(i, new(raft.Log)); err != raft.ErrLogNotFound {
			t.Errorf("entry %d beyond the end: %v", i, err)
		}
	}
}

// addSnapshot writes a whole snapshot.
func addSnapshot(t *testing.T, s raft.SnapshotStore, index, term uint64, data string) string {
	t.Helper()
	sink := beginSnapshot(t, s, index, term)
	_, err := io.Copy(sink, strings.NewReader(data))
	check(t, err)
	check(t, sink.Close())
	return sink.ID()
}

func beginSnapshot(t *testing.T, s raft.SnapshotStore, index, term uint64) raft.SnapshotSink {
	t.Helper()
	sink, err := s.Create(1, index, term, testConfiguration(), index-1, nil)
	check(t, err)
	return sink
}

func testConfiguration() raft.Configuration {
	return raft.Configuration{Servers: []raft.Server{
		{Suffrage: raft.Voter, ID: "n1:i1", Address: "n1:i1"},
		{Suffrage: raft.Nonvoter, ID: "n2:i2", Address: "n2:i2"},
	}}
}

// readSnapshot reads a snapshot whole.
func readSnapshot(s raft.SnapshotStore, id string) (*raft.SnapshotMeta, string, error) {
	meta, r, err := s.Open(id)
	if err != nil {
		return nil, "", err
	}
	defer r.Close()
	var buf bytes.Buffer
	_, err = buf.ReadFrom(r)
	return meta, buf.String(), err
}

func ids(t *testing.T, s raft.SnapshotStore) []string {
	t.Helper()
	metas, err := s.List()
	check(t, err)
	all := []string{}
	for _, m := range metas {
		all = append(all, m.ID)
	}
	return all
}

// groupDir is where openTestDir's storage keeps group g.
func groupDir(work string) string { return filepath.Join(work, "node-7000.data", "groups", "g") }
