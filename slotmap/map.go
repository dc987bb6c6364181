package slotmap

import (
	"slices"
	"strings"
)

// Map is the whole cluster as the metadata group knows it. It is immutable: Apply makes a new one, which
// shares what did not change. Pointers and slices it returns are shared too and must not be modified.
type Map struct {
	ClusterID string
	Version   uint64 // number of changes
	Epoch     uint64 // Redis' currentEpoch
	Fence     uint64 // number of steps of slot ownership; SlotEpoch and hand-over epochs are taken from it

	nodes  []*Node  // sorted by id
	groups []*Group // sorted by id
	pages  [pageCount]*page
	index  *slotIndex
	state  State
}

// NewMap makes the map of a cluster of one node and its group, with no slots.
func NewMap(clusterID string, n Node, g Group) *Map {
	n.Group = g.ID
	g.Members = []NodeID{n.ID}
	if g.Leader == "" {
		g.Leader = n.ID
	}
	m := &Map{ClusterID: clusterID, Version: 1, Epoch: g.Epoch, nodes: []*Node{&n}, groups: []*Group{&g}}
	m.index = m.makeIndex()
	m.state = m.computeState()
	return m
}

// Node returns a node, or nil.
func (m *Map) Node(id NodeID) *Node {
	if i, ok := findNode(m.nodes, id); ok {
		return m.nodes[i]
	}
	return nil
}

// Nodes returns all nodes sorted by id.
func (m *Map) Nodes() []*Node { return m.nodes }

// Group returns a group, or nil.
func (m *Map) Group(id GroupID) *Group {
	if i, ok := findGroup(m.groups, id); ok {
		return m.groups[i]
	}
	return nil
}

// Groups returns all groups sorted by id.
func (m *Map) Groups() []*Group { return m.groups }

// GroupOf returns the group of a node, or nil.
func (m *Map) GroupOf(id NodeID) *Group {
	if n := m.Node(id); n != nil {
		return m.Group(n.Group)
	}
	return nil
}

// ByServerID returns the node that has this Raft server id now, as a witness or otherwise, or nil if it is unknown
// or has another incarnation.
func (m *Map) ByServerID(serverID string) *Node {
	id, incarnation, _ := SplitServerID(serverID)
	if n := m.Node(id); n != nil && n.Incarnation == incarnation {
		return n
	}
	return nil
}

// Owner returns the group that a slot is assigned to, or "".
func (m *Map) Owner(slot uint16) GroupID { return m.slot(slot).owner }

// SlotEpoch returns the fence of the slot's assignment. It grows whenever ownership takes a step.
func (m *Map) SlotEpoch(slot uint16) uint64 { return m.slot(slot).epoch }

// Handoff tells whether a slot's owner must release it, and to whom it is assigned then ("" nobody).
func (m *Map) Handoff(slot uint16) (to GroupID, active bool) {
	s := m.slot(slot)
	return s.to, s.handoff != 0
}

// HandoffEpoch returns the fence of the slot's hand-over, 0 if there is none.
func (m *Map) HandoffEpoch(slot uint16) uint64 { return m.slot(slot).handoff }

// Handoffs returns all hand-overs under way, by slot.
func (m *Map) Handoffs() []Handoff { return m.index.handoffs }

// Ranges returns the slots of a group.
func (m *Map) Ranges(g GroupID) []Range { return m.index.ranges[g] }

// Count returns the number of slots of a group.
func (m *Map) Count(g GroupID) int { return m.index.counts[g] }

// Assigned returns the number of slots that have an owner.
func (m *Map) Assigned() int { return m.index.assigned }

// State is the health of the cluster, as CLUSTER INFO says it.
type State string

// The two states of a cluster.
const (
	StateOK   State = "ok"
	StateFail State = "fail"
)

// State is ok if every slot has an owner and no owner's leader has failed.
func (m *Map) State() State { return m.state }

func (m *Map) computeState() State {
	if m.index.assigned != SlotCount {
		return StateFail
	}
	for _, g := range m.groups {
		if m.index.counts[g.ID] > 0 && !m.serves(g) {
			return StateFail
		}
	}
	return StateOK
}

// serves tells whether a group's leader is up or, while no leader is known, whether any member is.
func (m *Map) serves(g *Group) bool {
	if g.Leader != "" {
		return !m.Node(g.Leader).Failed
	}
	return slices.ContainsFunc(g.Members, func(id NodeID) bool { return !m.Node(id).Failed })
}

func findNode(nodes []*Node, id NodeID) (int, bool) {
	return slices.BinarySearchFunc(nodes, id, func(n *Node, id NodeID) int { return strings.Compare(string(n.ID), string(id)) })
}

func findGroup(groups []*Group, id GroupID) (int, bool) {
	return slices.BinarySearchFunc(groups, id, func(g *Group, id GroupID) int { return strings.Compare(string(g.ID), string(id)) })
}
