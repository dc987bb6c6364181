package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redoubtdb/redoubt/persistence"
	"github.com/redoubtdb/redoubt/shardgroup"
	"github.com/redoubtdb/redoubt/slotmap"
)

const (
	groupPrefix   = "group-"   // store names of data members
	witnessPrefix = "witness-" // store names of witnesses
	metaPrefix    = "meta-"    // store names of metadata groups, by cluster
	// releaseInterval is how often a member that the map no longer lists asks its
	// group's leader whether Raft's configuration let it go.
	releaseInterval = 300 * time.Millisecond
)

// role is what this node is in a group.
type role uint8

const (
	roleNone role = iota
	roleData
	roleWitness
)

// seat is a member of a group that runs here. A node can for a while be both a data member
// of a group and its witness, when it changes from one to the other.
type seat struct {
	group slotmap.GroupID
	role  role
}

func seatOf(g *shardgroup.Group) seat {
	if g.Witness() {
		return seat{g.ID(), roleWitness}
	}
	return seat{g.ID(), roleData}
}

// store names the seat's store: what a witness has on disk is of no use to a data member.
func (s seat) store() string {
	if s.role == roleWitness {
		return witnessPrefix + string(s.group)
	}
	return groupPrefix + string(s.group)
}

// serverID is the name of this node in the seat's group.
func (n *Node) serverID(s seat) string {
	if s.role == roleWitness {
		return slotmap.WitnessID(n.rec.Node, n.rec.Incarnation)
	}
	return slotmap.ServerID(n.rec.Node, n.rec.Incarnation)
}

// roleOf reads this node's role in a group from the map.
func roleOf(m *slotmap.Map, self slotmap.NodeID, id slotmap.GroupID) role {
	n, g := m.Node(self), m.Group(id)
	switch {
	case n == nil || g == nil:
		return roleNone
	case n.Group == id:
		return roleData
	case g.Witness == self:
		return roleWitness
	}
	return roleNone
}

// reconcileLoop keeps the groups that run here equal to those the map wants here.
func (n *Node) reconcileLoop() {
	ticker := time.NewTicker(releaseInterval)
	defer ticker.Stop()
	for {
		changed := n.topology.Changed()
		n.reconcile()
		select {
		case <-n.stop:
			return
		case <-changed:
		case <-ticker.C:
		}
	}
}

// reconcile starts and stops members of groups once.
func (n *Node) reconcile() {
	released := n.releasedGroups()
	n.life.lock()
	defer n.life.unlock()
	m := n.topology.Map()
	if n.closing || m.ClusterID != n.rec.Cluster || n.rec.Replaces != "" {
		return
	}
	if m.Node(n.rec.Node) == nil {
		if n.changing.on.Load() {
			return // RESET is at it
		}
		n.log.Warn("the cluster has forgotten this node: it begins anew, alone")
		if err := n.wipe(false); err != nil {
			n.fail(err)
		}
		return
	}
	for s, g := range n.groups {
		if released[g] && !n.wants(m, g) {
			n.stopGroup(s, true)
		}
	}
	if err := n.resumeFormer(m); err != nil {
		n.fail(err)
		return
	}
	for _, g := range m.Groups() {
		if s := (seat{g.ID, roleOf(m, n.rec.Node, g.ID)}); s.role != roleNone && n.groups[s] == nil {
			if err := n.startGroup(s); err != nil {
				n.fail(fmt.Errorf("group %s cannot be started: %w", g.ID, err))
				return
			}
		}
	}
	n.useOwnGroup(m)
}

// seatOfStore is the inverse of seat.store; false for stores of the metadata group.
func seatOfStore(name string) (s seat, ok bool) {
	if id, found := strings.CutPrefix(name, witnessPrefix); found {
		return seat{slotmap.GroupID(id), roleWitness}, true
	}
	id, found := strings.CutPrefix(name, groupPrefix)
	return seat{slotmap.GroupID(id), roleData}, found
}

// resumeFormer starts, once after a start of the process, the members that the map does not list any more and that
// their groups have not let go yet: they may be the votes that their groups need to let them go. A group that TAKEOVER
// has rebuilt does not want such a member back. The caller holds life.
func (n *Node) resumeFormer(m *slotmap.Map) error {
	if n.resumed {
		return nil
	}
	n.resumed = true
	names, err := n.dep.Storage.GroupNames()
	if err != nil {
		return fmt.Errorf("listing the data directory: %w", err)
	}
	for _, name := range names {
		s, ok := seatOfStore(name)
		if !ok || n.groups[s] != nil || roleOf(m, n.rec.Node, s.group) == s.role {
			continue
		}
		if g := m.Group(s.group); g == nil || g.Generation > 0 {
			continue
		}
		n.log.Info("a former member is not released yet", "group", s.group, "witness", s.role == roleWitness)
		if err := n.startGroup(s); err != nil {
			return fmt.Errorf("group %s cannot be started: %w", s.group, err)
		}
	}
	return nil
}

// wants tells whether the map lists this node in the role that g plays.
func (n *Node) wants(m *slotmap.Map, g *shardgroup.Group) bool {
	return roleOf(m, n.rec.Node, g.ID()) == seatOf(g).role
}

// releasedGroups finds the members that may go: the map does not list them any more,
// and their group is gone, was rebuilt without them, or its leader has taken them out of
// Raft's configuration.
func (n *Node) releasedGroups() map[*shardgroup.Group]bool {
	released := make(map[*shardgroup.Group]bool)
	m := n.topology.Map()
	if m.Node(n.Self()) == nil {
		return released
	}
	for _, g := range n.running(nil) {
		if n.wants(m, g) {
			continue
		}
		group := m.Group(g.ID())
		released[g] = group == nil || group.Generation > g.Generation() || n.isReleased(n.ctx, g)
	}
	return released
}

func (n *Node) isReleased(ctx context.Context, g *shardgroup.Group) bool {
	ctx, cancel := context.WithTimeout(ctx, n.nodeTimeout())
	defer cancel()
	return g.Released(ctx)
}

// running lists the groups that run here and that keep accepts (nil: all), by id.
func (n *Node) running(keep func(*shardgroup.Group) bool) []*shardgroup.Group {
	n.life.lock()
	defer n.life.unlock()
	var out []*shardgroup.Group
	for _, g := range n.groups {
		if keep == nil || keep(g) {
			out = append(out, g)
		}
	}
	slices.SortFunc(out, func(a, b *shardgroup.Group) int { return strings.Compare(string(a.ID()), string(b.ID())) })
	return out
}

// openStore opens the log and the snapshots of a group. The caller holds life.
func (n *Node) openStore(s seat) (*persistence.GroupStore, error) {
	cfg := n.config.Load()
	check := shardgroup.CheckDataSnapshot
	if s.role == roleWitness {
		check = shardgroup.CheckWitnessSnapshot
	}
	o := persistence.GroupOptions{Engine: cfg.Raft.LogEngine, CheckSnapshot: check}
	if !n.syncs() {
		o.NoSync, o.OnFailure = true, func(err error) { n.groupFailed(s, err) }
	}
	if cfg.Storage.AppendFsync == "everysec" {
		o.SyncEvery = time.Second
	}
	store, err := n.dep.Storage.OpenGroup(s.store(), o)
	if err != nil {
		return nil, fmt.Errorf("opening the log of group %s: %w", s.group, err)
	}
	if err := noteStore(n.dep.Storage, s.store(), true); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}

// startGroup opens this node's member of a group. The caller holds life.
func (n *Node) startGroup(s seat) error {
	store, err := n.openStore(s)
	if err != nil {
		return err
	}
	cfg := n.config.Load()
	if err := n.found(s, store); err != nil {
		_ = store.Close()
		return fmt.Errorf("founding group %s: %w", s.group, err)
	}
	g, err := shardgroup.Open(shardgroup.Deps{
		Store: store, Bus: n.bus, Topology: n.topology, Table: n.table, Logger: n.log, Full: n.diskFull(),
		Fail: func(err error) { n.groupFailed(s, err) },
	}, shardgroup.Options{
		ID: s.group, Generation: generationOf(n.topology.Map(), s.group), Node: n.rec.Node, ServerID: n.serverID(s), Witness: s.role == roleWitness,
		NodeTimeout: n.nodeTimeout(), RequestTimeout: n.requestTimeout(),
		SnapshotEntries: uint64(cfg.Raft.SnapshotEntries), TrailingEntries: uint64(cfg.Raft.TrailingEntries),
		Reads: n.readConsistency, Clock: n.dep.Clock,
	})
	if err != nil {
		return errors.Join(err, store.Close())
	}
	n.groups[s] = g
	return nil
}

// found makes this node the first member of its own group, once. When it comes back to that group after others have
// taken it over, it is a learner like everybody: with a configuration of its own it would lead, and own the group's
// slots, until the real leader finds it. The caller holds life.
func (n *Node) found(s seat, store *persistence.GroupStore) error {
	if n.rec.Founding != s.group || n.rec.Founded || s.role != roleData {
		return nil
	}
	if err := shardgroup.Bootstrap(store, n.serverID(s)); err != nil {
		return err
	}
	return n.amend(func(r *record) { r.Founded = true })
}

// diskFull asks the storage for its space, nil if it never runs out.
func (n *Node) diskFull() func(bytes int) bool {
	if t, ok := n.dep.Storage.(persistence.SpaceTeller); ok {
		return t.Full
	}
	return nil
}

// generationOf is a group's generation, 0 for one that the map does not have any more.
func generationOf(m *slotmap.Map, id slotmap.GroupID) uint64 {
	if g := m.Group(id); g != nil {
		return g.Generation
	}
	return 0
}

// stopGroup closes a member and, with wipe, removes its data. The caller holds life.
func (n *Node) stopGroup(s seat, wipe bool) {
	g := n.groups[s]
	delete(n.groups, s)
	n.shard.drop(g)
	if err := g.Close(); err != nil {
		n.log.Warn("closing a group", "group", s.group, "error", err)
	}
	if !wipe {
		return
	}
	n.log.Info("this node is no longer a member of the group; removing its copy", "group", s.group, "witness", g.Witness())
	if err := dropStore(n.dep.Storage, s.store()); err != nil {
		n.log.Error("removing a group's data", "group", s.group, "error", err)
	}
}

// removeStrayStores deletes what a crash left of groups and clusters that this node
// is no longer a member of. It runs before anything is opened.
func (n *Node) removeStrayStores() {
	names, err := n.dep.Storage.GroupNames()
	if err != nil {
		n.log.Warn("listing the data directory", "error", err)
		return
	}
	for _, name := range names {
		stray := strings.HasPrefix(name, metaPrefix) && name != metaPrefix+n.rec.Cluster
		if !stray {
			continue
		}
		n.log.Info("removing the metadata of a former cluster", "store", name)
		if err := dropStore(n.dep.Storage, name); err != nil {
			n.log.Warn("removing a stray store", "store", name, "error", err)
		}
	}
}
