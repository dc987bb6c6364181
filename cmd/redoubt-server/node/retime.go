package node

import (
	"context"

	"github.com/redoubtdb/redoubt/resp/server/config"
	"github.com/redoubtdb/redoubt/slotmap"
)

// configChanged acts on CONFIG SET.
func (n *Node) configChanged(before, now *config.Config) {
	if before.Cluster.NodeTimeout != now.Cluster.NodeTimeout {
		n.background(n.retime)
	}
}

// retime makes a new cluster-node-timeout take effect: Raft's time-outs are fixed when
// a member starts, so each member is restarted, after its leadership was handed over.
func (n *Node) retime() {
	n.log.Info("cluster-node-timeout has changed: restarting this node's Raft members", "timeout", n.nodeTimeout())
	ctx, cancel := context.WithTimeout(n.ctx, failoverTimeout)
	n.handOver(ctx)
	cancel()
	for _, g := range n.running(nil) {
		_ = n.reopen(g, nil) // an error ends the node
	}
	n.life.lock()
	defer n.life.unlock()
	if n.closing || n.rec.Replaces != "" {
		return
	}
	n.closeMeta()
	if err := n.openMeta(n.topology.Map()); err != nil {
		n.fail(err)
	}
}

// useOwnGroup points the frontend to this node's data group. The caller holds life.
func (n *Node) useOwnGroup(m *slotmap.Map) {
	if me := m.Node(n.rec.Node); me != nil {
		n.shard.use(n.groups[seat{me.Group, roleData}])
	}
}
