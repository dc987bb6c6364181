package metaraft

import (
	"slices"
	"time"

	"github.com/redoubtdb/redoubt/shardgroup/replica"
	"github.com/redoubtdb/redoubt/slotmap"
)

// MaxVoters is the most voters the metadata group has; all other nodes are learners.
const MaxVoters = 5

// View is all that Plan looks at.
type View struct {
	Map    *slotmap.Map
	Config replica.Configuration
	Self   string                              // server id of the leader, who plans
	Health map[slotmap.NodeID]Health           // of every node of the map that is in Config
	Ready  func(serverID string) bool          // may become a voter, or leader: it answers and has caught up
	Limit  time.Duration                       // a node silent for longer has failed
	Hosts  func(n *slotmap.Node) (host string) // what fails together; nil: Node.Host
}

// Health is what the leader knows of a node.
type Health struct {
	Silence time.Duration // since it was last heard or, if later, since the leader began to listen
	Heard   bool          // the leader has heard it at all
}

// ActionKind says what an Action does.
type ActionKind string

// The kinds of actions.
const (
	ActChange   ActionKind = "change"
	ActLearn    ActionKind = "add-learner"
	ActPromote  ActionKind = "promote"
	ActDemote   ActionKind = "demote"
	ActRemove   ActionKind = "remove"
	ActTransfer ActionKind = "transfer"
)

// Action is one thing for the controller to do: a change of the map, or a step of the metadata group's configuration.
type Action struct {
	Kind   ActionKind
	Change slotmap.Change // ActChange
	Server string         // all others
}

// Plan decides what is to be done next. It is a pure function. The actions are in order; the last one
// at most is a step of the configuration, after which the controller must look again.
func Plan(v View) []Action {
	p := planner{View: v}
	if p.Hosts == nil {
		p.Hosts = func(n *slotmap.Node) string { return n.Host }
	}
	p.planHealth()
	p.planRemovals()
	p.planWitnesses()
	p.planServers()
	return p.actions
}

type planner struct {
	View
	actions []Action
}

func (p *planner) change(c slotmap.Change) {
	p.actions = append(p.actions, Action{Kind: ActChange, Change: c})
}

func (p *planner) step(kind ActionKind, serverID string) {
	p.actions = append(p.actions, Action{Kind: kind, Server: serverID})
}

// silent tells whether a node has not been heard for longer than the limit.
func (p *planner) silent(id slotmap.NodeID) bool {
	h, ok := p.Health[id]
	return ok && h.Silence > p.Limit
}

// alive tells whether a node can be given work: neither silent nor marked as failed. Whoever plans is.
func (p *planner) alive(n *slotmap.Node) bool {
	return p.isSelf(n) || !n.Failed && !p.silent(n.ID)
}

// isSelf tells whether the node is the one that plans.
func (p *planner) isSelf(n *slotmap.Node) bool { return n.ServerID() == p.Self }

// planHealth marks nodes. A failed node is up again once it has answered twice as soon as it would have to.
func (p *planner) planHealth() {
	for _, n := range p.Map.Nodes() {
		h, known := p.Health[n.ID]
		switch {
		case p.isSelf(n) && n.Failed:
			p.change(slotmap.SetHealth(n.ID, false))
		case p.isSelf(n) || !known:
		case !n.Failed && h.Silence > p.Limit:
			p.change(slotmap.SetHealth(n.ID, true))
		case n.Failed && h.Heard && h.Silence <= p.Limit/2:
			p.change(slotmap.SetHealth(n.ID, false))
		}
	}
}

// planRemovals takes forgotten nodes out of the map that no group needs, the metadata group included: a
// voter is demoted first, and the leader hands over and leaves the rest to its successor.
func (p *planner) planRemovals() {
	for _, n := range p.Map.Nodes() {
		if n.Leaving && !p.isSelf(n) && p.removable(n) {
			p.change(slotmap.RemoveNode(n.ID))
		}
	}
}

func (p *planner) removable(n *slotmap.Node) bool {
	if s, _ := p.Config.Find(n.ServerID()); s.Voter {
		return false
	}
	if slices.ContainsFunc(p.Map.Groups(), func(g *slotmap.Group) bool { return g.Witness == n.ID || slices.Contains(g.Former, n.ID) }) {
		return false // its disk counts there until the group's leader has let it go
	}
	g := p.Map.Group(n.Group)
	return g == nil || len(g.Members) == 1 && p.Map.Count(g.ID) == 0
}
