package persistence

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/hashicorp/raft"
)

// What was put off is done by Sync, once, and a failure is not forgotten.
func TestSyncThatIsPutOff(t *testing.T) {
	f, _ := newRecorded(t, 1000)
	check(t, f.Sync()) // the name
	f.late.begin()
	check(t, f.Sync())
	f.late.end()
	if f.late.pending != f {
		t.Error("the sync was not put off")
	}
	check(t, f.late.sync())
	if f.late.pending != nil {
		t.Error("it is still to be done")
	}
	f.late.begin()
	check(t, f.Sync())
	f.late.end()
	check(t, f.Close())
	for range 2 {
		if f.late.sync() == nil {
			t.Error("a closed file was synced")
		}
	}
}

// Entries stored without a sync can be read at once, over the ends of segments too; the list of segments is
// written only behind their content, and what was synced is there after reopening.
func TestStoreUnsynced(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "wal")
	check(t, createWAL(dir))
	open := func() DeferringLog {
		log, err := openWAL(dir, walOptions{size: 1024, log: slog.New(slog.DiscardHandler)})
		check(t, err)
		return log.(DeferringLog)
	}
	log := open()
	for i := uint64(1); i <= 300; i++ {
		e := &raft.Log{Index: i, Term: 1, Data: fmt.Appendf(nil, "entry %d", i)}
		check(t, log.StoreUnsynced([]*raft.Log{e}))
		var got raft.Log
		check(t, log.GetLog(i, &got))
		if string(got.Data) != string(e.Data) {
			t.Fatalf("entry %d reads %q", i, got.Data)
		}
		if i%3 != 0 { // the rest is synced by closing
			check(t, log.Sync())
		}
	}
	segments := len(log.(checkedLog).engineLog.(*walLog).meta.state().Segments)
	if segments < 5 {
		t.Errorf("%d segments: the test shows nothing", segments)
	}
	check(t, log.(engineLog).Close())
	log = open()
	checkLog(t, log, 1, 300)
	check(t, log.(engineLog).Close())
}

// Every engine takes entries in this way, also behind the guard, and refuses gaps.
func TestStoreUnsyncedOfEachEngine(t *testing.T) {
	forEachGroup(t, GroupOptions{}, func(t *testing.T, reopen func() *GroupStore) {
		g := reopen()
		log := g.Log.(DeferringLog)
		check(t, log.StoreUnsynced(entries(1, 3, 1)))
		check(t, log.Sync())
		if log.StoreUnsynced(entries(5, 5, 1)) == nil {
			t.Error("a gap was stored")
		}
		g = reopen()
		checkLog(t, g.Log, 1, 3)
	})
}

// In memory, too, a power cut may take what was not synced yet, and nothing else.
func TestMemoryPowerCutBeforeSync(t *testing.T) {
	for _, synced := range []bool{false, true} {
		lost := false
		for seed := range uint64(20) {
			g := crashed(t, seed, GroupOptions{}, func(g *GroupStore) error {
				log := g.Log.(DeferringLog)
				check(t, log.StoreLogs(someLogs(1, 3)))
				check(t, log.StoreUnsynced(someLogs(4, 5)))
				if synced {
					check(t, log.Sync())
				}
				return nil
			}, func(g *GroupStore) error { return g.Stable.Set([]byte("vote"), []byte("new")) }, (*Memory).PowerCut)
			last, err := g.Log.LastIndex()
			check(t, err)
			if last < 3 {
				t.Fatalf("synced entries are gone: the log ends at %d", last)
			}
			lost = lost || last < 5
		}
		if lost == synced {
			t.Errorf("synced %v: entries were lost: %v", synced, lost)
		}
	}
}
