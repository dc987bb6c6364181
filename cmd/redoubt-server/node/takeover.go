package node

import (
	"context"
	"errors"
	"fmt"

	"github.com/redoubtdb/redoubt/persistence"
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
// and the group begins a new generation, so that none of them can come back as a voter;
// then it is rebuilt from this member alone. Acknowledged writes that only the lost members had are lost.
func (n *Node) takeover(ctx context.Context, g *shardgroup.Group) error {
	ctx, cancel := context.WithTimeout(ctx, adminTimeout)
	defer cancel()
	if g.Leader() != "" {
		return errHasLeader
	}
	m := n.Map()
	group := m.GroupOf(n.Self())
	if group == nil || g.Witness() {
		return errNoData
	}
	if _, err := n.topology.Change(ctx, slotmap.Takeover(group.ID, n.Self(), group.Generation+1)); errors.Is(err, slotmap.ErrNotFailed) {
		return fmt.Errorf("ERR %w: it may still hold acknowledged writes", err)
	} else if err != nil {
		return worded(err)
	}
	n.log.Error("TAKEOVER: the group is rebuilt from this member alone; ACKNOWLEDGED WRITES MAY BE LOST", "group", g.ID())
	return n.rebuild(g)
}

// rebuild makes this member the only one of its group.
func (n *Node) rebuild(g *shardgroup.Group) error {
	err := n.reopen(g, func(store *persistence.GroupStore) error {
		return shardgroup.Recover(store, slotmap.ServerID(n.rec.Node, n.rec.Incarnation), n.table, n.log)
	})
	switch {
	case errors.Is(err, errChanging):
		return err
	case err != nil:
		return fmt.Errorf("ERR %w", err)
	}
	return nil
}
