package persistence

import (
	"errors"
	"fmt"
	"testing"

	"github.com/hashicorp/raft"
)

// crashed opens a group, lets during crash the Memory in the middle of the write after
// those, and returns what is found afterwards.
func crashed(t *testing.T, seed uint64, o GroupOptions, before, during func(g *GroupStore) error, crash func(m *Memory)) *GroupStore {
	t.Helper()
	m := NewMemory()
	m.Seed(seed)
	g, err := m.OpenGroup("g", o)
	check(t, err)
	check(t, before(g))
	m.SetFault(func(string, string) error {
		crash(m)
		return nil
	})
	if during(g) == nil {
		t.Fatal("a write was acknowledged although the crash came before its end")
	}
	m.SetFault(nil)
	m.Reopen()
	g, err = m.OpenGroup("g", o)
	check(t, err)
	return g
}

// A crash leaves all that was acknowledged, and of the write under way nothing, the first
// few entries, or all: over many seeds each of them.
func TestMemoryCrashDuringStoreLogs(t *testing.T) {
	found := map[uint64]int{}
	for seed := range uint64(100) {
		g := crashed(t, seed, GroupOptions{},
			func(g *GroupStore) error { return g.Log.StoreLogs(someLogs(1, 5)) },
			func(g *GroupStore) error { return g.Log.StoreLogs(someLogs(6, 9)) }, (*Memory).Crash)
		last, err := g.Log.LastIndex()
		check(t, err)
		if last < 5 || last > 9 {
			t.Fatalf("the log ends at %d", last)
		}
		var e raft.Log
		check(t, g.Log.GetLog(last, &e))
		found[last]++
	}
	if len(found) != 5 {
		t.Errorf("where the log ended, and how often: %v", found)
	}
}

func TestMemoryCrashDuringVote(t *testing.T) {
	found := map[string]int{}
	for seed := range uint64(50) {
		g := crashed(t, seed, GroupOptions{},
			func(g *GroupStore) error { return g.Stable.Set([]byte("vote"), []byte("old")) },
			func(g *GroupStore) error { return g.Stable.Set([]byte("vote"), []byte("new")) }, (*Memory).Crash)
		v, err := g.Stable.Get([]byte("vote"))
		check(t, err)
		found[string(v)]++
	}
	if len(found) != 2 || found["old"]+found["new"] != 50 {
		t.Errorf("what the vote was, and how often: %v", found)
	}
}

// Entries that only the operating system has outlive the process, and not always the
// machine.
func TestMemoryPowerCut(t *testing.T) {
	for _, c := range []struct {
		noSync bool
		crash  func(m *Memory)
		lost   bool
	}{{false, (*Memory).PowerCut, false}, {true, (*Memory).Crash, false}, {true, (*Memory).PowerCut, true}} {
		lost := false
		for seed := range uint64(20) {
			g := crashed(t, seed, GroupOptions{NoSync: c.noSync},
				func(g *GroupStore) error { return g.Log.StoreLogs(someLogs(1, 5)) },
				func(g *GroupStore) error { return g.Stable.Set([]byte("vote"), []byte("new")) }, c.crash)
			last, err := g.Log.LastIndex()
			check(t, err)
			lost = lost || last < 5
		}
		if lost != c.lost {
			t.Errorf("without sync %v: acknowledged entries were lost: %v", c.noSync, lost)
		}
	}
}

// A disk that fails may have written all the same; the session that was told so does
// not see it.
func TestMemoryFailedWriteMayLand(t *testing.T) {
	landed := 0
	for seed := range uint64(50) {
		m := NewMemory()
		m.Seed(seed)
		g, err := m.OpenGroup("g", GroupOptions{})
		check(t, err)
		m.SetFault(func(string, string) error { return errors.New("disk") })
		if g.Log.StoreLogs(someLogs(1, 1)) == nil {
			t.Fatal("the write did not fail")
		}
		if last, _ := g.Log.LastIndex(); last != 0 {
			t.Fatal("the failed write is there at once")
		}
		check(t, g.Close())
		m.SetFault(nil)
		g, err = m.OpenGroup("g", GroupOptions{})
		check(t, err)
		last, err := g.Log.LastIndex()
		check(t, err)
		landed += int(last)
	}
	if landed == 0 || landed == 50 {
		t.Errorf("%d of 50 failed writes were there after a restart", landed)
	}
}

func someLogs(from, to uint64) (logs []*raft.Log) {
	for i := from; i <= to; i++ {
		logs = append(logs, &raft.Log{Index: i, Term: 1, Data: fmt.Append(nil, i)})
	}
	return logs
}
