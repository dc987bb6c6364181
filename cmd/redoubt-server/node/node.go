package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/fsm/lua"
	"github.com/redoubtdb/redoubt/persistence"
	"github.com/redoubtdb/redoubt/resp/server"
	"github.com/redoubtdb/redoubt/resp/server/config"
	"github.com/redoubtdb/redoubt/shardgroup"
	"github.com/redoubtdb/redoubt/shardgroup/bus"
	"github.com/redoubtdb/redoubt/slotmap"
)

// busPortOffset is added to the client port to make the bus port.
const busPortOffset = 10000

// Deps is what a node takes from the world around it.
type Deps struct {
	Storage persistence.Storage // owned by the node from Start on
	Bus     bus.Network
	Listen  func(addr string) (net.Listener, error) // for clients
	Logger  *slog.Logger
	Clock   func() int64 // the wall clock in ms since 1970, nil: the machine's
}

// Node is one running Redoubt process.
type Node struct {
	dep      Deps
	log      *slog.Logger
	config   *config.Live
	table    *command.Table
	freezer  *freezer
	bus      *bus.Bus
	topology *topology
	shard    *shard
	served   atomic.Pointer[served] // what servesMap has found last
	server   *server.Server
	saves    saves
	forgot   recent
	changing busy // one change of cluster at a time
	joining  busy // somebody sees to it that a join comes to an end

	life    lock // guards what follows, and changes of cluster
	rec     *record
	groups  map[seat]*shardgroup.Group
	resumed bool // former members were looked for; with groups under the same lock
	closing bool

	identity syncValue[bus.Identity] // of rec, for the bus
	left     syncValue[[]string]     // of rec, for those who ask

	ctx      context.Context // ends with Stop
	cancel   context.CancelFunc
	stop     <-chan struct{}
	failed   chan error // capacity 1: why the node cannot go on
	quit     chan struct{}
	quitOnce sync.Once
	wg       sync.WaitGroup
}

// Start makes a node of its parts and brings it up. Errors of what the operator
// configured (a taken port, a foreign data directory) come back from here.
func Start(d Deps, cfg *config.Live) (*Node, error) {
	engine := lua.NewEngine()
	specs := append(command.Specs(), lua.Specs(engine)...)
	fronts, err := server.FrontSpecs(specs)
	if err != nil {
		return nil, fmt.Errorf("node: the command table: %w", err)
	}
	table, err := command.NewTable(specs, fronts)
	if err != nil {
		return nil, fmt.Errorf("node: the command table: %w", err)
	}
	n := &Node{
		dep: d, log: d.Logger, config: cfg, table: table, freezer: newFreezer(), life: newLock(),
		groups: make(map[seat]*shardgroup.Group),
		failed: make(chan error, 1), quit: make(chan struct{}),
	}
	n.ctx, n.cancel = context.WithCancel(context.Background())
	n.stop = n.ctx.Done()
	n.shard = &shard{stale: n.staleReplicaReads, frozen: n.freezer}
	if n.rec, err = loadRecord(d.Storage, d.Logger); err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.Load().Cluster.ConfigFile, err)
	}
	if err := checkDiverged(d.Storage, n.rec); err != nil {
		return nil, err
	}
	if err := n.startCluster(); err != nil {
		n.shutdown()
		return nil, err
	}
	n.reconcile() // the groups' logs are opened before a client can connect
	if err := n.Err(); err != nil {
		n.shutdown()
		return nil, err
	}
	if err := n.startFrontend(specs, engine); err != nil {
		n.shutdown()
		return nil, err
	}
	cfg.Subscribe(n.configChanged)
	n.wg.Go(n.reconcileLoop)
	n.wg.Go(n.rememberLoop)
	n.wg.Go(n.lookoutLoop)
	n.wg.Go(n.savePointsLoop)
	n.resume()
	return n, nil
}

// startCluster brings up the bus and the metadata group. Peers may call before the bus is
// even returned: what admits and answers them stands first.
func (n *Node) startCluster() error {
	n.identity.store(n.rec.busIdentity())
	n.left.store(n.rec.Left)
	m, err := n.initialMap()
	if err != nil {
		return err
	}
	n.topology = newTopology(m, n.watchForgotten)
	n.topology.held = n.rec.JoinCluster != "" // until it is known where this node belongs
	b, err := bus.Open(bus.Deps{
		Network: guardedNetwork{frozenNetwork{n.dep.Bus, n.freezer}, n.trusts, n.log}, Logger: n.log,
		Self: n.identity.load, Resolve: n.resolve, Admit: n.admit,
		Secret: func() string { return n.config.Load().Security.MasterAuth },
	}, n.busListenAddr())
	if err != nil {
		return fmt.Errorf("opening the cluster bus: %w", err)
	}
	n.bus = b
	n.handleCalls()
	n.removeStrayStores()
	return n.openMeta(m)
}

// startFrontend opens the client port last, when everything behind it stands.
func (n *Node) startFrontend(specs []*command.Spec, engine *lua.Engine) error {
	s, err := server.New(server.Deps{
		Config: n.config, Topology: n, Shard: n.shard, Admin: n, Inspect: n,
		Specs: specs, Compile: engine.Compile, Log: n.log,
	})
	if err != nil {
		return fmt.Errorf("starting the frontend: %w", err)
	}
	n.server = s
	for _, addr := range n.clientListenAddrs() {
		l, err := n.dep.Listen(addr.addr)
		if err != nil && addr.optional {
			n.log.Warn("an optional address is not available", "address", addr.addr, "error", err)
			continue
		}
		if err != nil {
			return fmt.Errorf("listening for clients on %s: %w", addr.addr, err)
		}
		n.wg.Go(func() {
			if err := s.Serve(l); err != nil && !errors.Is(err, server.ErrClosed) {
				n.fail(fmt.Errorf("serving clients: %w", err))
			}
		})
	}
	return nil
}

// Done is closed when the node wants to end: a client sent SHUTDOWN, or it failed.
func (n *Node) Done() <-chan struct{} { return n.quit }

// Err is why the node failed, nil after SHUTDOWN. It is valid after Done.
func (n *Node) Err() error {
	select {
	case err := <-n.failed:
		n.failed <- err
		return err
	default:
		return nil
	}
}

// Stop hands leadership over, closes everything and waits for it. ctx bounds the
// hand-over only.
func (n *Node) Stop(ctx context.Context) {
	n.handOver(ctx)
	n.shutdown()
}

// Kill closes everything without handing over, as a crash would: tests use it.
func (n *Node) Kill() { n.shutdown() }

// shutdown undoes Start in the opposite order; it copes with a half-made node.
func (n *Node) shutdown() {
	n.cancel()
	n.quitOnce.Do(func() { close(n.quit) })
	if n.server != nil {
		n.server.Close()
	}
	n.life.lock()
	n.closing = true
	for s := range n.groups {
		n.stopGroup(s, false)
	}
	n.closeMeta()
	n.life.unlock()
	if n.bus != nil {
		n.bus.Close()
	}
	n.wg.Wait()
	if err := n.dep.Storage.Close(); err != nil {
		n.log.Warn("closing the data directory", "error", err)
	}
}

// fail ends the node because of a fault that it must not live with.
func (n *Node) fail(err error) {
	n.log.Error("this node cannot go on", "error", err)
	select {
	case n.failed <- err:
	default:
	}
	n.quitOnce.Do(func() { close(n.quit) })
}

func (n *Node) nodeTimeout() time.Duration { return n.config.Load().Cluster.NodeTimeout }

// requestTimeout is how long a command may wait for consensus before its outcome
// counts as unknown: some elections long.
func (n *Node) requestTimeout() time.Duration { return max(5*n.nodeTimeout(), 5*time.Second) }

func (n *Node) readConsistency() shardgroup.ReadConsistency {
	if n.config.Load().Raft.ReadConsistency == "quorum" {
		return shardgroup.ReadQuorum
	}
	return shardgroup.ReadLease
}

func (n *Node) staleReplicaReads() bool {
	return n.config.Load().Raft.ReplicaReadConsistency == "stale"
}

// resolve finds the bus address of a Raft server id.
func (n *Node) resolve(serverID string) (string, error) {
	node := n.topology.Map().ByServerID(serverID)
	if node == nil {
		return "", fmt.Errorf("node: %s is not in the map", serverID)
	}
	return node.BusAddr(), nil
}

// errStranger refuses a peer that the map does not know, or knows under another incarnation.
var errStranger = errors.New("node: the peer, in this incarnation, is not in the map")

// admit decides whether a peer of this cluster may use a channel. The metadata channel
// is open to all of the cluster, since a node with an old map learns the new one there.
func (n *Node) admit(from bus.Identity, ch bus.Channel) error {
	if ch.Kind == bus.KindMeta {
		return nil
	}
	node := n.topology.Map().Node(slotmap.NodeID(from.Node))
	switch {
	case node == nil && (ch.Kind == bus.KindGroup || ch.Kind == bus.KindWitness):
		return errStranger
	case node != nil && node.Incarnation != from.Incarnation:
		return errStranger
	}
	return nil
}

type listenAddr struct {
	addr     string
	optional bool
}

// clientListenAddrs is where clients connect, from bind and port. "*" stands for every
// address of both families, so that "::*" beside it adds nothing.
func (n *Node) clientListenAddrs() []listenAddr {
	cfg := n.config.Load().Network
	port := strconv.Itoa(cfg.Port)
	all := listenAddr{addr: net.JoinHostPort("", port)}
	var out []listenAddr
	for _, b := range cfg.Bind {
		host, optional := strings.CutPrefix(b, "-")
		switch host {
		case "*":
			return []listenAddr{all}
		case "::*":
			host = "::"
		}
		out = append(out, listenAddr{addr: net.JoinHostPort(host, port), optional: optional})
	}
	if len(out) == 0 {
		return []listenAddr{all}
	}
	return out
}

// busListenAddr is the first bind address with the bus port.
func (n *Node) busListenAddr() string {
	host := n.clientListenAddrs()[0].addr
	h, _, err := net.SplitHostPort(host)
	if err != nil {
		h = ""
	}
	if len(n.clientListenAddrs()) > 1 && !allLoopback(n.clientListenAddrs()) {
		h = ""
	}
	return net.JoinHostPort(h, strconv.Itoa(n.busPort()))
}

// allLoopback tells whether every address is reachable on this machine only.
func allLoopback(addrs []listenAddr) bool {
	for _, a := range addrs {
		h, _, _ := net.SplitHostPort(a.addr)
		if ip := net.ParseIP(h); ip == nil || !ip.IsLoopback() {
			return false
		}
	}
	return true
}

func (n *Node) busPort() int {
	cfg := n.config.Load()
	if cfg.Cluster.BusPort != 0 {
		return cfg.Cluster.BusPort
	}
	return cfg.Network.Port + busPortOffset
}
