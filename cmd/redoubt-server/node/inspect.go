package node

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/redoubtdb/redoubt/resp/server"
	"github.com/redoubtdb/redoubt/shardgroup"
	"github.com/redoubtdb/redoubt/shardgroup/replica"
	"github.com/redoubtdb/redoubt/slotmap"
)

// Groups implements server.Inspector: the metadata group first, then this node's data
// group, then the groups it is a witness of.
func (n *Node) Groups() []server.GroupStatus {
	var out []server.GroupStatus
	m := n.Map()
	if member := n.topology.metaMember(); member != nil {
		out = append(out, statusOf(member.Replica(), server.GroupMeta, "", m))
	}
	own := n.myGroup(m)
	var witnesses []server.GroupStatus
	for _, g := range n.running(nil) {
		switch {
		case g.ID() == own && !g.Witness():
			status := statusOf(g.Replica(), server.GroupData, own, m)
			status.Pending = n.Unsettled()
			p := g.Patrol()
			status.Compared, status.Mismatches = p.Checked, p.Mismatches
			out = append(out, status)
		case !g.Witness(): // it has moved to another group and is not released yet
			witnesses = append(witnesses, statusOf(g.Replica(), server.GroupData, g.ID(), m))
		default:
			witnesses = append(witnesses, statusOf(g.Replica(), server.GroupWitness, g.ID(), m))
		}
	}
	return append(out, witnesses...)
}

// statusOf reads the Raft side of a member.
func statusOf(r *replica.Replica, kind server.GroupKind, id slotmap.GroupID, m *slotmap.Map) server.GroupStatus {
	leader, term := r.Leader()
	leaderID, _, _ := slotmap.SplitServerID(leader)
	s := server.GroupStatus{
		Kind: kind, ID: id, State: r.State(), Leader: leaderID, Term: term,
		LastIndex: r.LastIndex(), CommitIndex: r.CommitIndex(), AppliedIndex: r.AppliedIndex(),
		SnapshotIndex: r.SnapshotIndex(),
	}
	progress := make(map[string]replica.Peer)
	if r.IsLeader() {
		s.LeaseValid = r.LeaseValid()
		for _, p := range r.Progress() {
			progress[p.ID] = p
		}
	}
	for _, srv := range r.Configuration().Servers {
		node, _, _ := slotmap.SplitServerID(srv.ID)
		member := server.MemberStatus{Node: node, ServerID: srv.ID, Voter: srv.Voter, LastContact: -1}
		member.Witness = slotmap.IsWitnessID(srv.ID)
		if p, ok := progress[srv.ID]; ok {
			member.Matched = p.Matched
			if !p.LastContact.IsZero() {
				member.LastContact = time.Since(p.LastContact)
			}
		}
		if srv.ID == leader {
			member.Matched, member.LastContact = s.LastIndex, 0
		}
		s.Members = append(s.Members, member)
	}
	return s
}

// Links implements server.Inspector.
func (n *Node) Links() []server.LinkInfo {
	var out []server.LinkInfo
	for _, l := range n.bus.Links() {
		out = append(out, server.LinkInfo{Outgoing: l.Outgoing, Node: slotmap.NodeID(l.Peer.Node), Created: l.Since})
	}
	return out
}

// Verify implements server.Inspector: the leader of each group has its data members
// compute the digest of their state after the same entry.
func (n *Node) Verify(ctx context.Context) ([]server.VerifyResult, error) {
	var out []server.VerifyResult
	m := n.Map()
	for _, g := range m.Groups() {
		if m.Count(g.ID) == 0 && len(g.Members) < 2 {
			continue
		}
		digests, err := n.verifyGroup(ctx, m, g)
		if err != nil {
			out = append(out, server.VerifyResult{Group: g.ID, Node: masterOf(g), Err: err.Error()})
			continue
		}
		if shardgroup.Mismatch(digests) {
			n.log.Error("THE MEMBERS OF A GROUP HAVE DIFFERENT STATES", "group", g.ID, "digests", digests)
		}
		for _, d := range digests {
			out = append(out, server.VerifyResult{Group: g.ID, Node: d.Node, Index: d.Index, Digest: d.Sum, Err: d.Err})
		}
	}
	return out, nil
}

func (n *Node) verifyGroup(ctx context.Context, m *slotmap.Map, g *slotmap.Group) ([]shardgroup.Digest, error) {
	if own := n.shard.group.Load(); own != nil && own.ID() == g.ID && own.Leading() {
		return own.Verify(ctx)
	}
	leader := m.Node(masterOf(g))
	if leader == nil {
		return nil, fmt.Errorf("the group has no leader")
	}
	body, err := n.bus.Call(ctx, leader.ServerID(), shardgroup.MethodOf(g.ID, "verify"), nil)
	if err != nil {
		return nil, err
	}
	var digests []shardgroup.Digest
	if err := json.Unmarshal(body, &digests); err != nil {
		return nil, fmt.Errorf("malformed answer: %w", err)
	}
	return digests, nil
}

// Data implements server.Inspector.
func (n *Node) Data() server.DataInspector { return dataInspector{n} }

// dataInspector looks into this node's own group.
type dataInspector struct{ n *Node }

var _ server.DataInspector = dataInspector{}

func (d dataInspector) Keys() (keys, expires int) {
	if m := d.n.shard.machine(); m != nil {
		return m.Keys(), m.Expires()
	}
	return 0, 0
}

func (d dataInspector) CountKeysInSlot(slot uint16) int {
	if m := d.n.shard.machine(); m != nil {
		return m.SlotLen(slot)
	}
	return 0
}

func (d dataInspector) KeysInSlot(slot uint16, count int) [][]byte {
	if m := d.n.shard.machine(); m != nil {
		return m.SlotKeys(slot, count)
	}
	return nil
}

func (d dataInspector) Replication() server.ReplicationStatus {
	var s server.ReplicationStatus
	g := d.n.shard.group.Load()
	if g == nil {
		return s
	}
	m := d.n.Map()
	r := g.Replica()
	s.ReplID, s.Leading, s.Leader = string(g.ID()), g.Leading(), g.Leader()
	s.Offset = r.AppliedIndex()
	s.LinkUp = s.Leader != ""
	s.Syncing = !s.Leading && s.Offset == 0
	if !s.Leading {
		return s
	}
	group := m.Group(g.ID())
	for _, p := range r.Progress() {
		node, _, _ := slotmap.SplitServerID(p.ID)
		if group == nil || slotmap.IsWitnessID(p.ID) || node == d.n.Self() {
			continue
		}
		status := server.ReplicaStatus{Node: node, Offset: p.Matched}
		if !p.LastContact.IsZero() {
			status.Lag = time.Since(p.LastContact)
			status.Online = status.Lag < d.n.nodeTimeout()
		}
		s.Replicas = append(s.Replicas, status)
	}
	return s
}

// WaitReplicas counts the replicas that hold everything committed before the call.
func (d dataInspector) WaitReplicas(ctx context.Context, want int) (int, error) {
	g := d.n.shard.group.Load()
	if g == nil {
		return 0, nil
	}
	index := g.Replica().CommitIndex()
	have := 0
	d.n.until(ctx, func() bool {
		have = 0
		for _, r := range d.Replication().Replicas {
			if r.Offset >= index {
				have++
			}
		}
		return have >= want
	})
	return have, nil
}
