package persistence

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// With SyncEvery what was stored is on disk soon after, without anybody asking for it.
func TestSyncEvery(t *testing.T) {
	for _, engine := range []string{EngineWAL, EngineBolt} {
		t.Run(engine, func(t *testing.T) {
			o := GroupOptions{Engine: engine, NoSync: true, SyncEvery: 20 * time.Millisecond}
			image, dir := imageDisk(t, 32)
			g, err := openTestDir(t, dir).OpenGroup("g", o)
			check(t, err)
			defer g.Close()
			check(t, g.Log.StoreLogs(entries(1, 100, 1)))
			w := &powerWriter{store: g, told: ledger{first: 1, last: 100}}
			var what string
			for end := time.Now().Add(10 * time.Second); ; {
				copied, told := w.cutPower(t, image)
				if what = lostIn(t, copied, o, told); what == "" {
					return
				}
				if time.Now().After(end) {
					t.Fatal(what)
				}
			}
		})
	}
}

type failingSync struct{}

func (failingSync) Sync() error { return errors.New("input/output error") }

// A sync in the background that fails is the last thing a group does.
func TestFailedLazySync(t *testing.T) {
	d := openTestDir(t, t.TempDir())
	failed := make(chan error, 1)
	g, err := d.OpenGroup("g", GroupOptions{NoSync: true, SyncEvery: time.Millisecond, OnFailure: func(err error) { failed <- err }})
	check(t, err)
	defer g.Close()
	check(t, g.Log.StoreLogs(entries(1, 3, 1)))
	d.open["g"].lazy.mark(failingSync{})
	select {
	case <-failed:
	case <-time.After(10 * time.Second):
		t.Fatal("a sync that failed went unnoticed")
	}
	if err := g.Log.StoreLogs(entries(4, 4, 1)); !errors.Is(err, ErrFailed) {
		t.Errorf("a write after it: %v", err)
	}
}

// After a crash of the machine the last segment of a log that was not synced has holes. It
// is cut there. In a log that was synced a hole is damage.
func TestHolesInUnsyncedLog(t *testing.T) {
	for _, synced := range []bool{false, true} {
		work := t.TempDir()
		d := openTestDir(t, work)
		g, err := d.OpenGroup("g", GroupOptions{NoSync: !synced})
		check(t, err)
		for i := uint64(1); i <= 200; i++ {
			check(t, g.Log.StoreLogs(entries(i, i, 1)))
		}
		crashed := filepath.Join(t.TempDir(), "g")
		check(t, os.CopyFS(crashed, os.DirFS(groupDir(work))))
		segments, err := filepath.Glob(filepath.Join(crashed, "wal", "*.wal"))
		check(t, err)
		f, err := os.OpenFile(segments[0], os.O_RDWR, 0)
		check(t, err)
		_, err = f.WriteAt(make([]byte, 4096), 4096)
		check(t, errors.Join(err, f.Close()))

		files, err := openGroup(crashed, GroupOptions{RetainSnapshots: 1}, slog.New(slog.DiscardHandler))
		if synced {
			if !errors.Is(err, ErrCorrupt) {
				t.Errorf("a hole in a synced log: %v", err)
			}
			continue
		}
		check(t, err)
		first, last, err := logRange(files.log)
		if err != nil || first != 1 || last < 10 || last >= 200 {
			t.Errorf("the log is from %d to %d (%v)", first, last, err)
		}
		checkLog(t, files.log, first, last)
		if isUnsynced(crashed) {
			t.Error("a log that is synced from now on is called unsynced")
		}
		check(t, files.close())
	}
}
