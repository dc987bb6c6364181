package node

import (
	"context"
	"time"

	"github.com/redoubtdb/redoubt/metaraft"
	"github.com/redoubtdb/redoubt/slotmap"
)

// lonelyChecks is how many node time-outs without a metadata leader make a node ask others.
const lonelyChecks = 3

// lookoutLoop asks other nodes for their map while this node hears of no metadata leader.
// A node that was forgotten while it was away is in nobody's configuration any more: no
// leader will ever tell it so.
func (n *Node) lookoutLoop() {
	lonely := 0
	for sleep(n.ctx, max(n.nodeTimeout(), time.Second)) {
		member := n.topology.metaMember()
		if member == nil || member.Leader() != "" || len(n.Map().Nodes()) < 2 {
			lonely = 0
			continue
		}
		if lonely++; lonely >= lonelyChecks {
			n.lookOut(member)
		}
	}
}

// lookOut shows the first newer map of this cluster that another node has. Any map is
// committed, so whoever it does not have is out of the cluster.
func (n *Node) lookOut(member *metaraft.Member) {
	for _, peer := range n.Map().Nodes() {
		if peer.ID == n.Self() {
			continue
		}
		if m := n.fetchMap(member, peer); m != nil {
			n.log.Info("another node has a newer map", "peer", peer.ID, "version", m.Version)
			n.topology.show(m)
			return
		}
	}
}

// fetchMap is the map of another node, nil if it is not newer.
func (n *Node) fetchMap(member *metaraft.Member, peer *slotmap.Node) *slotmap.Map {
	ctx, cancel := context.WithTimeout(n.ctx, helloTimeout)
	defer cancel()
	m, err := member.FetchMap(ctx, peer.ServerID())
	if err != nil || m.ClusterID != n.Map().ClusterID || m.Version <= n.Map().Version {
		return nil
	}
	return m
}
