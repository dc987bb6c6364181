package sim

import (
	"fmt"
	"slices"

	"github.com/redoubtdb/redoubt/cmd/redoubt-server/node"
	"github.com/redoubtdb/redoubt/resp/server"
)

// owners looks for two that claim the same thing: a slot, served by right of a lease, or
// the leadership of a group in the same term.
type owners struct {
	slots   []uint16 // one of each group
	leaders map[tenure]string
	wrong   []string
}

// tenure is what only one node can ever have.
type tenure struct {
	cluster, group string
	term           uint64
}

func newOwners(s *Schedule) *owners {
	o := &owners{leaders: make(map[tenure]string)}
	for i := range s.Masters {
		o.slots = append(o.slots, uint16(slotCount*i/s.Masters))
	}
	return o
}

// look samples all nodes.
func (o *owners) look(c *Cluster) {
	for i, h := range c.hosts {
		if h.node == nil {
			continue
		}
		for _, g := range leaderships(h.node) {
			o.leader(h.node, c.Name(i), g)
		}
	}
	for _, slot := range o.slots {
		o.slot(c, slot)
	}
}

// leaderships are the groups that a node leads. A status is read piece by piece, so it
// counts only if it is still the same when it is read again.
func leaderships(n *node.Node) (out []server.GroupStatus) {
	var first []server.GroupStatus
	for _, g := range n.Groups() {
		if leads(g) {
			first = append(first, g)
		}
	}
	if first == nil {
		return nil
	}
	for _, g := range n.Groups() {
		if leads(g) && slices.ContainsFunc(first, func(f server.GroupStatus) bool { return f.Kind == g.Kind && f.ID == g.ID && f.Term == g.Term }) {
			out = append(out, g)
		}
	}
	return out
}

// leader notes who leads. Each cluster that a spare host founds has its own groups.
func (o *owners) leader(n *node.Node, name string, g server.GroupStatus) {
	t := tenure{group: string(g.ID), term: g.Term}
	if g.Kind == server.GroupMeta {
		t.cluster = n.Map().ClusterID
	}
	if known, ok := o.leaders[t]; ok && known != name {
		o.complain("both %s and %s led group %q of cluster %q in term %d", known, name, t.group, t.cluster, t.term)
	}
	o.leaders[t] = name
}

// slot looks for two holders. What is seen of one node and then of another is not seen at
// the same moment: the first must still hold when the second was seen to.
func (o *owners) slot(c *Cluster, slot uint16) {
	first, firstTerm := -1, uint64(0)
	for i, h := range c.hosts {
		term, ok := holds(h.node, slot)
		if !ok {
			continue
		}
		if first >= 0 {
			if again, still := holds(c.hosts[first].node, slot); still && again == firstTerm {
				o.complain("hosts %d and %d both served slot %d under a lease, in terms %d and %d", first, i, slot, firstTerm, term)
			}
		}
		first, firstTerm = i, term
	}
}

// holds tells whether a node would answer a read of the slot without asking anybody.
func holds(n *node.Node, slot uint16) (term uint64, ok bool) {
	if n == nil || !n.Serves(slot) {
		return 0, false
	}
	for _, g := range n.Groups() {
		if g.Kind == server.GroupData {
			return g.Term, g.LeaseValid && n.Serves(slot)
		}
	}
	return 0, false
}

// maxComplaints bounds how often the same sort of thing is told.
const maxComplaints = 20

func (o *owners) complain(format string, a ...any) {
	if len(o.wrong) < maxComplaints {
		o.wrong = append(o.wrong, fmt.Sprintf(format, a...))
	}
}
