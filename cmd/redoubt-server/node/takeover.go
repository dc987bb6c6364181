package node

import (
	"context"
	"errors"

	"github.com/redoubtdb/redoubt/shardgroup"
)

// errTakeoverLater is the answer until a group can be rebuilt.
var errTakeoverLater = errors.New("ERR TAKEOVER is not supported yet")

// takeover implements CLUSTER FAILOVER TAKEOVER: the operator's last resort when the
// majority of a group is gone for good. The group is rebuilt from this member alone.
func (n *Node) takeover(ctx context.Context, g *shardgroup.Group) error {
	n.log.Error("TAKEOVER: this group is rebuilt from this member alone; writes that only the lost members acknowledged are lost",
		"group", g.ID())
	return errTakeoverLater
}
