package persistence

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

// ledger is what a writer was told to be stored, at a moment when it stands still.
type ledger struct {
	first, last uint64 // entries
	vote        uint64
	snapshot    string
}

// powerWriter writes to a group until it is stopped, everything that a member writes.
type powerWriter struct {
	mu    sync.Mutex // held during each step: who holds it finds the writer still
	store *GroupStore
	told  ledger
	stop  bool
	plain bool // append only
}

// maxPlainEntries is where a writer that never truncates its log ends, about half of its small disk.
const maxPlainEntries = 600

// run takes steps. It returns at the first error.
func (w *powerWriter) run(t *testing.T) {
	for step := 1; ; step++ {
		w.mu.Lock()
		if w.stop || w.plain && w.told.last > maxPlainEntries {
			w.mu.Unlock()
			return
		}
		err := w.step(t, step)
		w.mu.Unlock()
		if err != nil {
			t.Error(err)
			return
		}
	}
}

func (w *powerWriter) step(t *testing.T, step int) error {
	last := w.told.last
	var batch []*raft.Log
	for i := last + 1; i <= last+3; i++ {
		e := entries(i, i, 1)[0]
		e.Extensions = make([]byte, rand.IntN(40<<10)) // segments of a small disk are full soon
		batch = append(batch, e)
	}
	if err := w.append(batch, step%2 == 0); err != nil {
		return err
	}
	w.told.last += 3
	if w.told.first == 0 {
		w.told.first = 1
	}
	if w.plain {
		return nil
	}
	if step%5 == 0 { // a suffix that was never the group's
		if err := w.store.Log.DeleteRange(w.told.last, w.told.last); err != nil {
			return err
		}
		w.told.last--
	}
	if step%7 == 0 {
		if err := w.store.Stable.SetUint64([]byte("CurrentTerm"), w.told.last); err != nil {
			return err
		}
		w.told.vote = w.told.last
	}
	if step%25 == 0 {
		w.told.snapshot = addSnapshot(t, w.store.Snapshots, w.told.last-2, 1, fmt.Sprint("state at ", w.told.last-2))
		if err := w.store.Log.DeleteRange(w.told.first, w.told.last-10); err != nil {
			return err
		}
		w.told.first = w.told.last - 9
	}
	return nil
}

// append stores entries. With late the power may be cut when they are stored and not yet synced.
func (w *powerWriter) append(batch []*raft.Log, late bool) error {
	if !late {
		return w.store.Log.StoreLogs(batch)
	}
	log := w.store.Log.(DeferringLog)
	if err := log.StoreUnsynced(batch); err != nil {
		return err
	}
	w.mu.Unlock()
	w.mu.Lock()
	return log.Sync()
}

// cutPower copies the image's file while the writer stands still, without a sync. What the
// kernel has not given to the disk is not in the copy.
func (w *powerWriter) cutPower(t *testing.T, image string) (copied string, told ledger) {
	t.Helper()
	copied = filepath.Join(t.TempDir(), "copy")
	w.mu.Lock()
	defer w.mu.Unlock()
	if out, err := exec.Command("cp", "--sparse=always", image, copied).CombinedOutput(); err != nil {
		t.Fatalf("cp: %v: %s", err, out)
	}
	return copied, w.told
}

// powerCuts runs a writer, cuts the power at random moments, and returns what is wrong with what
// is found then.
func powerCuts(t *testing.T, cuts int, plain bool, o GroupOptions) (wrong []string) {
	image, dir := imageDisk(t, 32)
	d := openTestDir(t, dir)
	store, err := d.OpenGroup("g", o)
	check(t, err)
	w := &powerWriter{store: store, plain: plain}
	var wg sync.WaitGroup
	wg.Go(func() { w.run(t) })
	var copies []string
	var ledgers []ledger
	for range cuts {
		time.Sleep(time.Duration(rand.IntN(100)) * time.Millisecond) // a random moment is the point
		copied, told := w.cutPower(t, image)
		copies, ledgers = append(copies, copied), append(ledgers, told)
	}
	w.mu.Lock()
	w.stop = true
	w.mu.Unlock()
	wg.Wait()
	check(t, d.Close())
	for i := range copies {
		if what := lostIn(t, copies[i], o, ledgers[i]); what != "" {
			wrong = append(wrong, fmt.Sprintf("cut %d, after entry %d: %s", i, ledgers[i].last, what))
		}
	}
	if ledgers[cuts-1].last < uint64(cuts) {
		t.Errorf("only %d entries: this test shows nothing", ledgers[cuts-1].last)
	}
	return wrong
}

// lostIn opens the group on a copy of the disk and says what of the ledger is not there.
func lostIn(t *testing.T, image string, o GroupOptions, want ledger) string {
	t.Helper()
	dir := filepath.Join(filepath.Dir(image), "mounted")
	check(t, os.Mkdir(dir, 0o700))
	if out, err := exec.Command("mount", "-o", "loop", image, dir).CombinedOutput(); err != nil {
		t.Fatalf("mount: %v: %s", err, out)
	}
	defer unmount(t, dir)
	d := openTestDir(t, dir)
	defer d.Close()
	g, err := d.OpenGroup("g", o)
	if err != nil {
		return err.Error()
	}
	first, last, err := logRange(g.Log)
	switch {
	case err != nil:
		return err.Error()
	case want.last != 0 && (first > want.first || last < want.last):
		return fmt.Sprintf("the log is from %d to %d, it was from %d to %d", first, last, want.first, want.last)
	}
	if vote, err := g.Stable.GetUint64([]byte("CurrentTerm")); want.vote != 0 && (err != nil || vote != want.vote) {
		return fmt.Sprintf("term %d (%v), it was %d", vote, err, want.vote)
	}
	if want.snapshot != "" {
		if _, got, err := readSnapshot(g.Snapshots, want.snapshot); err != nil || got == "" {
			return fmt.Sprintf("snapshot %s: %v", want.snapshot, err)
		}
	}
	return ""
}

// powerCutsEnv asks for a longer test.
const powerCutsEnv = "REDOUBT_POWER_CUTS"

// When the power fails, nothing is lost that was said to be stored: entries, votes, snapshots.
func TestPowerCut(t *testing.T) {
	cuts := 6
	if n, err := strconv.Atoi(os.Getenv(powerCutsEnv)); err == nil {
		cuts = n
	}
	for _, engine := range []string{EngineWAL, EngineBolt} {
		t.Run(engine, func(t *testing.T) {
			for _, what := range powerCuts(t, cuts, false, GroupOptions{Engine: engine}) {
				t.Error(what)
			}
		})
	}
}

// TestPowerCutWithoutSync is the mutation: without syncs the same test finds losses, and the
// group is opened all the same, with what was there.
func TestPowerCutWithoutSync(t *testing.T) {
	wrong := powerCuts(t, 4, true, GroupOptions{NoSync: true})
	if len(wrong) == 0 {
		t.Error("the power was cut while nothing was synced, and nothing is missing")
	}
	for _, what := range wrong {
		t.Log(what)
	}
}
