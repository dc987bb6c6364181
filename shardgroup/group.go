package shardgroup

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/persistence"
	"github.com/redoubtdb/redoubt/shardgroup/bus"
	"github.com/redoubtdb/redoubt/shardgroup/replica"
	"github.com/redoubtdb/redoubt/slotmap"
)

// Topology is what a group needs of the metadata group.
type Topology interface {
	Map() *slotmap.Map
	Changed() <-chan struct{}
	Change(ctx context.Context, c slotmap.Change) (*slotmap.Map, error)
}

// Deps is what a Group is made of.
type Deps struct {
	Store    *persistence.GroupStore // owned by the Group from Open on
	Bus      *bus.Bus
	Topology Topology
	Table    *command.Table
	Logger   *slog.Logger
	Full     func(bytes int) bool // tells whether the disk has no room for bytes more; nil: it always has
	Fail     func(error)          // called when the group can no longer be trusted: the node must stop
}

// Options is how a Group runs.
type Options struct {
	ID              slotmap.GroupID
	Generation      uint64 // of the group, when this member was opened
	Node            slotmap.NodeID
	ServerID        string // slotmap.ServerID or, with Witness, slotmap.WitnessID
	Witness         bool
	NodeTimeout     time.Duration
	RequestTimeout  time.Duration // how long a request may wait for consensus
	SnapshotEntries uint64
	TrailingEntries uint64
	Reads           func() ReadConsistency // may change while running
	Clock           func() int64           // the wall clock in ms since 1970, nil: the machine's
}

// Group is this node's member of one data group.
type Group struct {
	dep     Deps
	opt     Options
	log     *slog.Logger
	replica *replica.Replica
	member  *member  // nil on a witness
	witness *witness // nil on a data member

	proposer  uint64
	seq       atomic.Uint64
	proposals atomic.Uint64
	queue     *queue
	inflight  *inflight
	proposed  chan *batch // from whoever made an entry to the keeper; capacity 1
	enc       fsm.Encoder // of whoever makes an entry
	spare     *batch      // likewise
	pool      sync.Pool
	transfers chan transferRequest
	full      fullMembers
	patrol    patrol

	clock *clock
	stamp sync.Mutex // guards rng
	rng   *rand.Rand

	stop chan struct{}
	wg   sync.WaitGroup
}

// Bootstrap writes the first configuration of a group, this server alone, into an
// empty store. A store that has been in use is left as it is.
func Bootstrap(store *persistence.GroupStore, serverID string) error {
	err := replica.Bootstrap(store, replica.Configuration{Servers: []replica.Server{{ID: serverID, Voter: true}}})
	if errors.Is(err, replica.ErrNotEmpty) {
		return nil
	}
	return err
}

// Open starts this node's member of a group. The store must have been bootstrapped,
// or the group's leader will add this member.
func Open(d Deps, o Options) (*Group, error) {
	var seed [32]byte
	if _, err := crand.Read(seed[:]); err != nil {
		return nil, fmt.Errorf("shardgroup: seeding: %w", err)
	}
	g := &Group{
		dep: d, opt: o,
		log:       d.Logger.With("group", short(o.ID), "witness", o.Witness),
		proposer:  binary.LittleEndian.Uint64(seed[:8]),
		clock:     newClock(o.Clock),
		rng:       rand.New(rand.NewChaCha8(seed)),
		queue:     &queue{},
		inflight:  &inflight{},
		proposed:  make(chan *batch, 1),
		transfers: make(chan transferRequest),
		stop:      make(chan struct{}),
	}
	layer, err := openLayer(d.Bus, &o)
	if err != nil {
		return nil, fmt.Errorf("shardgroup: opening the bus channel: %w", err)
	}
	rd := replica.Deps{Store: d.Store, Layer: layer, Logger: g.log}
	if o.Witness {
		g.witness = &witness{fail: g.fail}
		rd.FSM, rd.Retain = g.witness, g.witness.retain
	} else {
		g.member = newMember(g.proposer, g.inflight, d.Table, g.fail)
		rd.FSM = g.member
	}
	g.replica, err = replica.Start(rd, replica.Options{
		ID: o.ServerID, NodeTimeout: o.NodeTimeout, Witness: o.Witness,
		SnapshotEntries: o.SnapshotEntries, TrailingEntries: o.TrailingEntries,
	})
	if err != nil {
		_ = layer.Close()
		return nil, fmt.Errorf("shardgroup: starting the group's Raft: %w", err)
	}
	g.handle()
	g.wg.Go(g.watchFailure)
	g.wg.Go(g.lead)
	g.wg.Go(g.keep)
	g.wg.Go(g.expire)
	if d.Full != nil {
		g.wg.Go(g.watchDisk)
	}
	return g, nil
}

// Close stops the member. Requests that wait are answered: ErrNotRun where they had
// not been handed to Raft, ErrIndeterminate otherwise.
func (g *Group) Close() error {
	finishAll(g.queue.close(), ErrClosed)
	close(g.stop)
	g.unhandle()
	err := g.replica.Shutdown()
	g.wg.Wait()
	if g.member != nil {
		g.member.digests.wg.Wait()
	}
	if cerr := g.dep.Store.Close(); err == nil {
		err = cerr
	}
	return err
}

// fail reports a fault after which this member must not go on.
func (g *Group) fail(err error) { g.dep.Fail(fmt.Errorf("group %s: %w", g.opt.ID, err)) }

// watchFailure passes on what the replica reports.
func (g *Group) watchFailure() {
	select {
	case err := <-g.replica.Failed():
		g.fail(err)
	case <-g.stop:
	}
}

// ID is the group's id.
func (g *Group) ID() slotmap.GroupID { return g.opt.ID }

// Generation is the group's generation that this member belongs to.
func (g *Group) Generation() uint64 { return g.opt.Generation }

// Witness tells whether this member holds no data.
func (g *Group) Witness() bool { return g.opt.Witness }

// Leading tells whether this member leads the group and has applied an entry of its
// own term, so that its state holds everything acknowledged before.
func (g *Group) Leading() bool {
	_, ok := g.leadingTerm()
	return ok
}

// leadingTerm is the term in which this node leads, if it does.
func (g *Group) leadingTerm() (term uint64, ok bool) {
	if g.member == nil {
		return 0, false
	}
	term, ok = g.replica.LeadingTerm()
	return term, ok && g.member.termSeen.Load() == term
}

// Leader is the node this member takes for its group's leader, "" if it knows none.
func (g *Group) Leader() slotmap.NodeID {
	id, _ := g.replica.Leader()
	return nodeOf(id)
}

// Machine is the current state, nil on a witness. Restoring a snapshot replaces it.
func (g *Group) Machine() *fsm.Machine {
	if g.member == nil {
		return nil
	}
	return g.member.machine.Load()
}

// committed is the latest configuration known to be committed.
func (g *Group) committed() *committed {
	if g.witness != nil {
		return &g.witness.committed
	}
	return &g.member.committed
}

// Replica is the Raft side of this member, for reports.
func (g *Group) Replica() *replica.Replica { return g.replica }

// TakeSnapshot writes a snapshot now.
func (g *Group) TakeSnapshot() error { return g.replica.TakeSnapshot() }

// nodeOf is the node part of a Raft server id.
func nodeOf(serverID string) slotmap.NodeID {
	for i := range len(serverID) {
		if serverID[i] == ':' {
			return slotmap.NodeID(serverID[:i])
		}
	}
	return slotmap.NodeID(serverID)
}

// short is the head of a group's id, for logs.
func short(id slotmap.GroupID) string {
	if len(id) > 8 {
		return string(id[:8])
	}
	return string(id)
}
