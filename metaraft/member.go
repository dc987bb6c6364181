package metaraft

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redoubtdb/redoubt/persistence"
	"github.com/redoubtdb/redoubt/shardgroup/bus"
	"github.com/redoubtdb/redoubt/shardgroup/replica"
	"github.com/redoubtdb/redoubt/slotmap"
)

// StoreName is the name of the metadata group's storage.
const StoreName = "meta"

// Storage is where the member keeps its log and snapshots. A persistence.Storage is one.
type Storage interface {
	OpenGroup(name string, o persistence.GroupOptions) (*persistence.GroupStore, error)
}

// Bus is the part of the cluster bus that the member uses. A *bus.Bus is one.
type Bus interface {
	Layer(ch bus.Channel) (*bus.Layer, error)
	Call(ctx context.Context, serverID, method string, body []byte) ([]byte, error)
	Handle(method string, h bus.Handler)
	Unhandle(method string)
}

var _ Bus = (*bus.Bus)(nil)

// Deps is what a member is made of.
type Deps struct {
	Storage Storage
	Bus     Bus
	Logger  *slog.Logger // nil: nowhere

	// OnMap, if set, is given the first map this node knows and every newer one, or the newest of several,
	// in order, from one goroutine. Cache, if set, is given them too, from another goroutine, at most
	// one every CacheInterval, and the last one by Close; it may write to disk. An error is logged.
	OnMap func(*slotmap.Map)
	Cache func(*slotmap.Map) error
}

// CacheInterval is the least time between two calls of Deps.Cache.
const CacheInterval = 100 * time.Millisecond

// Options of a member.
type Options struct {
	Self        string        // server id
	NodeTimeout time.Duration // a node silent for longer has failed; elections take half of it
	NoSync      bool          // leave it to the operating system when the log reaches the disk

	// Genesis founds a cluster: it is the map of a lone node, and becomes the first entry of a log that
	// is empty. It has no effect on a log that is not. A joiner has none: it is told everything by the
	// cluster's leader, once that has added it.
	Genesis *slotmap.Map
	// Known is the newest map this node has seen: what Map returns until the log has brought it, or a newer one.
	Known *slotmap.Map

	// After how many entries a snapshot is due, and how many stay in the log behind it; 0: DefaultSnapshotEntries, DefaultTrailingEntries.
	SnapshotEntries, TrailingEntries uint64
}

// The metadata log is short-lived: its state is small.
const (
	DefaultSnapshotEntries  = 1024
	DefaultTrailingEntries  = 512
	defaultNodeTimeout      = time.Second
	minControllerTick       = 20 * time.Millisecond
	maxControllerTick       = time.Second
	controllerTicksPerLimit = 10
)

func (o Options) withDefaults() (Options, error) {
	if o.NodeTimeout <= 0 {
		o.NodeTimeout = defaultNodeTimeout
	}
	if o.SnapshotEntries == 0 {
		o.SnapshotEntries = DefaultSnapshotEntries
	}
	if o.TrailingEntries == 0 {
		o.TrailingEntries = DefaultTrailingEntries
	}
	if _, _, ok := slotmap.SplitServerID(o.Self); !ok {
		return o, fmt.Errorf("metaraft: %q is no server id", o.Self)
	}
	if o.Genesis != nil && (len(o.Genesis.Nodes()) != 1 || o.Genesis.ByServerID(o.Self) == nil) {
		return o, errors.New("metaraft: the first map must be that of this node alone")
	}
	if o.Known == nil {
		o.Known = o.Genesis
	}
	return o, nil
}

// Member is this node's membership in the metadata group.
type Member struct {
	deps    Deps
	opt     Options
	log     *slog.Logger
	machine *machine
	replica *replica.Replica
	store   *persistence.GroupStore

	run     string        // names this life of the process in the tickets of its proposals
	seq     atomic.Uint64 // of the latest ticket
	shown   atomic.Pointer[slotmap.Map]
	changed broadcast // a new map is shown
	applied broadcast // an entry was applied

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	wg     sync.WaitGroup
	once   sync.Once
	closed error
}

// Open opens the member's storage and lets it take part in the metadata group.
func Open(d Deps, o Options) (*Member, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	m := &Member{deps: d, opt: o, log: d.Logger.With("group", "meta"), run: nonce()}
	m.shown.Store(o.Known)
	m.machine = newMachine(m.publish)
	m.ctx, m.cancel = context.WithCancel(context.Background())
	if err := m.start(); err != nil {
		m.cancel()
		return nil, fmt.Errorf("open metadata group: %w", err)
	}
	return m, nil
}

// nonce makes a name that no other process has.
func nonce() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// start opens what Close closes, in the opposite order: store, Raft, handlers, goroutines.
func (m *Member) start() (err error) {
	m.store, err = m.deps.Storage.OpenGroup(StoreName, persistence.GroupOptions{
		Engine: persistence.EngineBolt, NoSync: m.opt.NoSync, CheckSnapshot: CheckSnapshot,
	})
	if err != nil {
		return err
	}
	if err = m.found(); err == nil {
		err = m.startReplica()
	}
	if err != nil {
		return errors.Join(err, m.store.Close())
	}
	m.handle()
	m.wg.Go(m.supervise)
	if m.deps.OnMap != nil {
		m.wg.Go(func() { m.follow(m.deps.OnMap) })
	}
	if m.deps.Cache != nil {
		m.wg.Go(m.cache)
	}
	return nil
}

// found writes the first configuration if this node founds a cluster and has not done so yet.
func (m *Member) found() error {
	if m.opt.Genesis == nil {
		return nil
	}
	blank, err := isBlank(m.store)
	if err != nil || !blank {
		return err
	}
	if len(m.opt.Known.Nodes()) > 1 {
		return ErrBlank
	}
	return replica.Bootstrap(m.store, replica.Configuration{Servers: []replica.Server{{ID: m.opt.Self, Voter: true}}})
}

// isBlank tells whether there is neither a log nor a snapshot.
func isBlank(store *persistence.GroupStore) (bool, error) {
	last, err := store.Log.LastIndex()
	if err != nil || last > 0 {
		return false, err
	}
	snapshots, err := store.Snapshots.List()
	return len(snapshots) == 0, err
}

func (m *Member) startReplica() error {
	layer, err := m.deps.Bus.Layer(bus.Channel{Kind: bus.KindMeta})
	if err != nil {
		return err
	}
	m.replica, err = replica.Start(
		replica.Deps{Store: m.store, Layer: layer, FSM: m.machine, Logger: m.log},
		replica.Options{
			ID: m.opt.Self, NodeTimeout: m.opt.NodeTimeout,
			SnapshotEntries: m.opt.SnapshotEntries, TrailingEntries: m.opt.TrailingEntries,
		})
	if err != nil {
		return errors.Join(err, layer.Close())
	}
	return nil
}

// Close leaves the group's network (not its membership) and waits for every goroutine. A leader should
// StepDown before.
func (m *Member) Close() error {
	m.once.Do(func() {
		m.unhandle()
		m.cancel()
		err := m.replica.Shutdown()
		m.wg.Wait()
		m.closed = errors.Join(err, m.store.Close())
	})
	return m.closed
}

// Failed delivers the error that ended this member, once: the node must stop.
func (m *Member) Failed() <-chan error { return m.replica.Failed() }

// publish shows a new map. It is called under the machine's lock.
func (m *Member) publish(next *slotmap.Map, _ uint64) {
	shown := m.shown.Load()
	if next != nil && (shown == nil || next.Version > shown.Version) {
		m.shown.Store(next)
		m.changed.fire()
	}
	m.applied.fire()
}
