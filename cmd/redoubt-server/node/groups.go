package node

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redoubtdb/redoubt/persistence"
	"github.com/redoubtdb/redoubt/shardgroup"
	"github.com/redoubtdb/redoubt/slotmap"
)

const (
	groupPrefix = "group-" // store names of data groups
	metaPrefix  = "meta-"  // store names of metadata groups, by cluster
	// releaseInterval is how often a member that the map no longer lists asks its
	// group's leader whether Raft's configuration let it go.
	releaseInterval = 300 * time.Millisecond
)

func groupStore(id slotmap.GroupID) string { return groupPrefix + string(id) }

// role is what this node is in a group.
type role uint8

const (
	roleNone role = iota
	roleData
	roleWitness
)

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
	for id, g := range n.groups {
		if released[g] && !n.wants(m, g) {
			n.stopGroup(id, true)
		}
	}
	for _, g := range m.Groups() {
		if r := roleOf(m, n.rec.Node, g.ID); r != roleNone && n.groups[g.ID] == nil {
			if err := n.startGroup(g.ID, r); err != nil {
				n.fail(fmt.Errorf("group %s cannot be started: %w", g.ID, err))
				return
			}
		}
	}
	n.useOwnGroup(m)
}

// wants tells whether the map lists this node in the role that g plays.
func (n *Node) wants(m *slotmap.Map, g *shardgroup.Group) bool {
	role := roleOf(m, n.rec.Node, g.ID())
	return g.Witness() && role == roleWitness || !g.Witness() && role == roleData
}

// releasedGroups finds the members that may go: the map does not list them any more,
// and their group is gone or its leader has taken them out of Raft's configuration.
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
		released[g] = m.Group(g.ID()) == nil || n.isReleased(n.ctx, g)
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
func (n *Node) openStore(id slotmap.GroupID, r role) (*persistence.GroupStore, error) {
	cfg := n.config.Load()
	check := shardgroup.CheckDataSnapshot
	if r == roleWitness {
		check = shardgroup.CheckWitnessSnapshot
	}
	store, err := n.dep.Storage.OpenGroup(groupStore(id), persistence.GroupOptions{
		Engine: cfg.Raft.LogEngine, NoSync: cfg.Storage.AppendFsync != "always", CheckSnapshot: check,
	})
	if err != nil {
		return nil, fmt.Errorf("opening the log of group %s: %w", id, err)
	}
	return store, nil
}

// startGroup opens this node's member of a group. The caller holds life.
func (n *Node) startGroup(id slotmap.GroupID, r role) error {
	store, err := n.openStore(id, r)
	if err != nil {
		return err
	}
	cfg := n.config.Load()
	server := slotmap.ServerID(n.rec.Node, n.rec.Incarnation)
	if n.rec.Founding == id && r == roleData {
		if err := shardgroup.Bootstrap(store, server); err != nil {
			_ = store.Close()
			return fmt.Errorf("founding group %s: %w", id, err)
		}
	}
	g, err := shardgroup.Open(shardgroup.Deps{
		Store: store, Bus: n.bus, Topology: n.topology, Table: n.table, Logger: n.log, Fail: n.fail,
	}, shardgroup.Options{
		ID: id, Node: n.rec.Node, ServerID: server, Witness: r == roleWitness,
		NodeTimeout: n.nodeTimeout(), RequestTimeout: n.requestTimeout(),
		SnapshotEntries: uint64(cfg.Raft.SnapshotEntries), TrailingEntries: uint64(cfg.Raft.TrailingEntries),
		Reads: n.readConsistency,
	})
	if err != nil {
		return err
	}
	n.groups[id] = g
	return nil
}

// stopGroup closes a member and, with wipe, removes its data. The caller holds life.
func (n *Node) stopGroup(id slotmap.GroupID, wipe bool) {
	g := n.groups[id]
	delete(n.groups, id)
	n.shard.drop(g)
	if err := g.Close(); err != nil {
		n.log.Warn("closing a group", "group", id, "error", err)
	}
	if !wipe {
		return
	}
	n.log.Info("this node is no longer a member of the group; removing its copy", "group", id)
	if err := n.dep.Storage.RemoveGroup(groupStore(id)); err != nil {
		n.log.Error("removing a group's data", "group", id, "error", err)
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
		if err := n.dep.Storage.RemoveGroup(name); err != nil {
			n.log.Warn("removing a stray store", "store", name, "error", err)
		}
	}
}
