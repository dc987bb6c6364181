package shardgroup

import (
	"slices"
	"time"

	"github.com/redoubtdb/redoubt/shardgroup/replica"
	"github.com/redoubtdb/redoubt/slotmap"
)

// caughtUpEntries is how close to the leader's log a learner must be to get a vote.
const caughtUpEntries = 512

// stepKind is one change of a Raft configuration.
type stepKind uint8

const (
	stepNone     stepKind = iota
	stepLearner           // add as a learner
	stepPromote           // learner to voter
	stepRemove            // take out
	stepTransfer          // this leader must go: hand leadership to the server first
)

// String is how logs name the kind.
func (k stepKind) String() string {
	return [...]string{"none", "add learner", "promote", "remove", "hand over"}[k]
}

// step is the next thing a leader does to its group's configuration.
type step struct {
	kind   stepKind
	server string
}

// wanted is the membership the map asks for, as Raft server ids.
type wanted struct {
	data    []string
	witness string   // "" none
	leaving []string // servers of nodes that are being forgotten

	nodes  map[string]bool // all servers that may come back: names of the map's nodes
	placed bool            // the witness is named, or there is none to be expected
}

// want reads a group's membership from the map.
func want(m *slotmap.Map, id slotmap.GroupID) (wanted, bool) {
	g := m.Group(id)
	if g == nil {
		return wanted{}, false
	}
	w := wanted{nodes: make(map[string]bool)}
	for _, member := range g.Members {
		switch n := m.Node(member); {
		case n == nil:
		case n.Leaving:
			w.leaving = append(w.leaving, n.ServerID())
		default:
			w.data = append(w.data, n.ServerID())
		}
	}
	for _, id := range g.Former {
		if n := m.Node(id); n != nil && n.Leaving {
			w.leaving = append(w.leaving, n.ServerID(), n.WitnessID())
		}
	}
	if n := m.Node(g.Witness); n != nil && !n.Leaving {
		w.witness = n.WitnessID()
	}
	candidate := false
	for _, n := range m.Nodes() {
		w.nodes[n.ServerID()], w.nodes[n.WitnessID()] = true, true
		candidate = candidate || n.Group != id && n.Group != "" && !n.Failed && !n.Leaving
	}
	w.placed = w.witness != "" || !candidate || len(w.data)%2 != 0
	return w, true
}

// gone finds a data member that is being forgotten and is out of Raft's configuration
// already, the latest and the one that is committed: the map may drop it from the group.
func gone(m *slotmap.Map, id slotmap.GroupID, have ...replica.Configuration) slotmap.NodeID {
	g := m.Group(id)
	if g == nil {
		return ""
	}
	for _, member := range g.Members {
		n := m.Node(member)
		if n == nil || !n.Leaving {
			continue
		}
		holds := func(s replica.Server) bool { return nodeOf(s.ID) == member && !slotmap.IsWitnessID(s.ID) }
		if !slices.ContainsFunc(have, func(c replica.Configuration) bool { return slices.ContainsFunc(c.Servers, holds) }) {
			return member
		}
	}
	return ""
}

// former finds a node that the map has taken out of the group, as a member or as its witness, and that
// is out of Raft's configuration too, the latest and the one that is committed: it may be forgotten.
func former(m *slotmap.Map, id slotmap.GroupID, w wanted, have ...replica.Configuration) slotmap.NodeID {
	g := m.Group(id)
	if g == nil {
		return ""
	}
	for _, node := range g.Former {
		holds := func(s replica.Server) bool {
			return nodeOf(s.ID) == node && s.ID != w.witness && !slices.Contains(w.data, s.ID)
		}
		if !slices.ContainsFunc(have, func(c replica.Configuration) bool { return slices.ContainsFunc(c.Servers, holds) }) {
			return node
		}
	}
	return ""
}

// peerState is what the leader knows of one server.
type peerState struct {
	lag   uint64
	alive bool // it answers
	dead  bool // it has not answered for long, nor since this leader took over
}

// peerStates digests the progress report of a replica that has led since began.
func peerStates(peers []replica.Peer, last uint64, began, now time.Time, limit time.Duration) map[string]peerState {
	states := make(map[string]peerState, len(peers))
	for _, p := range peers {
		var lag uint64
		if last > p.Matched {
			lag = last - p.Matched
		}
		silent := now.Sub(p.LastContact) >= limit
		states[p.ID] = peerState{lag: lag, alive: !silent, dead: silent && now.Sub(began) >= limit}
	}
	return states
}

// nextStep decides the one change that brings the configuration closer to what is
// wanted. Order: first out are servers that can never vote again, since they only weaken the
// quorum; then data members come in, then the witness; then whoever else is not wanted goes,
// where the group can spare the vote.
func nextStep(self string, have replica.Configuration, w wanted, peers map[string]peerState) step {
	wantedIDs := append(slices.Clone(w.data), w.witness)
	if w.witness == "" {
		wantedIDs = w.data
	}
	var unwanted []string
	in := make(map[string]bool, len(have.Servers)) // id -> voter
	for _, s := range have.Servers {
		in[s.ID] = s.Voter
		if !slices.Contains(wantedIDs, s.ID) && s.ID != self {
			unwanted = append(unwanted, s.ID)
		}
	}
	for _, id := range unwanted {
		if peers[id].dead && !w.nodes[id] || superseded(id, have, peers) {
			return step{stepRemove, id}
		}
	}
	if s := nextData(self, in, w.data, peers); s.kind != stepNone {
		return s
	}
	if s := nextWitness(in, w, peers); s.kind != stepNone {
		return s
	}
	if !catchingUp(in, w.data, peers) {
		for _, out := range inOrder(unwanted, w.leaving) {
			if !in[out] || spares(have, out, peers) && (have.Voters()%2 == 0 || w.complete(out, in, wantedIDs, peers)) {
				return step{stepRemove, out}
			}
		}
	}
	if !slices.Contains(wantedIDs, self) {
		return handOver(in, w.data, peers)
	}
	return step{}
}

// superseded tells whether the node of a server that is not wanted answers under another
// incarnation: what the server had on its disk is lost, and its vote with it. If the new
// incarnation got its vote first, the group would have four for a moment, one of them void,
// and for good if the new one were lost in that moment.
func superseded(id string, have replica.Configuration, peers map[string]peerState) bool {
	node, incarnation, _ := slotmap.SplitServerID(id)
	return slices.ContainsFunc(have.Servers, func(s replica.Server) bool {
		n, i, _ := slotmap.SplitServerID(s.ID)
		return n == node && i != incarnation && peers[s.ID].alive
	})
}

// complete tells whether everybody who is wanted has a vote. Before that a vote is not
// taken away from an odd number of voters, even from a server that is dead but may come
// back: the group could lose one server less without it, three voters one and two none.
// Only who is forgotten does not wait for those that are dead, nor for a witness that waits for them.
func (w *wanted) complete(out string, in map[string]bool, wantedIDs []string, peers map[string]peerState) bool {
	forgotten := slices.Contains(w.leaving, out)
	for _, id := range wantedIDs {
		waits := peers[id].dead || id == w.witness && !w.useful(in)
		if !in[id] && !(forgotten && waits) {
			return false
		}
	}
	return w.placed
}

// inOrder says who goes first: a data member that is being forgotten before the
// witness that is no longer needed without it, since the two that stayed otherwise
// could not lose one any more.
func inOrder(unwanted, leaving []string) []string {
	first := func(id string) int {
		if slices.Contains(leaving, id) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(unwanted, func(a, b string) int { return first(a) - first(b) })
	return unwanted
}

// spares tells whether the voters without one of them have a majority that is not dead. The
// leader itself is never taken out.
func spares(have replica.Configuration, out string, peers map[string]peerState) bool {
	living := 0
	for _, s := range have.Servers {
		if s.Voter && s.ID != out && !peers[s.ID].dead {
			living++
		}
	}
	return 2*living > have.Voters()-1
}

// nextData adds a missing data member or gives a caught-up one its vote.
func nextData(self string, in map[string]bool, data []string, peers map[string]peerState) step {
	for _, id := range data {
		voter, member := in[id]
		switch {
		case !member:
			return step{stepLearner, id}
		case !voter && id != self && peers[id].alive && peers[id].lag <= caughtUpEntries:
			return step{stepPromote, id}
		}
	}
	return step{}
}

// nextWitness brings the witness in once the voting data members are even in number, since
// its vote would otherwise weaken the quorum it is there to save. It does not wait for that
// while one is being forgotten, who may have to wait for that vote.
func nextWitness(in map[string]bool, w wanted, peers map[string]peerState) step {
	if w.witness == "" {
		return step{}
	}
	voter, member := in[w.witness]
	switch {
	case !member:
		return step{stepLearner, w.witness}
	case !voter && w.useful(in) && peers[w.witness].alive && peers[w.witness].lag <= caughtUpEntries:
		return step{stepPromote, w.witness}
	}
	return step{}
}

// useful tells whether it is time for the witness to vote.
func (w *wanted) useful(in map[string]bool) bool {
	return votes(in, w.data)%2 == 0 || votes(in, w.leavingData()) > 0
}

// leavingData returns the leaving servers that are data members.
func (w *wanted) leavingData() []string {
	return slices.DeleteFunc(slices.Clone(w.leaving), slotmap.IsWitnessID)
}

// votes counts those of the servers that have one.
func votes(in map[string]bool, servers []string) (n int) {
	for _, id := range servers {
		if in[id] {
			n++
		}
	}
	return n
}

// catchingUp tells whether a live data member is still on its way to its vote: then
// servers that are to go stay a little longer, for their votes.
func catchingUp(in map[string]bool, data []string, peers map[string]peerState) bool {
	for _, id := range data {
		if !in[id] && peers[id].alive {
			return true
		}
	}
	return false
}

// handOver names the data member that takes over from a leader that must go.
func handOver(in map[string]bool, data []string, peers map[string]peerState) step {
	best := step{}
	var lag uint64
	for _, id := range data {
		if p := peers[id]; in[id] && p.alive && (best.kind == stepNone || p.lag < lag) {
			best, lag = step{stepTransfer, id}, p.lag
		}
	}
	return best
}
