package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redoubtdb/redoubt/metaraft"
	"github.com/redoubtdb/redoubt/persistence"
	"github.com/redoubtdb/redoubt/resp/server/config"
	"github.com/redoubtdb/redoubt/shardgroup/bus"
	"github.com/redoubtdb/redoubt/slotmap"
)

const (
	// rememberInterval is the shortest time between two writes of the config file
	// that only bring the map in it up to date.
	rememberInterval = time.Second
	// leaveTimeout bounds the effort to leave a cluster in good order.
	leaveTimeout = 3 * time.Second
)

// metaStorage gives each cluster's metadata a store of its own.
type metaStorage struct {
	persistence.Storage
	name string
}

func (s metaStorage) OpenGroup(_ string, o persistence.GroupOptions) (*persistence.GroupStore, error) {
	store, err := s.Storage.OpenGroup(s.name, o)
	if err != nil {
		return nil, err
	}
	if err := noteStore(s.Storage, s.name, true); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}

func (r *record) busIdentity() bus.Identity {
	return bus.Identity{Cluster: r.Cluster, Node: string(r.Node), Incarnation: r.Incarnation}
}

// self describes this process for the map.
func (n *Node) self(a config.Announce) slotmap.Node {
	cfg := n.config.Load()
	return slotmap.Node{
		ID: n.rec.Node, Incarnation: n.rec.Incarnation,
		Host: n.ownHost(), Port: cfg.Network.Port, BusPort: n.busPort(),
		AnnounceHost: a.Host, AnnouncePort: a.Port, AnnounceBusPort: a.BusPort, Hostname: a.Hostname,
	}
}

// ownHost is the address that bind tells, "" where it does not.
func (n *Node) ownHost() string {
	bind := n.config.Load().Network.Bind
	if len(bind) == 0 {
		return ""
	}
	switch host := strings.TrimPrefix(bind[0], "-"); host {
	case "*", "0.0.0.0", "::", "::0":
		return ""
	default:
		return host
	}
}

// initialMap is what this node knows before its metadata group has spoken.
func (n *Node) initialMap() (*slotmap.Map, error) {
	if len(n.rec.Map) > 0 {
		m, err := slotmap.Decode(n.rec.Map)
		if err != nil {
			return nil, fmt.Errorf("the map in the cluster config file cannot be used: %w", err)
		}
		if m.ClusterID == n.rec.Cluster {
			return m, nil
		}
	}
	return n.loneMap(), nil
}

// loneMap is the map of a node that is by itself a whole cluster.
func (n *Node) loneMap() *slotmap.Map {
	return slotmap.NewMap(n.rec.Cluster, n.self(n.config.Load().Cluster.Announce), slotmap.Group{ID: n.rec.Founding})
}

// openMeta starts this node's member of the metadata group. m is shown until the
// group's own log has caught up with it. The caller holds life, or runs before anybody else.
func (n *Node) openMeta(m *slotmap.Map) error {
	if n.rec.Replaces != "" {
		return nil // first the cluster must know the new incarnation: rejoin.go
	}
	o := metaraft.Options{Self: slotmap.ServerID(n.rec.Node, n.rec.Incarnation), NodeTimeout: n.nodeTimeout(), Known: m}
	if len(m.Nodes()) == 1 && m.Node(n.rec.Node) != nil {
		o.Genesis = m
	}
	member, err := metaraft.Open(metaraft.Deps{
		Storage: metaStorage{n.dep.Storage, metaPrefix + n.rec.Cluster}, Bus: n.bus, Logger: n.log, OnMap: n.topology.show,
	}, o)
	if err != nil {
		return fmt.Errorf("starting the metadata group: %w", err)
	}
	n.background(func() {
		select {
		case err := <-member.Failed():
			n.metaFailed(member, err)
		case <-member.Closed():
		}
	})
	n.topology.use(member)
	return nil
}

// closeMeta stops the metadata member, if there is one. The caller holds life.
func (n *Node) closeMeta() {
	if n.topology == nil {
		return
	}
	member := n.topology.metaMember()
	if member == nil {
		return
	}
	n.topology.use(nil)
	if err := member.Close(); err != nil {
		n.log.Warn("closing the metadata group", "error", err)
	}
}

// rememberJoining notes in the config file that this node may belong to another cluster
// already, reached at addr, so that neither a lost answer nor a crash can leave it between
// two clusters. Empty strings: it certainly does not.
func (n *Node) rememberJoining(addr, cluster string) error {
	n.life.lock()
	defer n.life.unlock()
	if n.rec.Joining == addr && n.rec.JoinCluster == cluster {
		return nil
	}
	return n.amend(func(r *record) { r.Joining, r.JoinCluster = addr, cluster })
}

// amend changes the record and writes it. What could not be written does not hold, or else it would not be tried again.
// The caller holds life.
func (n *Node) amend(change func(r *record)) error {
	before := *n.rec
	change(n.rec)
	err := save(n.dep.Storage, n.rec)
	if err != nil {
		*n.rec = before
	}
	return err
}

// pendingJoin is the cluster that this node may belong to already, "" for none.
func (n *Node) pendingJoin() (addr, cluster string) {
	n.life.lock()
	defer n.life.unlock()
	return n.rec.Joining, n.rec.JoinCluster
}

// moveTo makes this node a member of the cluster of m, which has it in it already. The
// config file is the point of no return; the former cluster's log is garbage after it.
func (n *Node) moveTo(m *slotmap.Map) error {
	n.life.lock()
	defer n.life.unlock()
	if n.closing {
		return errors.New("the node is stopping")
	}
	former := n.rec.Cluster
	raw, err := json.Marshal(m)
	if err != nil {
		return err
	}
	n.closeMeta()
	if former != m.ClusterID {
		n.rec.leave()
	}
	n.rec.Cluster, n.rec.Joining, n.rec.JoinCluster, n.rec.Replaces, n.rec.Tried, n.rec.Map = m.ClusterID, "", "", "", nil, raw
	if err := save(n.dep.Storage, n.rec); err != nil {
		n.fail(err) // neither here nor there: a restart finds the old config file
		return err
	}
	n.identity.store(n.rec.busIdentity())
	n.left.store(n.rec.Left)
	n.topology.replace(m)
	if err := n.openMeta(m); err != nil {
		n.fail(err)
		return err
	}
	if former != n.rec.Cluster {
		if err := dropStore(n.dep.Storage, metaPrefix+former); err != nil {
			n.log.Warn("removing the former cluster's metadata", "error", err)
		}
	}
	n.log.Info("member of the cluster", "cluster", m.ClusterID, "nodes", len(m.Nodes()))
	return nil
}

// rememberLoop keeps the map in the config file up to date: it is where a node that
// lost its data, or that starts while its cluster is down, finds its peers. Who the
// peers are is written at once: a node that believes to be alone would begin anew.
func (n *Node) rememberLoop() {
	for {
		saved := n.topology.Map()
		if !n.remember() { // as on a full disk: tried again, news or not
			if !sleep(n.ctx, rememberInterval) {
				return
			}
			continue
		}
		if !n.awaitNews(saved) {
			return
		}
	}
}

// awaitNews returns when the peers are not those of the saved map, or when anything else
// has changed and rememberInterval is over; false means that the node stops.
func (n *Node) awaitNews(saved *slotmap.Map) bool {
	interval := time.NewTimer(rememberInterval)
	defer interval.Stop()
	for over := false; ; {
		changed := n.topology.Changed()
		if now := n.topology.Map(); !samePeers(saved, now) || over && now != saved {
			return true
		}
		select {
		case <-n.stop:
			return false
		case <-changed:
		case <-interval.C:
			over = true
		}
	}
}

// samePeers tells whether two maps lead to the same nodes.
func samePeers(a, b *slotmap.Map) bool {
	return slices.EqualFunc(a.Nodes(), b.Nodes(), func(x, y *slotmap.Node) bool {
		return x.ServerID() == y.ServerID() && x.SameAddress(y)
	})
}

// remember writes the config file; false means that it cannot be written now.
func (n *Node) remember() bool {
	n.life.lock()
	defer n.life.unlock()
	err := n.saveMap()
	if err != nil {
		n.log.Error("the cluster config file cannot be written", "error", err)
	}
	return err == nil
}

// saveMap writes the config file with the present map. The caller holds life.
func (n *Node) saveMap() error {
	m := n.topology.Map()
	if n.closing || m.ClusterID != n.rec.Cluster {
		return nil
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if string(raw) == string(n.rec.Map) {
		return nil
	}
	return n.amend(func(r *record) { r.Map = raw })
}

// resume continues what a crash or a lost disk interrupted, and tells the cluster
// where this process listens now.
func (n *Node) resume() {
	switch {
	case n.rec.Replaces != "":
		n.background(n.rejoin)
	case n.rec.Joining != "":
		addr := n.rec.Joining
		n.background(func() { n.finishJoining(addr); n.publishAddress() })
	default:
		n.background(n.publishAddress)
	}
}

// publishAddress makes the map show where this process listens, if that has changed.
func (n *Node) publishAddress() {
	for {
		ctx, cancel := context.WithTimeout(n.ctx, leaveTimeout)
		err := n.Announce(ctx, n.config.Load().Cluster.Announce)
		cancel()
		if err == nil || !sleep(n.ctx, joinRetry) {
			return
		}
	}
}

// Announce implements server.Announcer: it brings this node's addresses in the map up
// to date.
func (n *Node) Announce(ctx context.Context, a config.Announce) error {
	n.life.lock()
	me := n.self(a)
	n.life.unlock()
	known := n.topology.Map().Node(me.ID)
	if known == nil {
		return nil
	}
	if me.Host == "" {
		me.Host = known.Host // learned from a peer
	}
	if known.SameAddress(&me) {
		return nil
	}
	_, err := n.topology.Change(ctx, slotmap.SetAddress(me))
	return worded(err)
}
