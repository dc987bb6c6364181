package metaraft

import (
	"slices"

	"github.com/redoubtdb/redoubt/shardgroup/replica"
	"github.com/redoubtdb/redoubt/slotmap"
)

// planServers decides the next step of the metadata group's configuration. In order of urgency: take out
// servers that are no node's any more, let nodes learn, bring the voters to what they should be, and at
// last give up leadership if this node is to go.
func (p *planner) planServers() {
	for _, try := range []func() bool{p.removeStrangers, p.addLearner, p.addVoter, p.dropVoter, p.swapVoter, p.handOver} {
		if try() {
			return
		}
	}
}

// removeStrangers removes a server that is not in the map: a node that left, or an old incarnation.
func (p *planner) removeStrangers() bool {
	for _, s := range p.Config.Servers {
		if s.ID != p.Self && p.Map.ByServerID(s.ID) == nil && p.majorityWithout(s) {
			p.step(ActRemove, s.ID)
			return true
		}
	}
	return false
}

// majorityWithout tells whether, without that server's vote, the voters that are alive are a majority.
func (p *planner) majorityWithout(gone replica.Server) bool {
	alive, voters := 0, 0
	for _, s := range p.Config.Servers {
		if !s.Voter || s.ID == gone.ID {
			continue
		}
		voters++
		if n := p.Map.ByServerID(s.ID); s.ID == p.Self || n != nil && p.alive(n) {
			alive++
		}
	}
	return !gone.Voter || 2*alive > voters
}

// addLearner adds a node that is not in the group yet.
func (p *planner) addLearner() bool {
	for _, n := range p.Map.Nodes() {
		if _, in := p.Config.Find(n.ServerID()); !in && !n.Leaving {
			p.step(ActLearn, n.ServerID())
			return true
		}
	}
	return false
}

// electorate returns the voters that may stay voters.
func (p *planner) electorate() (out []*slotmap.Node) {
	for _, s := range p.Config.Servers {
		if n := p.Map.ByServerID(s.ID); s.Voter && n != nil && !n.Leaving {
			out = append(out, n)
		}
	}
	return out
}

// candidates returns the learners that may become voters.
func (p *planner) candidates() (out []*slotmap.Node) {
	for _, s := range p.Config.Servers {
		if n := p.Map.ByServerID(s.ID); !s.Voter && n != nil && !n.Leaving && p.alive(n) && p.Ready(s.ID) {
			out = append(out, n)
		}
	}
	return out
}

// wanted is the number of voters the cluster should have: odd, MaxVoters at most. Nodes that failed count:
// a cluster does not give up the voters it would need when they return.
func (p *planner) wanted() int {
	staying := 0
	for _, n := range p.Map.Nodes() {
		if !n.Leaving {
			staying++
		}
	}
	return min(MaxVoters, staying-(staying+1)%2)
}

// addVoter promotes the candidate that spreads the voters best, if there are too few. An even number of
// voters survives no more failures than one less, so an odd one grows only if two candidates are at hand.
func (p *planner) addVoter() bool {
	voters, candidates := p.electorate(), p.candidates()
	if len(voters) >= p.wanted() || len(voters)%2 == 1 && len(candidates) < 2 {
		return false
	}
	best := p.best(candidates, func(n *slotmap.Node) cost { return p.cost(append(slices.Clone(voters), n)) })
	if best == nil {
		return false
	}
	p.step(ActPromote, best.ServerID())
	return true
}

// dropVoter demotes a voter of a node that is leaving or, if there are too many voters, the worst.
func (p *planner) dropVoter() bool {
	for _, s := range p.Config.Servers {
		if n := p.Map.ByServerID(s.ID); s.Voter && s.ID != p.Self && n != nil && n.Leaving && p.majorityWithout(s) {
			p.step(ActDemote, s.ID)
			return true
		}
	}
	voters := p.electorate()
	if !p.tooMany(voters) {
		return false
	}
	worst := p.best(p.demotable(voters), func(n *slotmap.Node) cost { return p.cost(without(voters, n)) })
	if worst == nil {
		return false
	}
	p.step(ActDemote, worst.ServerID())
	return true
}

// tooMany tells whether the group is better off with less voters: above the number wanted, and without
// failed ones that nobody can replace, as far as their going lets it survive one failure more: three that
// live are better than five of which two have failed, but two are not better than three.
func (p *planner) tooMany(voters []*slotmap.Node) bool {
	if len(voters) > p.wanted() {
		return true
	}
	failed := p.cost(voters).failed
	return len(p.candidates()) == 0 && failed > (len(voters)%2)
}

// demotable returns those of the voters that the group can do without; never the leader.
func (p *planner) demotable(voters []*slotmap.Node) []*slotmap.Node {
	return slices.DeleteFunc(slices.Clone(voters), func(n *slotmap.Node) bool {
		return p.isSelf(n) || !p.majorityWithout(replica.Server{ID: n.ServerID(), Voter: true})
	})
}

// swapVoter promotes a candidate if the voters would be better off with it in the place of one of
// them; that one is demoted as one too many afterwards. With fewer voters than wanted only a failed one is
// worth it: for the sake of spread there will be room anyway.
func (p *planner) swapVoter() bool {
	voters := p.electorate()
	best := p.best(p.candidates(), func(n *slotmap.Node) cost { return p.costInstead(voters, n) })
	if best == nil {
		return false
	}
	now, then := p.cost(voters), p.costInstead(voters, best)
	if then.failed >= now.failed && (then.compare(now) >= 0 || len(voters) != p.wanted()) {
		return false
	}
	p.step(ActPromote, best.ServerID())
	return true
}

// costInstead is the cost of the voters with n in the place of the best one to give up.
func (p *planner) costInstead(voters []*slotmap.Node, n *slotmap.Node) cost {
	all := append(slices.Clone(voters), n)
	out := p.best(p.demotable(voters), func(v *slotmap.Node) cost { return p.cost(without(all, v)) })
	if out == nil {
		return p.cost(all)
	}
	return p.cost(without(all, out))
}

// handOver gives leadership to another voter if this node is forgotten, removed, or reborn.
func (p *planner) handOver() bool {
	if self := p.Map.ByServerID(p.Self); self != nil && !self.Leaving {
		return false
	}
	heirs := slices.DeleteFunc(p.electorate(), func(n *slotmap.Node) bool {
		return p.isSelf(n) || !p.alive(n) || !p.Ready(n.ServerID())
	})
	if len(heirs) == 0 {
		return false
	}
	p.step(ActTransfer, heirs[0].ServerID())
	return true
}

// cost says how bad a set of voters is; smaller is better, the first difference decides.
type cost struct {
	failed int // voters that do not answer
	groups int // crowding in data groups: the sum of squares, so that an even spread is the least
	hosts  int // the same for hosts
}

func (c cost) compare(o cost) int {
	return slices.Compare([]int{c.failed, c.groups, c.hosts}, []int{o.failed, o.groups, o.hosts})
}

func (p *planner) cost(voters []*slotmap.Node) (c cost) {
	groups, hosts := map[slotmap.GroupID]int{}, map[string]int{}
	for _, n := range voters {
		if !p.alive(n) {
			c.failed++
		}
		// (k+1)² - k² = 2k+1: adding up in this way needs no walk over the maps.
		c.groups += 2*groups[n.Group] + 1
		c.hosts += 2*hosts[p.Hosts(n)] + 1
		groups[n.Group]++
		hosts[p.Hosts(n)]++
	}
	return c
}

// best returns the node of least cost; among equals the first.
func (p *planner) best(nodes []*slotmap.Node, of func(*slotmap.Node) cost) *slotmap.Node {
	if len(nodes) == 0 {
		return nil
	}
	return slices.MinFunc(nodes, func(a, b *slotmap.Node) int { return of(a).compare(of(b)) })
}

func without(nodes []*slotmap.Node, gone *slotmap.Node) []*slotmap.Node {
	return slices.DeleteFunc(slices.Clone(nodes), func(n *slotmap.Node) bool { return n.ID == gone.ID })
}
