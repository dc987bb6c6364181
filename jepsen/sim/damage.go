package sim

import (
	"strings"

	"github.com/redoubtdb/redoubt/resp/server"
	"github.com/redoubtdb/redoubt/slotmap"
)

// canLose tells whether the disk of a running host may be lost: each group in which it has
// a vote or is about to, as the group's leader sees it, must keep a majority of voters whose
// disks are whole. Without a leader nobody can tell.
func (n *Nemesis) canLose(h int) bool {
	node := n.c.hosts[h].node
	for _, g := range node.Groups() {
		leader := n.leaderOf(node.Map().ClusterID, g.Kind == server.GroupMeta, g.ID)
		if leader == nil || !n.majorityWithout(h, leader.Members) {
			return false
		}
	}
	return true
}

// leaderOf is a group as its latest leader sees it, nil if there is none among the nodes that run. Every
// cluster has a metadata group, that of a spare alone too.
func (n *Nemesis) leaderOf(cluster string, meta bool, id slotmap.GroupID) (best *server.GroupStatus) {
	for _, host := range n.c.hosts {
		if host.node == nil || host.node.Map().ClusterID != cluster {
			continue
		}
		for _, g := range host.node.Groups() {
			if (g.Kind == server.GroupMeta) == meta && g.ID == id && leads(g) && (best == nil || g.Term > best.Term) {
				best = &g
			}
		}
	}
	return best
}

func leads(g server.GroupStatus) bool { return strings.EqualFold(g.State, "leader") }

// majorityWithout counts the voters other than h whose disks are whole. A vote under an
// incarnation that no disk has any more is lost.
func (n *Nemesis) majorityWithout(h int, members []server.MemberStatus) bool {
	whole := make(map[string]bool)
	n.mu.Lock()
	for host, id := range n.ids {
		whole[id] = host != h && n.doomed[host] == 0
		whole[id+"~w"] = whole[id] // as a witness
	}
	n.mu.Unlock()
	voters, left := 0, 0
	for _, m := range members {
		if !m.Voter {
			continue
		}
		voters++
		if whole[m.ServerID] {
			left++
		}
	}
	return left > voters/2
}
