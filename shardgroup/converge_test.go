package shardgroup

import (
	"fmt"
	"slices"
	"testing"

	"github.com/redoubtdb/redoubt/shardgroup/replica"
	"github.com/redoubtdb/redoubt/slotmap"
)

// fate is what the map wants of a server.
type fate int

const (
	stays  fate = iota // it is wanted
	goes               // it is not, but its node stays in the cluster
	leaves             // its node is being forgotten
	left               // likewise, after the map has taken it out of the group
)

// seatState is one server of a case: what Raft has it for, and what the map wants of it.
type seatState struct {
	id            string
	member, voter bool
	fate          fate
}

// TestStepsLeadThere takes every configuration of the leader, two more data members and three witnesses, one of them
// wanted at most, with everybody alive and with every choice of dead. Step by step each has to become what is wanted: no two
// rules may wait for each other. Only for the dead, who may come back, is there something to wait for.
func TestStepsLeadThere(t *testing.T) {
	seats := [][]seatState{everyState("b", stays, goes, leaves, left), everyState("c", stays, goes, leaves, left),
		everyState("u~w", goes, left), everyState("v~w", goes, left), everyState("w~w", stays)}
	cases := 0
	var pick func(chosen []seatState)
	pick = func(chosen []seatState) {
		if len(chosen) < len(seats) {
			for _, s := range seats[len(chosen)] {
				pick(append(slices.Clip(chosen), s))
			}
			return
		}
		if even(chosen) {
			for dead := range 1 << len(chosen) {
				cases++
				checkConverges(t, chosen, dead)
			}
		}
	}
	pick(nil)
	t.Logf("%d cases", cases)
}

// even tells whether the map wants a witness exactly if it has an even number of members for the group.
func even(seats []seatState) bool {
	members, witness := 1, false
	for _, s := range seats {
		switch isWitness := slotmap.IsWitnessID(s.id); {
		case isWitness:
			witness = witness || s.fate == stays
		case s.fate == stays || s.fate == leaves:
			members++
		}
	}
	return witness == (members%2 == 0)
}

// everyState returns a server in each state that it may be in; one that is not wanted may also be absent altogether.
func everyState(id string, fates ...fate) []seatState {
	all := []seatState{{id: id, fate: goes}}
	for _, f := range fates {
		all = append(all, seatState{id, true, true, f}, seatState{id, true, false, f})
		if f == stays || f == leaves {
			all = append(all, seatState{id: id, fate: f})
		}
	}
	return all
}

// checkConverges takes one case; dead is a set of bits.
func checkConverges(t *testing.T, seats []seatState, dead int) {
	have, w := servers([]string{"a"}), wanted{data: []string{"a"}, nodes: map[string]bool{"a": true}}
	peers := map[string]peerState{}
	for i, s := range seats {
		if s.member {
			have.Servers = append(have.Servers, replica.Server{ID: s.id, Voter: s.voter})
		}
		w.nodes[s.id], peers[s.id] = true, peerState{alive: dead>>i&1 == 0, dead: dead>>i&1 != 0}
		switch {
		case s.fate == leaves || s.fate == left:
			w.leaving = append(w.leaving, s.id)
		case s.fate == stays && slotmap.IsWitnessID(s.id):
			w.witness = s.id
		case s.fate == stays:
			w.data = append(w.data, s.id)
		}
	}
	if !hasMajority(have, peers) {
		return // nothing can be done
	}
	var inMap []string // being forgotten, and members in the map until Raft has them no more
	for _, s := range seats {
		if s.fate == leaves {
			inMap = append(inMap, s.id)
		}
	}
	w.placed = true
	began := func() string { return fmt.Sprintf("%+v, dead %05b", seats, dead) }
	const enough = 20
	for range enough {
		s := nextStep("a", have, w, peers)
		switch i := slices.IndexFunc(have.Servers, func(x replica.Server) bool { return x.ID == s.server }); s.kind {
		case stepLearner:
			have.Servers = append(have.Servers, replica.Server{ID: s.server})
		case stepPromote:
			have.Servers[i].Voter = true
		case stepRemove:
			have.Servers = slices.Delete(have.Servers, i, i+1)
		case stepNone:
			if dropped(&inMap, have, &w) {
				continue
			}
			if why := unfinished(have, w, peers); why != "" {
				t.Fatalf("%s: stops at %+v: %s", began(), have, why)
			}
			return
		default:
			t.Fatalf("%s: %s at %+v", began(), s.kind, have)
		}
		if !hasMajority(have, peers) {
			t.Fatalf("%s: %s %s leaves no majority: %+v", began(), s.kind, s.server, have)
		}
	}
	t.Fatalf("%s: no end: %+v", began(), have)
}

// dropped does what the map does next: it drops a forgotten member that is out, and names a witness or lets it go.
func dropped(inMap *[]string, have replica.Configuration, w *wanted) bool {
	for i, id := range *inMap {
		if _, in := have.Find(id); !in {
			*inMap = slices.Delete(*inMap, i, i+1)
			if w.witness == "" {
				w.witness = "w~w"
			} else {
				w.witness = ""
			}
			return true
		}
	}
	return false
}

// unfinished says what a configuration lacks, "" if it is as wanted, as far as it can be: a server that is dead gets no vote,
// and then those that are not forgotten stay for theirs; and nobody goes whose vote is needed.
func unfinished(have replica.Configuration, w wanted, peers map[string]peerState) string {
	waits := false
	for _, id := range append(slices.Clone(w.data), w.witness) {
		switch s, ok := have.Find(id); {
		case id == "" || ok && s.Voter:
		case peers[id].dead, id == w.witness && waits: // a witness beside an odd number of votes would be in the way
			waits = true
		default:
			return id + " has no vote"
		}
	}
	for _, s := range have.Servers {
		wanted := slices.Contains(w.data, s.ID) || s.ID == w.witness
		if needed := s.Voter && !spares(have, s.ID, peers); !wanted && !needed && (!waits || slices.Contains(w.leaving, s.ID)) {
			return s.ID + " is still there"
		}
	}
	return ""
}

// hasMajority tells whether enough voters are alive.
func hasMajority(have replica.Configuration, peers map[string]peerState) bool {
	alive := 0
	for _, s := range have.Servers {
		if s.Voter && !peers[s.ID].dead {
			alive++
		}
	}
	return 2*alive > have.Voters()
}
