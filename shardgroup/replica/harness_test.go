package replica

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"

	"github.com/redoubtdb/redoubt/persistence"
	"github.com/redoubtdb/redoubt/shardgroup/bus"
	"github.com/redoubtdb/redoubt/shardgroup/bus/memnet"
)

const newTerm = "new term" // proposed by every new leader

// member is one node with one replica.
type member struct {
	*Replica
	running atomic.Pointer[Replica] // the same, for goroutines that watch
	t       *testing.T
	name    string
	net     *memnet.Net
	options Options
	retain  func() uint64
	wrapLog func(raft.LogStore) raft.LogStore // nil: the log as it is
	disk    *persistence.Memory
	store   *persistence.GroupStore
	bus     *bus.Bus
	fsm     *list
	follow  sync.WaitGroup
	up      bool
	logger  *slog.Logger // nil: testLogger
	deaf    bool         // nobody reads Leadership
}

func idOf(name string) string { return name + ":1" }

// trio is a group under test.
type trio struct {
	t       *testing.T
	net     *memnet.Net
	members []*member
	mu      sync.Mutex // guards what watchers see: the list of members, and acked
	acked   []string
	stop    chan struct{}
	watch   sync.WaitGroup
	overlap int // moments at which two members had a lease

	snapshotEntries uint64  // of members made from now on
	exposed         hazards // likewise
}

// inBubble runs a test in virtual time on a group of the given voters. Whatever
// the test leaves running is stopped; a goroutine that does not end fails it.
func inBubble(t *testing.T, names string, test func(t *testing.T, g *trio)) {
	t.Helper()
	inBubbleExposed(t, names, 0, test)
}

// inBubbleExposed takes wrappers out of all members.
func inBubbleExposed(t *testing.T, names string, h hazards, test func(t *testing.T, g *trio)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g := &trio{t: t, net: memnet.New(), stop: make(chan struct{}), exposed: h}
		var c Configuration
		for _, name := range strings.Fields(names) {
			c.Servers = append(c.Servers, Server{ID: idOf(name), Voter: true})
		}
		for _, s := range c.Servers {
			m := g.add(strings.TrimSuffix(s.ID, ":1"))
			m.open()
			if err := Bootstrap(m.store, c); err != nil {
				t.Fatal(err)
			}
			m.start()
		}
		g.watch.Go(g.watchLeases)
		defer g.end()
		test(t, g)
	})
}

// end stops everything and checks what was watched.
func (g *trio) end() {
	close(g.stop)
	g.watch.Wait()
	for _, m := range g.members {
		m.expectHealthy()
		m.shutdown()
	}
	if g.overlap > 0 {
		g.t.Errorf("two members had a lease at %d moments", g.overlap)
	}
}

// add makes a member that is not started.
func (g *trio) add(name string) *member {
	m := &member{t: g.t, name: name, net: g.net, disk: persistence.NewMemory()}
	m.options = Options{ID: idOf(name), TrailingEntries: 10, SnapshotEntries: g.snapshotEntries, exposed: g.exposed}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.members = append(g.members, m)
	return m
}

// open opens bus and storage.
func (m *member) open() {
	m.t.Helper()
	var err error
	m.store, err = m.disk.OpenGroup("g", persistence.GroupOptions{})
	if err != nil {
		m.t.Fatal(err)
	}
	if m.wrapLog != nil {
		m.store.Log = m.wrapLog(m.store.Log)
	}
	m.bus, err = bus.Open(bus.Deps{
		Network: m.net.Host(m.name),
		Self:    func() bus.Identity { return bus.Identity{Cluster: "c", Node: m.name, Incarnation: "1"} },
		Resolve: func(id string) (string, error) { return strings.TrimSuffix(id, ":1") + ":17000", nil },
	}, m.name+":17000")
	if err != nil {
		m.t.Fatal(err)
	}
}

// start starts the replica on what open opened.
func (m *member) start() {
	m.t.Helper()
	layer, err := m.bus.Layer(bus.Channel{Kind: bus.KindGroup, Group: "g"})
	if err != nil {
		m.t.Fatal(err)
	}
	m.fsm = &list{}
	logger := m.logger
	if logger == nil {
		logger = testLogger(m.name)
	}
	m.Replica, err = Start(Deps{Store: m.store, Layer: layer, FSM: m.fsm, Logger: logger, Retain: m.retain}, m.options)
	if err != nil {
		m.t.Fatal(err)
	}
	m.running.Store(m.Replica)
	m.up = true
	if !m.deaf {
		m.follow.Go(m.lead)
	}
}

func testLogger(name string) *slog.Logger {
	if os.Getenv("REPLICA_LOG") == "" {
		return nil
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})).With("member", name)
}

// lead proposes the first entry of each term this member leads.
func (m *member) lead() {
	for {
		select {
		case change := <-m.Leadership():
			if change.Leader {
				m.follow.Go(func() { _ = m.Propose([]byte(newTerm)).Wait(m.ctx) })
			}
		case <-m.ctx.Done():
			return
		}
	}
}

// expectHealthy fails the test if the member has failed and the test did not look.
func (m *member) expectHealthy() {
	m.t.Helper()
	if m.Replica == nil {
		return
	}
	select {
	case err := <-m.Failed():
		m.t.Errorf("%s failed: %v", m.name, err)
	default:
	}
}

func (m *member) shutdown() {
	m.t.Helper()
	if !m.up {
		return
	}
	m.up = false
	if err := m.Shutdown(); err != nil {
		m.t.Errorf("shutdown of %s: %v", m.name, err)
	}
	m.follow.Wait()
	_ = m.bus.Close()
	_ = m.store.Close()
}

// crash ends the member at once: disk and network are gone before it is.
func (m *member) crash() {
	m.t.Helper()
	m.disk.Crash()
	m.net.Crash(m.name)
	m.shutdown()
	m.disk.Reopen()
}

// restart starts a member that was shut down or crashed.
func (m *member) restart() {
	m.t.Helper()
	m.open()
	m.start()
}

func (g *trio) member(name string) *member {
	for _, m := range g.members {
		if m.name == name || idOf(m.name) == name {
			return m
		}
	}
	return nil
}

// watchLeases counts the moments at which two members have a lease.
func (g *trio) watchLeases() {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			g.checkLeases()
		case <-g.stop:
			return
		}
	}
}

func (g *trio) checkLeases() {
	g.mu.Lock()
	members := slices.Clone(g.members)
	g.mu.Unlock()
	holders := 0
	for _, m := range members {
		if r := m.running.Load(); r != nil && r.LeaseValid() {
			holders++
		}
	}
	if holders > 1 {
		g.overlap++
	}
}

// eventually waits, in virtual time.
func (g *trio) eventually(what string, ok func() bool) {
	g.t.Helper()
	for range 30_000 {
		if ok() {
			return
		}
		if g.t.Failed() {
			g.t.FailNow()
		}
		time.Sleep(time.Millisecond)
	}
	g.t.Fatalf("never: %s", what)
}

// leader waits for a leader, among the members that are not excluded, that may
// read.
func (g *trio) leader(not ...*member) *member {
	g.t.Helper()
	var found *member
	g.eventually("a leader that may read", func() bool {
		for _, m := range g.members {
			if m.up && !slices.Contains(not, m) && m.LeaseValid() {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// put proposes an entry and remembers it if it was acknowledged.
func (g *trio) put(m *member, entry string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	err := m.running.Load().Propose([]byte(entry)).Wait(ctx)
	if err == nil {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.acked = append(g.acked, entry)
	}
	return err
}

// ackedCount is how many entries were acknowledged.
func (g *trio) ackedCount() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.acked)
}

// lastAcked is the entry that was acknowledged last.
func (g *trio) lastAcked() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.acked) == 0 {
		return ""
	}
	return g.acked[len(g.acked)-1]
}

// reader reads from every member, as it may, until stopped: what was
// acknowledged before a read began must be seen by it.
func (g *trio) reader(stop <-chan struct{}) (byLease, byQuorum int) {
	for {
		select {
		case <-stop:
			return byLease, byQuorum
		case <-time.After(time.Millisecond):
		}
		for _, m := range g.members {
			r := m.running.Load()
			acked := g.lastAcked()
			if acked == "" {
				continue
			}
			seen := r.machine.inner.(*list).has(acked)
			if r.LeaseValid() {
				byLease++
				if !seen {
					g.t.Errorf("%s reads by lease without %q, which was acknowledged before", m.name, acked)
				}
			}
			ctx, cancel := context.WithTimeout(g.t.Context(), 50*time.Millisecond)
			if r.Confirm(ctx) == nil {
				byQuorum++
				if !r.machine.inner.(*list).has(acked) {
					g.t.Errorf("%s reads by quorum without %q, which was acknowledged before", m.name, acked)
				}
			}
			cancel()
		}
	}
}

func (g *trio) mustPut(m *member, entry string) {
	g.t.Helper()
	if err := g.put(m, entry); err != nil {
		g.t.Fatalf("put %q: %v", entry, err)
	}
}

// converge waits until all members that are up have the same entries, and
// checks that every acknowledged one is among them, once.
func (g *trio) converge() {
	g.t.Helper()
	var all [][]string
	defer func() {
		if g.t.Failed() {
			g.describe()
		}
	}()
	g.eventually("all have the same entries", func() bool {
		all = all[:0]
		for _, m := range g.members {
			if m.up {
				all = append(all, m.fsm.all())
			}
		}
		for _, entries := range all {
			if !slices.Equal(entries, all[0]) || len(entries) < g.ackedCount() {
				return false
			}
		}
		return true
	})
	count := make(map[string]int)
	for _, e := range all[0] {
		count[e]++
	}
	for _, e := range g.acked {
		if count[e] != 1 {
			g.t.Errorf("acknowledged %q is there %d times", e, count[e])
		}
	}
}

// describe logs how the members stand.
func (g *trio) describe() {
	for _, m := range g.members {
		first, _ := m.store.Log.FirstIndex()
		leader, term := m.Leader()
		g.t.Logf("%s: up %v %s term %d leader %q, log %d to %d, commit %d, applied %d, snapshot %d, %d entries, %d acked",
			m.name, m.up, m.State(), term, leader, first, m.LastIndex(), m.CommitIndex(), m.AppliedIndex(), m.SnapshotIndex(), len(m.fsm.all()), g.ackedCount())
	}
}

func (g *trio) others(m *member) []*member {
	return slices.DeleteFunc(slices.Clone(g.members), func(x *member) bool { return x == m })
}

// isolate cuts a member off from all others.
func (g *trio) isolate(m *member) {
	for _, x := range g.others(m) {
		g.net.CutBoth(m.name, x.name)
	}
}
