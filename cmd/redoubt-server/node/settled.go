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

// HoldsLease tells whether this node would answer a read of the slot right now without
// asking anybody, and in which term of its group.
func (n *Node) HoldsLease(slot uint16) (term uint64, ok bool) {
	g := n.shard.group.Load()
	if g == nil || !n.Serves(slot) || !g.Replica().LeaseValid() {
		return 0, false
	}
	term, ok = g.Replica().LeadingTerm()
	return term, ok && n.Serves(slot)
}

// Leaderless tells whether this node knows nobody who leads its group.
func (n *Node) Leaderless() bool {
	g := n.shard.group.Load()
	return g == nil || g.Leader() == ""
}

// Leadership is what only one node can have.
type Leadership struct {
	Meta    bool
	Cluster string          // of the metadata group
	Group   slotmap.GroupID // of a data group
	Term    uint64
}

// Leaderships lists the groups that this node leads right now, as a witness too.
func (n *Node) Leaderships() (out []Leadership) {
	if member := n.topology.metaMember(); member != nil {
		if term, ok := member.Replica().LeadingTerm(); ok {
			out = append(out, Leadership{Meta: true, Cluster: member.Map().ClusterID, Term: term})
		}
	}
	for _, g := range n.running(nil) {
		if term, ok := g.Replica().LeadingTerm(); ok {
			out = append(out, Leadership{Group: g.ID(), Term: term})
		}
	}
	return out
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
	if g.Leading() && !n.servesMap(m, me.Group) {
		return "slots are not served yet"
	}
	return ""
}

// served is what a look at all gates has shown.
type served struct {
	machine *fsm.Machine
	version uint64 // of the machine's gates
	shown   *slotmap.Map
	all     bool
}

// servesMap tells whether the gates of all slots that the map gives to the group are open
// here. INFO asks it, so the gates are looked at only when they or the map have changed.
func (n *Node) servesMap(m *slotmap.Map, group slotmap.GroupID) bool {
	machine := n.shard.machine()
	if machine == nil {
		return false
	}
	now := served{machine: machine, version: machine.GateVersion(), shown: m}
	if last := n.served.Load(); last != nil && last.machine == now.machine && last.version == now.version && last.shown == m {
		return last.all
	}
	now.all = opened(machine, m, m.Ranges(group))
	n.served.Store(&now)
	return now.all
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
