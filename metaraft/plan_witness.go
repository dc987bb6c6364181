package metaraft

import (
	"slices"

	"github.com/redoubtdb/redoubt/slotmap"
)

// planWitnesses gives every group with an even number of members a witness on a node of another group,
// and takes it from the others. A witness whose node has failed moves, if there is a better place.
func (p *planner) planWitnesses() {
	load := map[slotmap.NodeID]int{}
	for _, g := range p.Map.Groups() {
		if g.Witness != "" {
			load[g.Witness]++
		}
	}
	for _, g := range p.Map.Groups() {
		want := p.witness(g, load)
		if want == g.Witness {
			continue
		}
		if g.Witness != "" {
			load[g.Witness]--
		}
		if want != "" {
			load[want]++
		}
		p.change(slotmap.SetWitness(g.ID, want))
	}
}

// witness returns where a group's witness should be; "" nowhere. Members that are leaving count until
// they have left: a dead one may not be the only other voter when the witness goes. If those that stay
// will be even in number, the witness comes before the others go, so that the group can always lose one.
func (p *planner) witness(g *slotmap.Group, load map[slotmap.NodeID]int) slotmap.NodeID {
	if staying := p.staying(g); len(g.Members)%2 != 0 && (staying == 0 || staying%2 != 0) {
		return ""
	}
	present := p.Map.Node(g.Witness)
	if present != nil && !present.Leaving && p.alive(present) {
		return g.Witness
	}
	if best := p.witnessHost(g, load); best != "" {
		return best
	}
	if present != nil && !present.Leaving {
		return g.Witness
	}
	return ""
}

// staying counts the members that are not leaving.
func (p *planner) staying(g *slotmap.Group) (count int) {
	for _, id := range g.Members {
		if n := p.Map.Node(id); n != nil && !n.Leaving {
			count++
		}
	}
	return count
}

// witnessHost returns the best living node of another group: on a host without members of the group,
// with the fewest witnesses, with the lowest id.
func (p *planner) witnessHost(g *slotmap.Group, load map[slotmap.NodeID]int) slotmap.NodeID {
	var best *slotmap.Node
	var bestCost []int
	for _, n := range p.Map.Nodes() {
		if n.Group == g.ID || n.Group == "" || n.Leaving || !p.alive(n) {
			continue
		}
		cost := []int{p.neighbours(n, g), load[n.ID]}
		if best == nil || slices.Compare(cost, bestCost) < 0 {
			best, bestCost = n, cost
		}
	}
	if best == nil {
		return ""
	}
	return best.ID
}

// neighbours counts the members of a group that share a node's host.
func (p *planner) neighbours(n *slotmap.Node, g *slotmap.Group) (count int) {
	for _, id := range g.Members {
		if p.Hosts(p.Map.Node(id)) == p.Hosts(n) {
			count++
		}
	}
	return count
}
