package node

import (
	"errors"
	"fmt"

	"github.com/redoubtdb/redoubt/metaraft"
	"github.com/redoubtdb/redoubt/shardgroup"
	"github.com/redoubtdb/redoubt/shardgroup/replica"
)

// mendable tells whether a member that failed is well again once it is opened anew from
// its disk. Everything else is a fault of the disk or of the state: the node has to end.
func mendable(err error) bool { return errors.Is(err, replica.ErrTransferStuck) }

// groupFailed acts on the failure of a member. It is called by the member's own goroutines,
// for which its restart waits.
func (n *Node) groupFailed(s seat, err error) {
	if !mendable(err) {
		if errors.Is(err, shardgroup.ErrDiverged) {
			n.noteDiverged(s, err)
		}
		n.fail(err)
		return
	}
	n.log.Error("a member failed and is restarted", "error", err)
	n.background(func() {
		for _, g := range n.running(func(g *shardgroup.Group) bool { return seatOf(g) == s }) {
			n.restartGroup(g)
		}
	})
}

// metaFailed acts on the failure of the member of the metadata group.
func (n *Node) metaFailed(member *metaraft.Member, err error) {
	if !mendable(err) {
		n.fail(fmt.Errorf("the metadata group: %w", err))
		return
	}
	n.log.Error("the member of the metadata group failed and is restarted", "error", err)
	n.life.lock()
	defer n.life.unlock()
	if n.closing || n.topology.metaMember() != member {
		return
	}
	n.closeMeta()
	if err := n.openMeta(n.topology.Map()); err != nil {
		n.fail(err)
	}
}
