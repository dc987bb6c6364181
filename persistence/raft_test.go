package persistence

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

// counting is a state machine that adds numbers up.
type counting struct {
	mu  sync.Mutex
	sum uint64 // guarded by mu
}

func (c *counting) get() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sum
}

func (c *counting) Apply(e *raft.Log) any {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sum += binary.BigEndian.Uint64(e.Data)
	return nil
}

func (c *counting) Snapshot() (raft.FSMSnapshot, error) { return counted(c.get()), nil }

func (c *counting) Restore(r io.ReadCloser) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sum = binary.BigEndian.Uint64(b)
	return nil
}

type counted uint64

func (c counted) Persist(sink raft.SnapshotSink) error {
	_, err := io.Copy(sink, bytes.NewReader(binary.BigEndian.AppendUint64(nil, uint64(c))))
	return err
}

func (counted) Release() {}

// member is one Raft member on a group's storage.
type member struct {
	*raft.Raft
	fsm   *counting
	store *GroupStore
	trans *raft.InmemTransport
}

func startMember(t *testing.T, id string, store *GroupStore) *member {
	t.Helper()
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(id)
	c.HeartbeatTimeout, c.ElectionTimeout = 200*time.Millisecond, 200*time.Millisecond
	c.LeaderLeaseTimeout, c.CommitTimeout = 100*time.Millisecond, 5*time.Millisecond
	c.SnapshotThreshold, c.SnapshotInterval, c.TrailingLogs = 1<<40, time.Hour, 5
	c.Logger = hclog.NewNullLogger()
	if testing.Verbose() {
		c.Logger = hclog.New(&hclog.LoggerOptions{Name: id, Output: os.Stderr, Level: hclog.Warn})
	}
	_, trans := raft.NewInmemTransport(raft.ServerAddress(id))
	m := &member{fsm: &counting{}, store: store, trans: trans}
	var err error
	m.Raft, err = raft.NewRaft(c, m.fsm, store.Log, store.Stable, store.Snapshots, trans)
	check(t, err)
	return m
}

func (m *member) stop(t *testing.T) {
	t.Helper()
	check(t, m.Shutdown().Error())
	check(t, m.trans.Close())
	check(t, m.store.Close())
}

// add adds one, n times.
func (m *member) add(t *testing.T, n int) {
	t.Helper()
	var last raft.ApplyFuture
	for range n {
		last = m.Apply(binary.BigEndian.AppendUint64(nil, 1), 0)
	}
	check(t, last.Error())
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 30 seconds: %s", what)
		}
	}
}

// testMembers runs Raft on two storages: the second member joins when the log it
// would need is gone, so it is sent a snapshot, first into an empty log, then
// into one that ends far behind. Both restart in between.
func testMembers(t *testing.T, engine string, one, two func() Storage) {
	open := func(s func() Storage) *GroupStore {
		g, err := s().OpenGroup("g", GroupOptions{Engine: engine})
		check(t, err)
		return g
	}
	a, b := startMember(t, "a", open(one)), startMember(t, "b", open(two))
	check(t, a.BootstrapCluster(raft.Configuration{Servers: []raft.Server{{ID: "a", Address: "a"}}}).Error())
	eventually(t, "leader", func() bool { return a.State() == raft.Leader })
	a.add(t, 100)
	check(t, a.Snapshot().Error())
	connect(a, b)
	check(t, a.AddNonvoter("b", "b", 0, 0).Error())
	eventually(t, "snapshot into an empty log", func() bool { return b.fsm.get() == 100 })
	a.add(t, 10)
	eventually(t, "entries behind it", func() bool { return b.fsm.get() == 110 })
	b.stop(t)

	a.add(t, 200)
	check(t, a.Snapshot().Error())
	b = startMember(t, "b", open(two))
	connect(a, b)
	eventually(t, "snapshot into an old log", func() bool { return b.fsm.get() == 310 })
	a.add(t, 10)
	eventually(t, "entries behind it", func() bool { return b.fsm.get() == 320 })
	for _, m := range []*member{a, b} {
		m.stop(t)
	}

	a, b = startMember(t, "a", open(one)), startMember(t, "b", open(two))
	connect(a, b)
	eventually(t, "leader again", func() bool { return a.State() == raft.Leader })
	a.add(t, 1)
	eventually(t, "all of it", func() bool { return a.fsm.get() == 321 && b.fsm.get() == 321 })
	a.stop(t)
	b.stop(t)
}

func connect(a, b *member) {
	a.trans.Connect("b", b.trans)
	b.trans.Connect("a", a.trans)
}

func TestRaftOnDir(t *testing.T) {
	for _, engine := range []string{EngineWAL, EngineBolt} {
		t.Run(engine, func(t *testing.T) {
			one, two := openTestDir(t, t.TempDir()), openTestDir(t, t.TempDir())
			testMembers(t, engine, func() Storage { return one }, func() Storage { return two })
		})
	}
}

// TestRaftOnMemoryInVirtualTime also fails if anything were left running.
func TestRaftOnMemoryInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, two := NewMemory(), NewMemory()
		start := time.Now()
		testMembers(t, EngineWAL, func() Storage { return one }, func() Storage { return two })
		if time.Since(start) == 0 {
			t.Error("no virtual time passed")
		}
	})
}

// TestMemoryCrash cuts a member off its storage, which keeps what was stored.
func TestMemoryCrash(t *testing.T) {
	m := NewMemory()
	g, err := m.OpenGroup("g", GroupOptions{})
	check(t, err)
	check(t, g.Log.StoreLogs(entries(1, 3, 1)))
	sink := beginSnapshot(t, g.Snapshots, 2, 1)
	m.Crash()
	_, openErr := m.OpenGroup("g", GroupOptions{})
	_, listErr := g.Snapshots.List()
	for i, err := range []error{g.Log.StoreLogs(entries(4, 4, 1)), g.Stable.SetUint64([]byte("k"), 1), sink.Close(),
		m.SaveConfig(nil), m.WriteFile("f", nil), openErr, listErr} {
		if err == nil {
			t.Errorf("call %d worked", i)
		}
	}
	m.Reopen()
	if err := g.Log.StoreLogs(entries(4, 4, 1)); err == nil {
		t.Error("the old node writes again")
	}
	g, err = m.OpenGroup("g", GroupOptions{})
	check(t, err)
	checkLog(t, g.Log, 1, 3)
	if got := ids(t, g.Snapshots); len(got) != 0 {
		t.Errorf("snapshots %q", got)
	}
}

// TestMemoryKeepsCopies changes what was handed over after it was stored.
func TestMemoryKeepsCopies(t *testing.T) {
	m := NewMemory()
	g, err := m.OpenGroup("g", GroupOptions{})
	check(t, err)
	b := []byte("before")
	check(t, g.Log.StoreLog(&raft.Log{Index: 1, Data: b, Extensions: b}))
	check(t, g.Stable.Set([]byte("k"), b))
	check(t, m.SaveConfig(b))
	copy(b, "after!")
	var e raft.Log
	check(t, g.Log.GetLog(1, &e))
	v, err := g.Stable.Get([]byte("k"))
	check(t, err)
	config, err := m.LoadConfig()
	check(t, err)
	if got := fmt.Sprintf("%s %s %s %s", e.Data, e.Extensions, v, config); got != "before before before before" {
		t.Error(got)
	}
}
