package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/redoubtdb/redoubt/shardgroup/bus"
	"github.com/redoubtdb/redoubt/slotmap"
)

// rejoinRequest asks the cluster to know a node under a new incarnation.
type rejoinRequest struct {
	Cluster     string         `json:"cluster"`
	Node        slotmap.NodeID `json:"node"`
	Old         string         `json:"old"`
	Incarnation string         `json:"incarnation"`
}

// rejoin brings a node that lost its data back into its cluster, as a learner under a
// new incarnation. It tries every node it ever knew until one takes it in.
func (n *Node) rejoin() {
	for n.ctx.Err() == nil {
		for _, peer := range n.topology.Map().Nodes() {
			if peer.ID == n.Self() {
				continue
			}
			err := n.rejoinAt(peer.BusAddr())
			if err == nil {
				n.publishAddress()
				return
			}
			if errors.Is(err, slotmap.ErrNoNode) {
				n.log.Warn("the cluster has forgotten this node: it begins anew, alone")
				n.beginAnew(false)
				return
			}
			n.log.Warn("rejoining the cluster failed, trying on", "peer", peer.BusAddr(), "error", err)
		}
		sleep(n.ctx, joinRetry)
	}
}

// rejoinAt asks one node, for each of the incarnations by which the cluster may know this one: where the disk was lost
// again before an answer came, nobody here knows which of the earlier requests has arrived.
func (n *Node) rejoinAt(addr string) error {
	n.life.lock()
	r := rejoinRequest{Cluster: n.rec.Cluster, Node: n.rec.Node, Incarnation: n.rec.Incarnation}
	lost := append([]string{n.rec.Replaces}, n.rec.Tried...)
	n.life.unlock()
	var err error
	for _, r.Old = range lost {
		var m *slotmap.Map
		if m, err = n.askRejoin(addr, r); err == nil {
			return n.moveTo(m)
		}
		if !errors.Is(err, slotmap.ErrIncarnation) {
			break
		}
	}
	return err
}

func (n *Node) askRejoin(addr string, r rejoinRequest) (*slotmap.Map, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	return n.callForMap(n.ctx, addr, methodRejoin, body)
}

// serveRejoin renews a member's incarnation.
func (n *Node) serveRejoin(ctx context.Context, _ bus.Identity, body []byte) ([]byte, error) {
	var r rejoinRequest
	if err := json.Unmarshal(body, &r); err != nil {
		return nil, fmt.Errorf("malformed request to rejoin: %w", err)
	}
	m := n.topology.Map()
	if m.ClusterID != r.Cluster {
		return nil, errors.New("this node is in another cluster")
	}
	old := r.Old
	if node := m.Node(r.Node); node != nil && node.Incarnation == r.Incarnation {
		old = r.Incarnation // the answer to an earlier request was lost
	}
	m, err := n.topology.Change(ctx, slotmap.RenewIncarnation(r.Node, old, r.Incarnation))
	if err != nil {
		return nil, coded(err)
	}
	return json.Marshal(m)
}

// beginAnew makes this node a cluster of its own again: with hard under a new id,
// always under a new incarnation and without any data.
func (n *Node) beginAnew(hard bool) {
	n.life.lock()
	defer n.life.unlock()
	if n.closing {
		return
	}
	if err := n.wipe(hard); err != nil {
		n.fail(err)
	}
}

// wipe does the work of beginAnew. The caller holds life.
func (n *Node) wipe(hard bool) error {
	for s := range n.groups {
		n.stopGroup(s, true)
	}
	n.closeMeta()
	id := n.rec.Node
	if hard {
		id = ""
	}
	former, left := slotmap.ServerID(n.rec.Node, n.rec.Incarnation), n.rec.Left
	n.rec = freshRecord(id)
	n.rec.Former, n.rec.Left = former, left
	if err := saveConfig(n.dep.Storage, n.rec); err != nil {
		return err
	}
	if err := removeGroups(n.dep.Storage); err != nil {
		return err
	}
	if err := save(n.dep.Storage, n.rec); err != nil {
		return err
	}
	n.identity.store(n.rec.busIdentity())
	m := n.loneMap()
	n.topology.replace(m)
	n.topology.release()
	return n.openMeta(m)
}
