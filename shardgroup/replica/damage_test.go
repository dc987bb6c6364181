package replica

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"github.com/redoubtdb/redoubt/persistence"
)

var errRotten = errors.New("the checksum does not match")

// rotten is the storage of a member in which one snapshot, or one entry of the log, has become
// unreadable. The stores of persistence find out by their checksums when they read.
type rotten struct {
	raft.SnapshotStore
	raft.LogStore
	snapshot atomic.Pointer[string]
	entry    atomic.Uint64
}

// rot puts it between a member that is stopped and its storage.
func rot(m *member) *rotten {
	m.open()
	r := &rotten{SnapshotStore: m.store.Snapshots, LogStore: m.store.Log}
	m.store = &persistence.GroupStore{Log: rottenLog{r}, Stable: m.store.Stable, Snapshots: r, Close: m.store.Close}
	return r
}

type rottenLog struct{ *rotten }

func (r rottenLog) IsMonotonic() bool { return true }

func (r *rotten) GetLog(index uint64, e *raft.Log) error {
	if index == r.entry.Load() {
		return errRotten
	}
	return r.LogStore.GetLog(index, e)
}

func (r *rotten) Open(id string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	meta, rc, err := r.SnapshotStore.Open(id)
	if bad := r.snapshot.Load(); err == nil && bad != nil && *bad == id {
		rc = io.NopCloser(io.MultiReader(io.LimitReader(rc, 10), failing{}))
	}
	return meta, rc, err
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errRotten }

// A leader whose snapshot on disk is damaged replaces it, and brings a member up to date that
// needs one. The member takes nothing of the damaged one.
func TestDamagedSnapshotIsReplaced(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		l := g.leader()
		late := g.others(l)[0]
		for _, m := range g.members {
			m.shutdown()
		}
		disk := rot(l)
		l.start()
		g.others(l)[1].restart()
		g.eventually("it leads", func() bool {
			now := g.leader()
			return now == l || now.Transfer(t.Context(), l.options.ID) == nil && g.leader() == l
		})
		for i := range 100 {
			g.mustPut(l, fmt.Sprint(i))
		}
		if err := l.TakeSnapshot(); err != nil {
			t.Fatal(err)
		}
		list, err := l.store.Snapshots.List()
		if err != nil || len(list) == 0 {
			t.Fatal(list, err)
		}
		disk.snapshot.Store(&list[0].ID)
		late.restart()
		g.converge()
		if late.fsm.restore == 0 {
			t.Error("no snapshot was sent: the test tests nothing")
		}
		if l.failedWithin(0) != nil {
			t.Error("the leader has failed, whose state is well")
		}
	})
}

// A leader that meets damage in its log, when it reads it for a member that is behind, sends nothing of
// it: it stops and says so, and another one, whose log is whole, leads and sends it.
func TestDamagedLogEndsItsLeader(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		l := g.leader()
		late := g.others(l)[0]
		for _, m := range g.members {
			m.shutdown()
		}
		disk := rot(l)
		l.options.TrailingEntries = 1 << 20
		l.start()
		g.others(l)[1].restart()
		g.eventually("it leads", func() bool {
			now := g.leader()
			return now == l || now.Transfer(t.Context(), l.options.ID) == nil && g.leader() == l
		})
		for i := range 3 * logCacheSize { // beyond what the library keeps in memory
			g.mustPut(l, fmt.Sprint(i))
		}
		disk.entry.Store(100)
		late.restart()
		if err := l.failedWithin(5 * time.Second); !errors.Is(err, ErrStore) || !errors.Is(err, errRotten) {
			t.Errorf("%v", err)
		}
		next := g.leader(l)
		g.mustPut(next, "from a whole log")
		l.shutdown()
		g.converge()
		disk.entry.Store(0) // the operator has replaced its disk
		l.restart()
		g.converge()
	})
}

// So does a follower, which stops applying where it cannot read on.
func TestDamagedLogEndsItsFollower(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		l := g.leader()
		f := g.others(l)[0]
		for i := range 3 * logCacheSize {
			g.mustPut(l, fmt.Sprint(i))
		}
		g.converge()
		f.shutdown()
		disk := rot(f)
		g.isolate(f)
		f.start()
		disk.entry.Store(100)
		g.net.HealAll() // now it has to apply its log again
		if err := f.failedWithin(5 * time.Second); !errors.Is(err, ErrStore) || !errors.Is(err, errRotten) {
			t.Errorf("%v", err)
		}
		if at := f.AppliedIndex(); at >= 100 {
			t.Errorf("it went on to entry %d", at)
		}
		g.mustPut(g.leader(f), "meanwhile")
		f.shutdown()
		f.restart()
		g.converge()
	})
}
