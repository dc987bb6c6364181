package server

import (
	"fmt"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/resp/server/config"
	"github.com/redoubtdb/redoubt/slotmap"
)

// question is what routing needs to know of a command with keys.
type question struct {
	slot       uint16
	cross      bool // its keys are in several slots; slot is the first one's
	write      bool
	readonly   bool // the client sent READONLY
	asking     bool // the client sent ASKING just before
	leaderOnly bool // not to be served by a replica, though it is no write
}

// place is who serves a command.
type place uint8

const (
	elsewhere place = iota
	atLeader        // this node, which leads the group
	atReplica       // this node, although it does not
)

// seat is this node's part in its own group.
type seat interface {
	Leading() bool
	Leader() slotmap.NodeID
}

// view is a map as one node looks at it.
type view struct {
	m     *slotmap.Map
	self  slotmap.NodeID
	group slotmap.GroupID                // self's; "" none
	fine  bool                           // the cluster's state is ok
	mine  [slotmap.SlotCount / 64]uint64 // the slots of group, a bit each: small enough to stay in the processor's cache
}

// owns tells whether a slot is the group's.
func (v *view) owns(slot uint16) bool { return v.mine[slot/64]>>(slot%64)&1 == 1 }

// view returns the present view. It is made anew only when the map has changed.
func (s *Server) view() *view {
	m, self := s.topology.Map(), s.topology.Self()
	if v := s.seen.Load(); v != nil && v.m == m && v.self == self {
		return v
	}
	v := newView(m, self)
	s.seen.Store(v)
	return v
}

func newView(m *slotmap.Map, self slotmap.NodeID) *view {
	v := &view{m: m, self: self, fine: m.State() == slotmap.StateOK}
	n := m.Node(self)
	if n == nil {
		return v
	}
	v.group = n.Group
	for slot := range uint16(slotmap.SlotCount) {
		if v.group != "" && m.Owner(slot) == v.group {
			v.mine[slot/64] |= 1 << (slot % 64)
		}
	}
	return v
}

// route decides where a command with keys is served; if elsewhere, text is the error that says so.
func (s *Server) route(q question) (where place, text string) {
	return s.view().route(q, s.shard, &s.cfg.Load().Cluster)
}

func (v *view) route(q question, own seat, cfg *config.Cluster) (where place, text string) {
	if v.fine && !q.cross && v.owns(q.slot) && own.Leading() {
		return atLeader, ""
	}
	owner := v.m.Owner(q.slot)
	switch {
	case owner == "":
		return elsewhere, resp.ErrSlotNotServed
	case q.cross:
		return elsewhere, resp.ErrCrossSlot
	case v.m.State() != slotmap.StateOK && cfg.RequireFullCoverage:
		if !cfg.AllowReadsWhenDown {
			return elsewhere, resp.ErrClusterDown
		}
		if q.write {
			return elsewhere, resp.ErrClusterDownReads
		}
	}
	if owner != v.group {
		return v.routeAway(q, owner, own, cfg)
	}
	if own.Leading() {
		return atLeader, ""
	}
	if q.readonly && !q.write && !q.leaderOnly {
		return atReplica, ""
	}
	return elsewhere, v.moved(q.slot, own.Leader(), cfg)
}

// routeAway routes a command whose slot is another group's. One that was sent here by ASK is let through:
// the slot's gate in the state machine decides.
func (v *view) routeAway(q question, owner slotmap.GroupID, own seat, cfg *config.Cluster) (place, string) {
	if q.asking && own.Leading() {
		return atLeader, ""
	}
	return elsewhere, v.moved(q.slot, v.m.Group(owner).Leader, cfg)
}

// moved sends the client to the leader of the slot's group.
func (v *view) moved(slot uint16, leader slotmap.NodeID, cfg *config.Cluster) string {
	n := v.m.Node(leader)
	switch {
	case n == nil:
		return resp.ErrClusterDown
	case leader == v.self:
		return resp.ErrTryAgain // elected, and not ready yet
	}
	return fmt.Sprintf(resp.ErrMovedF, slot, endpoint(n, cfg.EndpointType), n.ClientPort())
}

// endpoint is the host of a node that clients are told. Empty means: the one the client is connected to.
func endpoint(n *slotmap.Node, endpointType string) string {
	switch endpointType {
	case "hostname":
		if n.Hostname == "" {
			return "?"
		}
		return n.Hostname
	case "unknown-endpoint":
		return ""
	}
	return n.ClientHost()
}

// redirect returns the error for an op that certainly did not run here: where it belongs by now, or that
// the client should try again.
func (s *Server) redirect(op *fsm.Op, readonly bool) string {
	if op.Slot == fsm.NoSlot {
		if !op.IsWrite() || s.shard.Leading() {
			return resp.ErrTryAgain
		}
		return s.notLeading()
	}
	where, text := s.route(question{slot: uint16(op.Slot), write: op.IsWrite(), readonly: readonly})
	if where != elsewhere {
		return resp.ErrTryAgain
	}
	return text
}

// notLeading is the error for a write without keys on a node that does not lead its group.
func (s *Server) notLeading() string {
	switch s.shard.Leader() {
	case "":
		return resp.ErrClusterDown
	case s.topology.Self():
		return resp.ErrTryAgain
	}
	return resp.ErrReadOnlyReplica
}
