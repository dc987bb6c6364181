package persistence

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

func TestLogKeepsEntries(t *testing.T) {
	forEachGroup(t, GroupOptions{}, func(t *testing.T, reopen func() *GroupStore) {
		g := reopen()
		checkLog(t, g.Log, 0, 0)
		want := []raft.Log{
			{Index: 1, Term: 1, Type: raft.LogConfiguration, Data: []byte("c"), AppendedAt: time.Unix(1700000000, 5)},
			{Index: 2, Term: 1, Type: raft.LogNoop},
			{Index: 3, Term: 1<<63 + 1, Type: raft.LogCommand, Data: []byte("\x00\xff"), Extensions: []byte("x")},
			{Index: 4, Term: 1 << 63, Type: raft.LogBarrier, Data: []byte(strings.Repeat("long", 100000))},
		}
		check(t, g.Log.StoreLog(&want[0]))
		check(t, g.Log.StoreLogs([]*raft.Log{&want[1], &want[2], &want[3]}))
		check(t, g.Log.StoreLogs(nil))
		for range 2 {
			checkLog(t, g.Log, 1, 4)
			for i := range want {
				var got raft.Log
				check(t, g.Log.GetLog(want[i].Index, &got))
				if !got.AppendedAt.Equal(want[i].AppendedAt) {
					t.Errorf("entry %d appended at %v, want %v", i+1, got.AppendedAt, want[i].AppendedAt)
				}
				got.AppendedAt = want[i].AppendedAt
				if !reflect.DeepEqual(got, want[i]) {
					t.Errorf("got %+v, want %+v", got, want[i])
				}
			}
			g = reopen()
		}
	})
}

func TestLogTruncation(t *testing.T) {
	tests := []struct {
		name        string
		from, to    uint64
		first, last uint64 // 0, 0: empty
		next        uint64 // the entry that may follow
	}{
		{"nothing", 30, 40, 10, 20, 21},
		{"before", 1, 9, 10, 20, 21},
		{"prefix", 10, 12, 13, 20, 21},
		{"prefix from before", 1, 12, 13, 20, 21},
		{"suffix", 15, 20, 10, 14, 15},
		{"suffix beyond", 15, 100, 10, 14, 15},
		{"last", 20, 20, 10, 19, 20},
		{"all", 10, 20, 0, 0, 500},
		{"all and more", 1, 100, 0, 0, 500},
	}
	forEachGroup(t, GroupOptions{}, func(t *testing.T, reopen func() *GroupStore) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				g := reopen()
				check(t, g.Log.DeleteRange(0, 1<<62))
				check(t, g.Log.StoreLogs(entries(10, 20, 1)))
				addSnapshot(t, g.Snapshots, 12, 1, "covers the prefix")
				check(t, g.Log.DeleteRange(tt.from, tt.to))
				checkLog(t, g.Log, tt.first, tt.last)
				check(t, g.Log.StoreLogs(entries(tt.next, tt.next+1, 2)))
				first := tt.first
				if first == 0 {
					first = tt.next
					addSnapshot(t, g.Snapshots, tt.next-1, 2, "covers what is missing")
				}
				checkLog(t, g.Log, first, tt.next+1)
				if g = reopen(); tt.last != 0 {
					checkLog(t, g.Log, first, tt.next+1)
				}
				check(t, g.Log.StoreLogs(entries(tt.next+2, tt.next+2, 2)))
				checkTerm(t, g.Log, tt.next+1, 2)
			})
		}
	})
}

func checkTerm(t *testing.T, log raft.LogStore, index, term uint64) {
	t.Helper()
	var e raft.Log
	if err := log.GetLog(index, &e); err != nil || e.Term != term {
		t.Errorf("entry %d: term %d, %v; want term %d", index, e.Term, err, term)
	}
}

// TestLogRefusals has the log refuse what would break it, and go on as if
// nothing had been asked.
func TestLogRefusals(t *testing.T) {
	forEachGroup(t, GroupOptions{}, func(t *testing.T, reopen func() *GroupStore) {
		g := reopen()
		check(t, g.Log.StoreLogs(entries(1, 3, 1)))
		for _, gap := range [][]*raft.Log{entries(5, 5, 1), entries(3, 3, 1), {entry(4, 1, ""), entry(6, 1, "")}} {
			if err := g.Log.StoreLogs(gap); !errors.Is(err, ErrGap) {
				t.Errorf("gap: %v", err)
			}
		}
		large := &raft.Log{Index: 4, Term: 1, Data: make([]byte, MaxEntryBytes+1)}
		if err := g.Log.StoreLog(large); !errors.Is(err, ErrEntryTooLarge) {
			t.Errorf("too large: %v", err)
		}
		checkLog(t, g.Log, 1, 3)
		check(t, g.Log.StoreLogs(entries(4, 4, 1)))
		checkLog(t, reopen().Log, 1, 4)
	})
}

// TestLargestEntry is for the WAL, whose own limit is a little above ours; bolt
// takes it too, slowly.
func TestLargestEntry(t *testing.T) {
	d := openTestDir(t, t.TempDir())
	g, err := d.OpenGroup("g", GroupOptions{})
	check(t, err)
	data := make([]byte, MaxEntryBytes)
	data[len(data)-1] = 1
	check(t, g.Log.StoreLog(&raft.Log{Index: 1, Term: 1, Data: data}))
	check(t, g.Log.StoreLog(entry(2, 1, "next")))
	check(t, g.Close())
	g, err = d.OpenGroup("g", GroupOptions{})
	check(t, err)
	checkLog(t, g.Log, 1, 2)
	var e raft.Log
	check(t, g.Log.GetLog(1, &e))
	if len(e.Data) != len(data) || e.Data[len(data)-1] != 1 {
		t.Errorf("%d bytes", len(e.Data))
	}
}

// Raft asks for this with a type assertion; without it, it would leave a gap in
// the log when it installs a snapshot, which the log refuses.
func TestLogIsMonotonic(t *testing.T) {
	forEachGroup(t, GroupOptions{}, func(t *testing.T, reopen func() *GroupStore) {
		m, ok := reopen().Log.(raft.MonotonicLogStore)
		if !ok || !m.IsMonotonic() {
			t.Error("not monotonic")
		}
		cache, err := raft.NewLogCache(10, reopen().Log)
		check(t, err)
		if !cache.IsMonotonic() {
			t.Error("not monotonic behind a cache")
		}
	})
}

func TestStableStore(t *testing.T) {
	forEachGroup(t, GroupOptions{}, func(t *testing.T, reopen func() *GroupStore) {
		g := reopen()
		if _, err := g.Stable.Get([]byte("none")); err == nil || err.Error() != "not found" {
			t.Errorf("missing value: %v", err)
		}
		if n, err := g.Stable.GetUint64([]byte("none")); n != 0 || err == nil || err.Error() != "not found" {
			t.Errorf("missing number: %d, %v", n, err)
		}
		check(t, g.Stable.SetUint64([]byte("CurrentTerm"), 1<<63+5))
		check(t, g.Stable.Set([]byte("LastVoteCand"), []byte("n1:i1")))
		check(t, g.Stable.Set([]byte("empty"), nil))
		g = reopen()
		if n, err := g.Stable.GetUint64([]byte("CurrentTerm")); n != 1<<63+5 || err != nil {
			t.Errorf("number: %d, %v", n, err)
		}
		if b, err := g.Stable.Get([]byte("LastVoteCand")); string(b) != "n1:i1" || err != nil {
			t.Errorf("value: %q, %v", b, err)
		}
		if b, err := g.Stable.Get([]byte("empty")); len(b) != 0 || err != nil {
			t.Errorf("empty value: %q, %v", b, err)
		}
	})
}

func TestNoSyncKeepsDataOverRestart(t *testing.T) {
	forEachGroup(t, GroupOptions{NoSync: true}, func(t *testing.T, reopen func() *GroupStore) {
		g := reopen()
		check(t, g.Log.StoreLogs(entries(1, 100, 1)))
		check(t, g.Log.DeleteRange(90, 100))
		g = reopen()
		checkLog(t, g.Log, 1, 89)
	})
}

func TestClosedGroupFails(t *testing.T) {
	forEachGroup(t, GroupOptions{}, func(t *testing.T, reopen func() *GroupStore) {
		g := reopen()
		check(t, g.Log.StoreLogs(entries(1, 1, 1)))
		check(t, g.Close())
		if err := g.Log.StoreLogs(entries(2, 2, 1)); err == nil {
			t.Error("stored after Close")
		}
		if err := g.Stable.SetUint64([]byte("k"), 1); err == nil {
			t.Error("set after Close")
		}
		checkLog(t, reopen().Log, 1, 1)
	})
}

func TestFirstFailureIsTheLast(t *testing.T) {
	m := NewMemory()
	var told []error
	g, err := m.OpenGroup("g", GroupOptions{OnFailure: func(err error) { told = append(told, err) }})
	check(t, err)
	check(t, g.Log.StoreLogs(entries(1, 1, 1)))
	disk := errors.New("input/output error")
	m.SetFault(func(what, name string) error {
		if what == "log" && name == "g" {
			return disk
		}
		return nil
	})
	if err := g.Log.StoreLogs(entries(2, 2, 1)); !errors.Is(err, disk) || errors.Is(err, ErrFailed) {
		t.Errorf("first: %v", err)
	}
	m.SetFault(nil)
	for _, err := range []error{g.Log.StoreLogs(entries(2, 2, 1)), g.Log.DeleteRange(1, 1), g.Stable.SetUint64([]byte("k"), 1)} {
		if !errors.Is(err, ErrFailed) || !errors.Is(err, disk) {
			t.Errorf("later: %v", err)
		}
	}
	if len(told) != 1 || !errors.Is(told[0], disk) {
		t.Errorf("told %v", told)
	}
	checkLog(t, g.Log, 1, 1)
}
