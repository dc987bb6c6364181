package sim

import (
	"fmt"

	"github.com/redoubtdb/redoubt/cmd/redoubt-server/node"
)

// owners looks for two that claim the same thing: a slot, served by right of a lease, or
// the leadership of a group in the same term.
type owners struct {
	slots   []uint16 // one of each group
	leaders map[node.Leadership]string
	wrong   []string
}

func newOwners(s *Schedule) *owners {
	o := &owners{leaders: make(map[node.Leadership]string)}
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
		for _, l := range h.node.Leaderships() {
			o.leader(c.Name(i), l)
		}
	}
	for _, slot := range o.slots {
		o.slot(c, slot)
	}
}

// leader notes who leads. Each cluster that a spare host founds has its own groups.
func (o *owners) leader(name string, l node.Leadership) {
	if known, ok := o.leaders[l]; ok && known != name {
		o.complain("both %s and %s led %+v", known, name, l)
	}
	o.leaders[l] = name
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
	if n == nil {
		return 0, false
	}
	return n.HoldsLease(slot)
}

// maxComplaints bounds how often the same sort of thing is told.
const maxComplaints = 20

func (o *owners) complain(format string, a ...any) {
	if len(o.wrong) < maxComplaints {
		o.wrong = append(o.wrong, fmt.Sprintf(format, a...))
	}
}
