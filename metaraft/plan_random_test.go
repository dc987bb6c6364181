package metaraft

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/redoubtdb/redoubt/shardgroup/replica"
	"github.com/redoubtdb/redoubt/slotmap"
)

// TestPlanSettles draws clusters in any condition in which the leader has a majority, and does what Plan
// says until it says nothing. Every step keeps the majority (see act), and the end is as it should be.
func TestPlanSettles(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := drawPlanScenario(t, rt)
		before := s.result()
		steps := s.settle(t)
		if err := s.settled(); err != nil {
			rt.Fatalf("%v\n%s%s", err, before, steps)
		}
	})
}

func drawPlanScenario(t *testing.T, rt *rapid.T) *planScenario {
	s := &planScenario{lagging: map[string]bool{}}
	s.view = View{Health: map[slotmap.NodeID]Health{}, Limit: time.Second, Ready: func(id string) bool { return !s.lagging[id] }}
	s.view.Map = slotmap.NewMap("c", slotmap.Node{ID: "n00", Incarnation: "1", Host: "h0"}, slotmap.Group{ID: "g0"})
	s.view.Self = "n00:1"
	s.view.Config.Servers = []replica.Server{{ID: "n00:1", Voter: true}}
	for i := range rapid.IntRange(0, 11).Draw(rt, "others") {
		s.drawNode(t, rt, i+1)
	}
	s.silenceSome(rt)
	return s
}

func (s *planScenario) drawNode(t *testing.T, rt *rapid.T, i int) {
	n := slotmap.Node{ID: slotmap.NodeID(fmt.Sprintf("n%02d", i)), Incarnation: "1", Host: rapid.SampledFrom([]string{"h0", "h1", "h2"}).Draw(rt, "host")}
	s.change(t, slotmap.AddNode(n, slotmap.Group{ID: slotmap.GroupID(fmt.Sprintf("g%d", i))}, nil, 0, 0))
	if i > 1 && rapid.Bool().Draw(rt, "replica") {
		groups := s.view.Map.Groups()
		to := groups[rapid.IntRange(0, len(groups)-1).Draw(rt, "group")]
		if !s.view.Map.Node(to.Members[0]).Leaving {
			s.change(t, slotmap.MoveNode(n.ID, to.ID))
		}
	}
	place := rapid.SampledFrom([]string{"voter", "learner", "old voter", "old learner", "absent"}).Draw(rt, "place")
	switch place {
	case "old voter", "old learner":
		s.view.Config.Servers = append(s.view.Config.Servers, replica.Server{ID: string(n.ID) + ":0", Voter: place == "old voter"})
	case "voter", "learner":
		s.view.Config.Servers = append(s.view.Config.Servers, replica.Server{ID: n.ServerID(), Voter: place == "voter"})
		s.view.Health[n.ID] = Health{Heard: true}
		s.lagging[n.ServerID()] = place == "learner" && rapid.IntRange(0, 4).Draw(rt, "lagging") == 0
	}
	if rapid.IntRange(0, 4).Draw(rt, "failed") == 0 {
		s.change(t, slotmap.SetHealth(n.ID, true))
	}
	if rapid.IntRange(0, 5).Draw(rt, "leaving") == 0 {
		s.change(t, slotmap.SetLeaving(n.ID))
	}
}

// silenceSome silences nodes as long as the leader keeps a majority; old incarnations are silent anyway.
func (s *planScenario) silenceSome(rt *rapid.T) {
	for s.votersAlive()*2 <= s.view.Config.Voters() { // too many old voters
		for i, r := range s.view.Config.Servers {
			if r.Voter && s.view.Map.ByServerID(r.ID) == nil {
				s.view.Config.Servers[i].Voter = false
				break
			}
		}
	}
	for _, n := range s.view.Map.Nodes() {
		if n.ServerID() == s.view.Self || rapid.IntRange(0, 3).Draw(rt, "silent") != 0 {
			continue
		}
		health, known := s.view.Health[n.ID]
		s.view.Health[n.ID] = Health{Silence: time.Hour, Heard: true}
		if s.votersAlive()*2 <= s.view.Config.Voters() || !known {
			s.view.Health[n.ID] = health
		}
	}
}

func (s *planScenario) votersAlive() (alive int) {
	for _, r := range s.view.Config.Servers {
		if n := s.view.Map.ByServerID(r.ID); r.Voter && n != nil && s.view.Health[n.ID].Silence <= s.view.Limit {
			alive++
		}
	}
	return alive
}

// settled checks what must hold when nothing is left to do.
func (s *planScenario) settled() error {
	if err := s.settledServers(); err != nil {
		return err
	}
	for _, g := range s.view.Map.Groups() {
		needed := len(g.Members)%2 == 0
		if staying := (&planner{View: s.view}).staying(g); staying > 0 && staying%2 == 0 {
			needed = true // those that are leaving will have left
		}
		if w := s.view.Map.Node(g.Witness); w != nil && (!needed || w.Leaving) {
			return fmt.Errorf("group %s has a witness on %s", g.ID, w.ID)
		}
		if needed && g.Witness == "" && s.witnessPossible(g) {
			return fmt.Errorf("group %s has no witness", g.ID)
		}
	}
	return nil
}

func (s *planScenario) witnessPossible(g *slotmap.Group) bool {
	for _, n := range s.view.Map.Nodes() {
		if n.Group != g.ID && n.Group != "" && !n.Leaving && !n.Failed {
			return true
		}
	}
	return false
}

func (s *planScenario) settledServers() error {
	idle := 0 // learners that could vote
	for _, r := range s.view.Config.Servers {
		n := s.view.Map.ByServerID(r.ID)
		if n == nil {
			return fmt.Errorf("server %s is no node's", r.ID)
		}
		if r.Voter && n.Leaving {
			return fmt.Errorf("voter %s is leaving", r.ID)
		}
		if !r.Voter && !n.Leaving && !n.Failed && !s.lagging[r.ID] {
			idle++
		}
	}
	staying := 0
	for _, n := range s.view.Map.Nodes() {
		if _, in := s.view.Config.Find(n.ServerID()); !in && !n.Leaving {
			return fmt.Errorf("node %s is not in the group", n.ID)
		}
		if !n.Leaving {
			staying++
		}
	}
	voters := s.view.Config.Voters()
	if voters > MaxVoters || voters < MaxVoters && voters < staying-1 && idle > 1 {
		return fmt.Errorf("%d voters with %d candidates", voters, idle)
	}
	if voters%2 == 0 && idle > 0 && voters < staying {
		return fmt.Errorf("%d voters with a candidate", voters)
	}
	return nil
}
