package shardgroup

import (
	"strings"
	"testing"

	"github.com/redoubtdb/redoubt/shardgroup/replica"
	"github.com/redoubtdb/redoubt/slotmap"
)

// A node that moved away is let go once neither configuration has a server of it, but for
// the one that it is now wanted as.
func TestFormer(t *testing.T) {
	a, b := slotmap.NodeID(strings.Repeat("a", 40)), slotmap.NodeID(strings.Repeat("b", 40))
	ga, gb := slotmap.GroupID(strings.Repeat("1", 40)), slotmap.GroupID(strings.Repeat("2", 40))
	m := slotmap.NewMap("c", slotmap.Node{ID: a, Incarnation: "i"}, slotmap.Group{ID: ga})
	m = mustApply(t, m, slotmap.AddNode(slotmap.Node{ID: b, Incarnation: "i"}, slotmap.Group{ID: gb}, nil, 0, 0))
	m = mustApply(t, m, slotmap.SetWitness(ga, b))
	witnessed := m
	m = mustApply(t, m, slotmap.SetWitness(ga, ""))
	server := func(id slotmap.NodeID) replica.Server {
		return replica.Server{ID: slotmap.ServerID(id, "i"), Voter: true}
	}
	as := replica.Server{ID: slotmap.WitnessID(b, "i"), Voter: true}
	alone, both := replica.Configuration{Servers: []replica.Server{server(a)}}, replica.Configuration{Servers: []replica.Server{server(a), as}}
	w, _ := want(m, ga)
	for _, c := range []struct {
		committed, latest replica.Configuration
		out               bool
	}{{both, both, false}, {both, alone, false}, {alone, both, false}, {alone, alone, true}} {
		if got := former(m, ga, w, c.committed, c.latest); (got == b) != c.out {
			t.Errorf("committed %v, latest %v: %q may be forgotten", c.committed, c.latest, got)
		}
	}
	again := mustApply(t, m, slotmap.SetWitness(ga, b))
	w, _ = want(again, ga)
	if got := former(again, ga, w, both, both); got != b {
		t.Error("it is the witness again: there is nothing to wait for")
	}
	if got := former(witnessed, ga, w, both, both); got != "" {
		t.Errorf("nobody has gone, but %q", got)
	}
}
