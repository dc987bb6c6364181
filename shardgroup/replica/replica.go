package replica

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/raft"
)

// Replica is one running member of one group.
type Replica struct {
	options   Options
	log       *slog.Logger
	raft      *raft.Raft
	machine   *machine
	stores    *stores
	flusher   *flusher
	snapshots *snapshotStore
	entries   raft.LogStore
	transport *transport
	evidence  *evidence
	gate      *gate

	ctx      context.Context // ends when Shutdown begins
	stop     context.CancelFunc
	spawning sync.Mutex     // makes wg's growth and Shutdown exclude each other
	wg       sync.WaitGroup // our goroutines

	proposals   atomic.Int64  // waited for
	noLease     atomic.Uint64 // the term whose lease a transfer took away
	started     atomic.Bool   // the library runs; until then errors are Start's
	failed      atomic.Bool
	failure     chan error        // has room for the one error
	leadership  chan LeaderChange // to its one reader
	confirming  chan struct{}     // signals that somebody waits in Confirm
	urged       chan struct{}     // signals that somebody has tried to be elected whom this member surpasses
	snapshotDue chan struct{}     // signals that a snapshot is due
	changing    sync.Mutex        // held during a configuration change or a transfer
	renewed     atomic.Int64      // when a damaged snapshot was last replaced, ns since 1970
}

// Start opens the member and lets it take part.
func Start(d Deps, o Options) (*Replica, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if d.Store == nil || d.Layer == nil || d.FSM == nil {
		return nil, errors.New("replica: Store, Layer and FSM are needed")
	}
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Replica{
		options:     o,
		log:         d.Logger,
		failure:     make(chan error, 1),
		leadership:  make(chan LeaderChange),
		confirming:  make(chan struct{}, 1),
		urged:       make(chan struct{}, 1),
		snapshotDue: make(chan struct{}, 1),
	}
	r.ctx, r.stop = context.WithCancel(context.Background())
	if err := r.open(d); err != nil {
		r.stop()
		return nil, fmt.Errorf("replica: start: %w", err)
	}
	r.started.Store(true)
	r.spawn(func() { r.gate.run(r.transport.NetworkTransport.Consumer(), r.ctx.Done()) })
	r.spawn(r.followLeadership)
	r.spawn(r.confirmLoop)
	r.spawn(r.snapshotLoop)
	r.spawn(r.watchLeader)
	r.spawn(r.firstElection)
	return r, nil
}

// spawn runs f as a goroutine that Shutdown waits for; after Shutdown it does not.
func (r *Replica) spawn(f func()) {
	r.spawning.Lock()
	defer r.spawning.Unlock()
	if r.ctx.Err() == nil {
		r.wg.Go(f)
	}
}

// open builds what the library needs, and the library on top of it.
func (r *Replica) open(d Deps) (err error) {
	r.stores = &stores{fail: r.fail, started: &r.started}
	r.snapshots = &snapshotStore{SnapshotStore: d.Store.Snapshots, damaged: r.snapshotDamaged}
	fresh, err := r.inspect(d)
	if err != nil {
		return err
	}
	if r.flusher, err = r.newFlusher(d.Store.Log); err != nil {
		return err
	}
	guarded := &logStore{
		inner: d.Store.Log, stores: r.stores, snapshots: r.snapshots, retain: d.Retain, flusher: r.flusher, deferred: r.deferred,
	}
	if !r.options.exposed.has(hazardRollback) {
		guarded.committed = r.committed
	}
	cache, err := raft.NewLogCache(logCacheSize, guarded)
	if err != nil {
		return err
	}
	r.entries = cache
	r.machine = &machine{
		inner: d.FSM, fail: r.fail, due: r.checkSnapshotDue, started: &r.started, durable: r.flusher.await, exposed: r.options.exposed,
	}
	r.evidence = newEvidence(r.options.ID, r.Configuration)
	r.gate = newGate(r, r.options.election())
	r.gate.settle, r.gate.exposed = r.flusher.settle, r.options.exposed
	if !fresh {
		r.gate.promise()
	}
	r.transport = r.newTransport(d)
	defer func() {
		if err != nil {
			_ = r.transport.Close()
		}
	}()
	config := r.options.raftConfig()
	config.Logger = newHclog(d.Logger)
	return r.newRaft(config, cache, &stableStore{inner: d.Store.Stable, stores: r.stores})
}

// inspect looks at the storage before the library does. fresh: this member
// has never taken part.
func (r *Replica) inspect(d Deps) (fresh bool, err error) {
	state, err := raft.HasExistingState(d.Store.Log, d.Store.Stable, d.Store.Snapshots)
	if err != nil {
		return false, err
	}
	list, err := d.Store.Snapshots.List()
	if err != nil {
		return false, err
	}
	if len(list) > 0 {
		r.snapshots.note(position{list[0].Index, list[0].Term})
	}
	return !state, nil
}

func (r *Replica) newTransport(d Deps) *transport {
	s := newStreams(d.Layer, r.options.ID, r.options.rpcLimit())
	return &transport{
		NetworkTransport: raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
			Stream:  s,
			MaxPool: maxPool,
			Timeout: r.options.rpcLimit(),
			Logger:  newHclog(d.Logger),
		}),
		evidence: r.evidence,
		gate:     r.gate,
		flusher:  r.flusher,
		streams:  s,
		mute:     r.mute,
		term:     r.Term,
		leads:    r.leadsPeer,
		done:     r.ctx.Done(),
		exposed:  r.options.exposed,
	}
}

// newRaft starts the library, which panics at some errors of its stores.
func (r *Replica) newRaft(c *raft.Config, log raft.LogStore, stable raft.StableStore) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", ErrStore, p)
		}
	}()
	r.raft, err = raft.NewRaft(c, r.machine, log, stable, r.snapshots, r.transport)
	if err == nil && r.machine.halted.Load() {
		return ErrHalted // nothing was restored after all
	}
	return err
}

// fail ends this member's part: from now on it does nothing as leader or
// candidate, and its state machine gets nothing more. The first error is
// delivered by Failed.
func (r *Replica) fail(err error) {
	if !r.started.Load() {
		return
	}
	r.machine.halted.Store(true)
	r.stores.over.Store(true)
	if r.ctx.Err() != nil || !r.failed.CompareAndSwap(false, true) {
		return
	}
	r.log.Error("replica failed", "member", r.options.ID, "error", err)
	close(r.gate.broken)
	r.failure <- err
}

// Fail ends this member's part for a reason that its owner knows; Failed delivers it.
func (r *Replica) Fail(err error) { r.fail(err) }

// Failed delivers the error that ended this member, once. Its owner must then
// call Shutdown.
func (r *Replica) Failed() <-chan error { return r.failure }

// mute says why this member must not act as leader or candidate.
func (r *Replica) mute() error {
	if !r.started.Load() || r.failed.Load() || r.stores.stalledFor() > r.options.DiskStall {
		return errMuted
	}
	return nil
}
