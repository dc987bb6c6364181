package node

import (
	"context"
	"errors"
	"fmt"

	"github.com/redoubtdb/redoubt/shardgroup"
	"github.com/redoubtdb/redoubt/slotmap"
)

// Refusals of TAKEOVER.
var (
	errHasLeader = replyError("ERR the group has a leader: use CLUSTER FAILOVER; TAKEOVER is for a group whose majority is gone for good")
	errNoData    = replyError("ERR this node holds no data of a group")
)

// takeover implements CLUSTER FAILOVER TAKEOVER: the operator's last resort when the
// majority of a group is gone for good. The members that do not answer leave the cluster,
// so that none of them can come back as a voter; then the group is rebuilt from this
// member alone. Acknowledged writes that only the lost members had are lost.
func (n *Node) takeover(ctx context.Context, g *shardgroup.Group) error {
	if g.Leader() != "" {
		return errHasLeader
	}
	m := n.Map()
	group := m.GroupOf(n.Self())
	if group == nil || g.Witness() {
		return errNoData
	}
	for _, id := range group.Members {
		if node := m.Node(id); id != n.Self() && !node.Failed {
			return fmt.Errorf("ERR node %s of the group is not marked as failed: it may still hold acknowledged writes", id)
		}
	}
	n.log.Error("TAKEOVER: the group is rebuilt from this member alone; ACKNOWLEDGED WRITES MAY BE LOST", "group", g.ID())
	for _, id := range group.Members {
		if id == n.Self() {
			continue
		}
		if _, err := n.change(ctx, slotmap.Leave(id, m.Node(id).Incarnation)); err != nil {
			return err
		}
	}
	if _, err := n.change(ctx, slotmap.SetWitness(group.ID, "")); err != nil {
		return err
	}
	return n.rebuild(g)
}

// rebuild makes this member the only one of its group.
func (n *Node) rebuild(g *shardgroup.Group) error {
	n.life.lock()
	defer n.life.unlock()
	if n.closing || n.groups[seatOf(g)] != g {
		return errChanging
	}
	n.stopGroup(seatOf(g), false)
	if err := n.recoverStore(g.ID()); err != nil {
		n.fail(err)
		return fmt.Errorf("ERR %w", err)
	}
	if err := n.startGroup(seatOf(g)); err != nil {
		n.fail(err)
		return fmt.Errorf("ERR %w", err)
	}
	n.useOwnGroup(n.topology.Map())
	return nil
}

func (n *Node) recoverStore(id slotmap.GroupID) error {
	store, err := n.openStore(seat{id, roleData})
	if err != nil {
		return err
	}
	err = shardgroup.Recover(store, slotmap.ServerID(n.rec.Node, n.rec.Incarnation), n.table, n.log)
	return errors.Join(err, store.Close())
}
