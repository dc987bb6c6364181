package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/resp/server"
	"github.com/redoubtdb/redoubt/shardgroup"
	"github.com/redoubtdb/redoubt/slotmap"
)

const (
	// adminTimeout bounds an administrative command.
	adminTimeout = 10 * time.Second
	// failoverTimeout is how long a manual failover may take, as in Redis.
	failoverTimeout = 5 * time.Second
	// pollInterval is how often a command looks whether what it asked for has happened.
	pollInterval = 10 * time.Millisecond
	// settleTimeout is how long ADDSLOTS waits until the slots are served.
	settleTimeout = 2 * time.Second
)

// Texts of administrative errors, as Redis has them where Redis has them.
var (
	errForgetSelf   = replyError("ERR I tried hard but I can't forget myself...")
	errForgetMaster = replyError("ERR Can't forget my master!")
	errLastHolder   = replyError("ERR this node holds the only copy of slots of the cluster: move its slots, or give it a replica, first")
	errNotEmpty     = replyError("ERR To set a master the node must be empty and without assigned slots.")
	errDBNotEmpty   = replyError("ERR DB must be empty to perform CLUSTER FLUSHSLOTS.")
	errIsMaster     = replyError("ERR You should send CLUSTER FAILOVER to a replica")
	errMasterDown   = replyError("ERR Master is down or failed, please use CLUSTER FAILOVER FORCE")
	errTimedOut     = replyError("ERR the cluster did not come to it in time; it may still")
)

var (
	_ server.Topology  = (*Node)(nil)
	_ server.Admin     = (*Node)(nil)
	_ server.Inspector = (*Node)(nil)
)

// Map implements server.Topology.
func (n *Node) Map() *slotmap.Map { return n.topology.Map() }

// Self implements server.Topology.
func (n *Node) Self() slotmap.NodeID { return slotmap.NodeID(n.identity.load().Node) }

// MetaLeader implements server.Topology.
func (n *Node) MetaLeader() slotmap.NodeID {
	member := n.topology.metaMember()
	if member == nil {
		return ""
	}
	id, _, _ := slotmap.SplitServerID(member.Leader())
	return id
}

// myGroup is the group this node holds data of, "" while it has none.
func (n *Node) myGroup(m *slotmap.Map) slotmap.GroupID {
	if me := m.Node(n.Self()); me != nil {
		return me.Group
	}
	return ""
}

// change commits a change of the map and words the error for a client.
func (n *Node) change(ctx context.Context, c slotmap.Change) (*slotmap.Map, error) {
	ctx, cancel := context.WithTimeout(ctx, adminTimeout)
	defer cancel()
	m, err := n.topology.Change(ctx, c)
	return m, worded(err)
}

// worded gives an error of the map the text that a client of Redis expects.
func worded(err error) error {
	var busy *slotmap.SlotBusyError
	switch {
	case err == nil, errors.Is(err, errChanging):
		return err
	case errors.As(err, &busy):
		return fmt.Errorf("ERR Slot %d is already busy", busy.Slot)
	case errors.Is(err, slotmap.ErrNotEmpty):
		return errNotEmpty
	case errors.Is(err, slotmap.ErrLastHolder):
		return errLastHolder
	case errors.Is(err, slotmap.ErrEpochSet):
		return replyError("ERR Node config epoch is already non-zero")
	case errors.Is(err, slotmap.ErrKnowsOthers):
		return replyError("ERR The user can assign a config epoch only when the node does not know any other node.")
	}
	return fmt.Errorf("ERR %w", err)
}

// until polls for a condition; false means that ctx or the node ended first.
func (n *Node) until(ctx context.Context, cond func() bool) bool {
	for !cond() {
		if n.ctx.Err() != nil || !sleep(ctx, pollInterval) {
			return false
		}
	}
	return true
}

// untilTimeout is until for a node time-out at most.
func (n *Node) untilTimeout(ctx context.Context, cond func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, n.nodeTimeout())
	defer cancel()
	return n.until(ctx, cond)
}

// AddSlots implements CLUSTER ADDSLOTS: it answers when the slots are this group's and,
// where this node leads it, are served.
func (n *Node) AddSlots(ctx context.Context, ranges []slotmap.Range) error {
	m, err := n.change(ctx, slotmap.AssignSlots(n.myGroup(n.Map()), ranges))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	n.until(ctx, func() bool {
		leader := n.shard.Leader()
		return n.servesAll(m, ranges) || leader != "" && leader != n.Self()
	})
	return nil
}

// servesAll tells whether the gates of all slots are open here.
func (n *Node) servesAll(m *slotmap.Map, ranges []slotmap.Range) bool {
	machine := n.shard.machine()
	return machine != nil && opened(machine, m, ranges)
}

// opened tells whether every slot has a gate as new as its assignment.
func opened(machine *fsm.Machine, m *slotmap.Map, ranges []slotmap.Range) bool {
	for _, r := range ranges {
		for s := int(r.Start); s <= int(r.End); s++ {
			if _, epoch := machine.Gate(uint16(s)); epoch < m.SlotEpoch(uint16(s)) {
				return false
			}
		}
	}
	return true
}

// DelSlots implements CLUSTER DELSLOTS for slots of this node's group: the group
// releases them first, then the map.
func (n *Node) DelSlots(ctx context.Context, ranges []slotmap.Range) error {
	mine := n.myGroup(n.Map())
	m := n.Map()
	for _, r := range ranges {
		for s := int(r.Start); s <= int(r.End); s++ {
			switch owner := m.Owner(uint16(s)); {
			case owner == "":
				return fmt.Errorf("ERR Slot %d is already unassigned", s)
			case owner != mine:
				return fmt.Errorf("ERR Slot %d is owned by another node: send CLUSTER DELSLOTS to it", s)
			}
		}
	}
	if len(ranges) == 0 {
		return nil
	}
	if _, err := n.change(ctx, slotmap.BeginHandoff(ranges, "")); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, adminTimeout)
	defer cancel()
	gone := func() bool {
		m := n.Map()
		for _, r := range ranges {
			for s := int(r.Start); s <= int(r.End); s++ {
				if m.Owner(uint16(s)) == mine {
					return false
				}
			}
		}
		return true
	}
	if !n.until(ctx, gone) {
		return errTimedOut
	}
	return nil
}

// FlushSlots implements CLUSTER FLUSHSLOTS.
func (n *Node) FlushSlots(ctx context.Context) error {
	if machine := n.shard.machine(); machine != nil && machine.Keys() > 0 {
		return errDBNotEmpty
	}
	m := n.Map()
	return n.DelSlots(ctx, m.Ranges(n.myGroup(m)))
}

// BumpEpoch implements CLUSTER BUMPEPOCH.
func (n *Node) BumpEpoch(ctx context.Context) (uint64, bool, error) {
	before := n.Map()
	m, err := n.change(ctx, slotmap.BumpEpoch(n.Self()))
	if err != nil {
		return 0, false, err
	}
	return m.Group(n.myGroup(m)).Epoch, m.Version > before.Version, nil
}

// SetConfigEpoch implements CLUSTER SET-CONFIG-EPOCH.
func (n *Node) SetConfigEpoch(ctx context.Context, epoch uint64) error {
	_, err := n.change(ctx, slotmap.SetConfigEpoch(n.Self(), epoch))
	return err
}

// SaveConfig implements CLUSTER SAVECONFIG.
func (n *Node) SaveConfig(context.Context) error {
	n.life.lock()
	defer n.life.unlock()
	if err := n.saveMap(); err != nil {
		return fmt.Errorf("ERR error saving the cluster node config: %w", err)
	}
	return nil
}

// Replicate implements CLUSTER REPLICATE: this node, which holds nothing that would be
// lost, becomes a member of the master's group.
func (n *Node) Replicate(ctx context.Context, master slotmap.NodeID) error {
	m := n.Map()
	target := m.Node(master)
	switch {
	case target == nil:
		return fmt.Errorf("ERR Unknown node %s", master)
	case master == n.Self():
		return replyError("ERR Can't replicate myself")
	case m.Group(target.Group) == nil || masterOf(m.Group(target.Group)) != master:
		return replyError("ERR I can only replicate a master, not a replica.")
	case target.Group == n.myGroup(m):
		return nil
	}
	if masterOf(m.GroupOf(n.Self())) == n.Self() {
		if machine := n.shard.machine(); m.Count(n.myGroup(m)) > 0 || (machine != nil && machine.Keys() > 0) {
			return errNotEmpty
		}
	}
	if _, err := n.change(ctx, slotmap.MoveNode(n.Self(), target.Group)); err != nil {
		return err
	}
	n.reconcile()
	return nil
}

// masterOf is the node that is shown as a group's master.
func masterOf(g *slotmap.Group) slotmap.NodeID {
	if g == nil {
		return ""
	}
	return g.Leader
}

// Forget implements CLUSTER FORGET: out of its group, then out of the map, for the
// whole cluster at once.
func (n *Node) Forget(ctx context.Context, id slotmap.NodeID) error {
	m := n.Map()
	switch {
	case id == n.Self():
		return errForgetSelf
	case m.Node(id) == nil && n.forgot.has(id):
		return nil
	case m.Node(id) == nil:
		return fmt.Errorf("ERR Unknown node %s", id)
	case masterOf(m.GroupOf(n.Self())) == id:
		return errForgetMaster
	}
	ctx, cancel := context.WithTimeout(ctx, adminTimeout)
	defer cancel()
	if _, err := n.topology.Change(ctx, slotmap.SetLeaving(id)); err != nil && !errors.Is(err, slotmap.ErrNoNode) {
		return worded(err)
	}
	if !n.until(ctx, func() bool { return n.Map().Node(id) == nil }) {
		return errTimedOut
	}
	return nil
}

// pairAlone tells whether a cluster of two nodes has them in one group.
func pairAlone(m *slotmap.Map) bool {
	return len(m.Nodes()) == 2 && len(m.Groups()) == 1
}

// watchForgotten remembers nodes that leave the map, for repeated FORGETs on any node.
func (n *Node) watchForgotten(before, now *slotmap.Map) {
	if pairAlone(now) && !pairAlone(before) {
		n.log.Warn("a group of two has no third node for a witness: its writes wait for both members, and the loss of either stops it")
	}
	for _, node := range before.Nodes() {
		if now.Node(node.ID) == nil {
			n.forgot.add(node.ID)
		}
	}
}

// Failover implements CLUSTER FAILOVER: leadership is handed to this node.
func (n *Node) Failover(ctx context.Context, mode server.FailoverMode) error {
	g := n.shard.group.Load()
	if g == nil || g.Leading() {
		return errIsMaster
	}
	if mode == server.FailoverTakeover {
		return n.takeover(ctx, g)
	}
	if mode == server.FailoverGraceful && n.awaitLeader(ctx, g) == n.Self() {
		return nil // elected meanwhile
	}
	err := n.requestTransfer(ctx, g)
	if err == nil || mode == server.FailoverGraceful {
		return err
	}
	// FORCE: the master does not answer. The members elect a leader on their own; as
	// soon as there is one it is asked in turn, unless it is this node already.
	n.background(func() {
		ctx, cancel := context.WithTimeout(n.ctx, adminTimeout)
		defer cancel()
		n.until(ctx, func() bool { return g.Leading() || n.requestTransfer(ctx, g) == nil })
	})
	return nil
}

// awaitLeader waits, for a node time-out at most, until this node knows who leads its group: right after a failover the
// map may say so while nothing has come from the new leader yet.
func (n *Node) awaitLeader(ctx context.Context, g *shardgroup.Group) (leader slotmap.NodeID) {
	n.untilTimeout(ctx, func() bool {
		leader = g.Leader()
		return leader != "" && (leader != n.Self() || g.Leading())
	})
	return leader
}

// requestTransfer asks the group's leader to hand over to this node.
func (n *Node) requestTransfer(ctx context.Context, g *shardgroup.Group) error {
	leader, _ := g.Replica().Leader()
	if leader == "" {
		return errMasterDown
	}
	ctx, cancel := context.WithTimeout(ctx, failoverTimeout)
	defer cancel()
	if _, err := g.RequestTransfer(ctx, leader); err != nil {
		return fmt.Errorf("ERR the master could not hand over: %w", err)
	}
	n.until(ctx, g.Leading)
	return nil
}
