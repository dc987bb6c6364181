package node

import (
	"fmt"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/slotmap"
)

// Serves tells whether this node is the one that serves a slot right now.
func (n *Node) Serves(slot uint16) bool {
	machine := n.shard.machine()
	if machine == nil || !n.shard.Leading() {
		return false
	}
	gate, _ := machine.Gate(slot)
	return gate == fsm.GateOwned
}

// ServerID is the name under which this node votes, which an emptied disk does not keep.
func (n *Node) ServerID() string {
	id := n.identity.load()
	return slotmap.ServerID(slotmap.NodeID(id.Node), id.Incarnation)
}

// Unsettled says what differs here between the map and the groups that run, "" when
// nothing does: members that lack, votes that were not given yet, slots not yet served.
func (n *Node) Unsettled() string {
	m := n.Map()
	me := m.Node(n.Self())
	if me == nil {
		return "this node is not in its map"
	}
	g := n.shard.group.Load()
	if g == nil || g.ID() != me.Group {
		return "its group does not run"
	}
	group := m.Group(me.Group)
	if g.Leader() == "" || g.Leader() != group.Leader {
		return fmt.Sprintf("the map shows %q as the leader of the group, Raft %q", group.Leader, g.Leader())
	}
	want := len(group.Members)
	if group.Witness != "" {
		want++
	} else if want%2 == 0 && len(m.Groups()) > 1 {
		return "the group has no witness yet"
	}
	c := g.Replica().Configuration()
	if len(c.Servers) != want || c.Voters() != want {
		return fmt.Sprintf("the group has %d members with %d votes, the map wants %d", len(c.Servers), c.Voters(), want)
	}
	if g.Leading() && !n.servesAll(m, m.Ranges(me.Group)) {
		return "slots are not served yet"
	}
	return ""
}

// MetaVoters lists the nodes that vote in the metadata group.
func (n *Node) MetaVoters() []slotmap.NodeID {
	member := n.topology.metaMember()
	if member == nil {
		return nil
	}
	var out []slotmap.NodeID
	for _, s := range member.Replica().Configuration().Servers {
		if id, _, _ := slotmap.SplitServerID(s.ID); s.Voter {
			out = append(out, id)
		}
	}
	return out
}
