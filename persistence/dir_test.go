package persistence

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestDirIsLocked(t *testing.T) {
	work := t.TempDir()
	first := openTestDir(t, work)
	_, err := OpenDir(work, "node-7000.conf", slog.New(slog.DiscardHandler))
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), filepath.Join(work, "node-7000.data", "lock")) {
		t.Errorf("second opening: %v", err)
	}
	check(t, first.Close())
	check(t, openTestDir(t, work).Close())
}

// TestNodesShareWorkingDirectory has two nodes in one directory, and one whose
// configuration file is named by its whole path.
func TestNodesShareWorkingDirectory(t *testing.T) {
	work, other := t.TempDir(), t.TempDir()
	for config, data := range map[string]string{
		"node-7000.conf":                 filepath.Join(work, "node-7000.data"),
		"nodes":                          filepath.Join(work, "nodes.data"),
		filepath.Join(other, "nodes.x"):  filepath.Join(other, "nodes.x.data"),
		filepath.Join(other, "far.conf"): filepath.Join(other, "far.data"),
	} {
		d, err := OpenDir(work, config, slog.New(slog.DiscardHandler))
		check(t, err)
		defer d.Close()
		if d.Path() != data {
			t.Errorf("%s: data in %s, want %s", config, d.Path(), data)
		}
		check(t, d.SaveConfig([]byte(config)))
		if !filepath.IsAbs(config) {
			config = filepath.Join(work, config)
		}
		if b, err := os.ReadFile(config); err != nil || !strings.Contains(config, string(b)) {
			t.Errorf("%s: %q, %v", config, b, err)
		}
	}
}

func TestNoSuchWorkingDirectory(t *testing.T) {
	_, err := OpenDir(filepath.Join(t.TempDir(), "none"), "node.conf", slog.New(slog.DiscardHandler))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestClosedDirFails(t *testing.T) {
	d := openTestDir(t, t.TempDir())
	check(t, d.Close())
	check(t, d.Close())
	_, loadErr := d.LoadConfig()
	_, openErr := d.OpenGroup("g", GroupOptions{})
	_, namesErr := d.GroupNames()
	for _, err := range []error{loadErr, openErr, namesErr, d.SaveConfig(nil), d.WriteFile("f", nil), d.RemoveGroup("g")} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("got %v", err)
		}
	}
}

func TestReservedNames(t *testing.T) {
	d := openTestDir(t, t.TempDir())
	for _, name := range []string{"lock", "groups", "file.tmp"} {
		if err := d.WriteFile(name, nil); !errors.Is(err, ErrBadName) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestGroupKeepsItsEngine changes the configured engine of a group that exists.
func TestGroupKeepsItsEngine(t *testing.T) {
	d := openTestDir(t, t.TempDir())
	for _, engine := range []string{EngineWAL, EngineBolt} {
		g, err := d.OpenGroup("g", GroupOptions{Engine: engine})
		check(t, err)
		if engine == EngineWAL {
			check(t, g.Log.StoreLogs(entries(1, 3, 1)))
		}
		checkLog(t, g.Log, 1, 3)
		check(t, g.Close())
	}
}

// TestCrashLeftoversAreSwept leaves what a crash may leave while directories are
// made and removed.
func TestCrashLeftoversAreSwept(t *testing.T) {
	work := t.TempDir()
	d := openTestDir(t, work)
	g, err := d.OpenGroup("g", GroupOptions{})
	check(t, err)
	id := addSnapshot(t, g.Snapshots, 1, 1, "state")
	check(t, d.Close())
	groups := filepath.Dir(groupDir(work))
	leftovers := []string{
		filepath.Join(groups, ".new-h"), filepath.Join(groups, ".trash-i"),
		filepath.Join(groupDir(work), "snapshots", ".new-1-2-3"), filepath.Join(groupDir(work), "snapshots", ".trash-1-0-3"),
	}
	for _, path := range leftovers {
		check(t, os.Mkdir(path, 0o700))
		check(t, os.WriteFile(filepath.Join(path, "dump.rdb"), []byte("half"), 0o600))
	}
	check(t, os.WriteFile(filepath.Join(work, "node-7000.conf.tmp"), []byte("half"), 0o600))
	d = openTestDir(t, work)
	g, err = d.OpenGroup("g", GroupOptions{})
	check(t, err)
	if got := ids(t, g.Snapshots); !slices.Equal(got, []string{id}) {
		t.Errorf("snapshots %q", got)
	}
	names, err := d.GroupNames()
	check(t, err)
	if !slices.Equal(names, []string{"g"}) {
		t.Errorf("groups %q", names)
	}
	for _, path := range leftovers {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there: %v", path, err)
		}
	}
	if _, err := d.LoadConfig(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("configuration: %v", err)
	}
	check(t, d.SaveConfig([]byte("whole")))
}
