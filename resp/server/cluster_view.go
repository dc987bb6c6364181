package server

import (
	"slices"
	"strings"
	"time"

	"github.com/redoubtdb/redoubt/slotmap"
)

// clusterView is the cluster as one node's CLUSTER commands tell it: the map, and what the node knows better itself. All
// that is made of it is a pure function of it.
type clusterView struct {
	*slotmap.Map
	self      slotmap.NodeID
	leader    slotmap.NodeID // of self's own group as its Raft knows it; "" unknown
	unready   bool           // nobody leads that group, or this node, elected just now, does not serve yet
	endpoints string         // cluster-preferred-endpoint-type
	now       time.Time
	heard     map[slotmap.NodeID]time.Duration // since a node last answered, as far as this node knows
	offsets   map[slotmap.NodeID]uint64        // replication offsets, as far as this node knows
}

// clusterView gathers what CLUSTER commands show.
func (s *Server) clusterView() *clusterView {
	v := &clusterView{
		Map: s.topology.Map(), self: s.topology.Self(), leader: s.shard.Leader(),
		endpoints: s.cfg.Load().Cluster.EndpointType, now: time.Now(),
		heard: map[slotmap.NodeID]time.Duration{}, offsets: map[slotmap.NodeID]uint64{},
	}
	v.unready = v.leader == "" || v.leader == v.self && !s.shard.Leading()
	for _, g := range s.inspect.Groups() {
		for _, m := range g.Members {
			if m.LastContact >= 0 && g.Leader == v.self {
				v.heard[m.Node] = m.LastContact
			}
		}
	}
	status := s.inspect.Data().Replication()
	v.offsets[v.self] = status.Offset
	for _, r := range status.Replicas {
		v.offsets[r.Node] = r.Offset
	}
	return v
}

// state is cluster_state: the map's, unless this node knows better that slots of its own shard are not served.
func (v *clusterView) state() slotmap.State {
	if me := v.Node(v.self); v.unready && me != nil && v.Count(me.Group) > 0 {
		return slotmap.StateFail
	}
	return v.State()
}

// master returns the master of a group: the leader by its own Raft's word or by report, or for want of one its first member.
func (v *clusterView) master(g *slotmap.Group) slotmap.NodeID {
	if me := v.Node(v.self); me != nil && me.Group == g.ID && slices.Contains(g.Members, v.leader) {
		return v.leader
	}
	if slices.Contains(g.Members, g.Leader) || len(g.Members) == 0 {
		return g.Leader
	}
	return g.Members[0]
}

// masterOf returns the master of a node's group, the node itself if it is one or has no group.
func (v *clusterView) masterOf(n *slotmap.Node) slotmap.NodeID {
	g := v.Group(n.Group)
	if g == nil {
		return n.ID
	}
	return v.master(g)
}

// ledBefore tells whether the map has seen a node's group led, by whomever.
func (v *clusterView) ledBefore(n *slotmap.Node) bool {
	g := v.Group(n.Group)
	return g != nil && g.Term > 0
}

// isMaster tells whether a node is shown as a master.
func (v *clusterView) isMaster(n *slotmap.Node) bool { return v.masterOf(n) == n.ID }

// visible tells whether a node is shown at all. One that is being forgotten is not, as if FORGET were over at once,
// unless slots are still served by it.
func (v *clusterView) visible(n *slotmap.Node) bool {
	switch {
	case n.ID == v.self:
		return true
	case n.Group == "":
		return false
	}
	return !n.Leaving || v.isMaster(n) && v.Count(n.Group) > 0
}

// nodes returns the nodes that are shown, by id.
func (v *clusterView) nodes() []*slotmap.Node {
	return slices.DeleteFunc(slices.Clone(v.Nodes()), func(n *slotmap.Node) bool { return !v.visible(n) })
}

// find returns a node that is shown, or nil.
func (v *clusterView) find(id slotmap.NodeID) *slotmap.Node {
	if n := v.Node(id); n != nil && v.visible(n) {
		return n
	}
	return nil
}

// members returns the shown nodes of a group, its master first.
func (v *clusterView) members(g *slotmap.Group) []*slotmap.Node {
	var out []*slotmap.Node
	for _, id := range g.Members {
		if n := v.find(id); n != nil {
			out = append(out, n)
		}
	}
	master := v.master(g)
	slices.SortStableFunc(out, func(a, b *slotmap.Node) int {
		switch master {
		case a.ID:
			return -1
		case b.ID:
			return 1
		}
		return strings.Compare(string(a.ID), string(b.ID))
	})
	return out
}

// epoch is the config epoch that is shown for a node: its master's.
func (v *clusterView) epoch(n *slotmap.Node) uint64 {
	if g := v.Group(n.Group); g != nil {
		return g.Epoch
	}
	return 0
}
