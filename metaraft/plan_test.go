package metaraft

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/redoubtdb/redoubt/shardgroup/replica"
	"github.com/redoubtdb/redoubt/slotmap"
)

// TestPlanScenarios runs testdata/plan. Commands:
//
//	cluster                        a line a node: NAME group=G [host=H] [slots=A-B] [voter|learner]; the first one plans
//	set NAME flags...              health: silent, heard (and not silent), failed, leaving, lagging, or renew
//	self NAME                      another node leads and plans from now on
//	gone NAME                      the node leaves the map; add NAME group=G: it joins
//	plan                           prints what Plan says now
//	run                            does what Plan says until it says nothing; prints that, and the result
func TestPlanScenarios(t *testing.T) {
	datadriven.Walk(t, "testdata/plan", func(t *testing.T, path string) {
		s := &planScenario{}
		datadriven.RunTest(t, path, s.run)
	})
}

type planScenario struct {
	view    View
	lagging map[string]bool
}

// maxSteps bounds run: a plan that has not settled by then never does.
const maxSteps = 200

func (s *planScenario) run(t *testing.T, d *datadriven.TestData) string {
	switch d.Cmd {
	case "cluster":
		s.build(t, d.Input)
		return ""
	case "set":
		s.set(t, d)
		return ""
	case "self":
		s.view.Self = s.serverID(d.CmdArgs[0].Key)
		return ""
	case "gone":
		s.change(t, slotmap.Leave(slotmap.NodeID(d.CmdArgs[0].Key), ""))
		return ""
	case "add":
		s.add(t, d.CmdArgs)
		return ""
	case "plan":
		return describe(Plan(s.view))
	case "run":
		return s.settle(t)
	}
	t.Fatalf("unknown command %s", d.Cmd)
	return ""
}

func (s *planScenario) serverID(name string) string {
	return s.view.Map.Node(slotmap.NodeID(name)).ServerID()
}

func (s *planScenario) build(t *testing.T, input string) {
	s.lagging = map[string]bool{}
	s.view = View{
		Health: map[slotmap.NodeID]Health{}, Limit: time.Second,
		Ready: func(serverID string) bool { return !s.lagging[serverID] },
	}
	for line := range strings.Lines(input) {
		words := strings.Fields(line)
		args := make([]datadriven.CmdArg, len(words))
		for i, w := range words {
			key, value, _ := strings.Cut(w, "=")
			args[i] = datadriven.CmdArg{Key: key, Vals: []string{value}}
		}
		s.add(t, args)
	}
}

// add adds a node to the map: alone in a new group, or as a member of one that exists.
func (s *planScenario) add(t *testing.T, args []datadriven.CmdArg) {
	name := args[0].Key
	n := slotmap.Node{ID: slotmap.NodeID(name), Incarnation: "1", Host: name}
	var group slotmap.GroupID
	for _, a := range args[1:] {
		switch a.Key {
		case "group":
			group = slotmap.GroupID(a.Vals[0])
		case "host":
			n.Host = a.Vals[0]
		}
	}
	own := slotmap.Group{ID: "own-" + slotmap.GroupID(name)}
	if s.view.Map == nil || s.view.Map.Group(group) == nil {
		own.ID = group
	}
	if s.view.Map == nil {
		s.view.Map = slotmap.NewMap("c", n, own)
		s.view.Self = n.ServerID()
	} else {
		s.change(t, slotmap.AddNode(n, own, nil, 0, 0))
	}
	if own.ID != group {
		s.change(t, slotmap.MoveNode(n.ID, group))
	}
	s.addDetails(t, n, args)
}

func (s *planScenario) addDetails(t *testing.T, n slotmap.Node, args []datadriven.CmdArg) {
	for _, a := range args[1:] {
		switch a.Key {
		case "slots":
			var r slotmap.Range
			if _, err := fmt.Sscanf(a.Vals[0], "%d-%d", &r.Start, &r.End); err != nil {
				t.Fatal(err)
			}
			s.change(t, slotmap.AssignSlots(s.view.Map.Node(n.ID).Group, []slotmap.Range{r}))
		case "voter", "learner":
			s.view.Config.Servers = append(s.view.Config.Servers, replica.Server{ID: n.ServerID(), Voter: a.Key == "voter"})
			s.view.Health[n.ID] = Health{Heard: true}
		}
	}
}

func (s *planScenario) change(t *testing.T, c slotmap.Change) {
	next, err := s.view.Map.Apply(c)
	if err != nil {
		t.Fatalf("%+v: %v", c, err)
	}
	s.view.Map = next
}

func (s *planScenario) set(t *testing.T, d *datadriven.TestData) {
	id := slotmap.NodeID(d.CmdArgs[0].Key)
	for _, a := range d.CmdArgs[1:] {
		switch a.Key {
		case "silent":
			s.view.Health[id] = Health{Silence: time.Hour}
		case "new": // not heard yet, but not for long
			s.view.Health[id] = Health{}
		case "heard":
			s.view.Health[id] = Health{Heard: true}
		case "failed":
			s.change(t, slotmap.SetHealth(id, true))
		case "leaving":
			s.change(t, slotmap.SetLeaving(id))
		case "lagging":
			s.lagging[s.serverID(string(id))] = true
		case "ready":
			s.lagging = map[string]bool{}
		case "renew":
			s.change(t, slotmap.RenewIncarnation(id, "", "2"))
		case "released": // by the leaders of all groups that it is no witness or member of any more
			for _, g := range s.view.Map.Groups() {
				s.change(t, slotmap.DropFormer(id, g.ID))
			}
		case "dropped":
			s.change(t, slotmap.DropMember(id, s.view.Map.Node(id).Group))
		default:
			t.Fatalf("unknown flag %s", a.Key)
		}
	}
}

func describe(actions []Action) string {
	var b strings.Builder
	for _, a := range actions {
		fmt.Fprintln(&b, describeAction(a))
	}
	if len(actions) == 0 {
		return "nothing to do\n"
	}
	return b.String()
}

func describeAction(a Action) string {
	if a.Kind != ActChange {
		return fmt.Sprintf("%s %s", a.Kind, a.Server)
	}
	c := a.Change
	switch c.Kind {
	case slotmap.KindSetHealth:
		return fmt.Sprintf("%s %s failed=%v", c.Kind, c.ID, c.Failed)
	case slotmap.KindSetWitness:
		return fmt.Sprintf("%s of %s on %q", c.Kind, c.Group, c.ID)
	}
	return fmt.Sprintf("%s %s", c.Kind, c.ID)
}

func (s *planScenario) settle(t *testing.T) string {
	var b strings.Builder
	for range maxSteps {
		actions := Plan(s.view)
		if len(actions) == 0 {
			return b.String() + s.result()
		}
		for _, a := range actions {
			fmt.Fprintln(&b, describeAction(a))
			s.act(t, a)
		}
	}
	t.Fatalf("the plan does not settle:\n%s", b.String())
	return ""
}

// act does what the controller would do; a new learner is heard at once, a transfer changes who plans.
func (s *planScenario) act(t *testing.T, a Action) {
	servers := &s.view.Config.Servers
	i := slices.IndexFunc(*servers, func(r replica.Server) bool { return r.ID == a.Server })
	switch a.Kind {
	case ActChange:
		s.change(t, a.Change)
		return
	case ActLearn:
		*servers = append(*servers, replica.Server{ID: a.Server})
		s.view.Health[s.view.Map.ByServerID(a.Server).ID] = Health{Heard: true}
	case ActPromote:
		(*servers)[i].Voter = true
	case ActDemote:
		(*servers)[i].Voter = false
	case ActRemove:
		*servers = slices.Delete(*servers, i, i+1)
	case ActTransfer:
		s.view.Self = a.Server
	}
	s.mustHaveMajority(t, a)
}

// mustHaveMajority checks after each step that the voters that answer are a majority, if they can be.
func (s *planScenario) mustHaveMajority(t *testing.T, a Action) {
	alive, voters := 0, 0
	for _, r := range s.view.Config.Servers {
		if !r.Voter {
			continue
		}
		voters++
		if n := s.view.Map.ByServerID(r.ID); n != nil && s.view.Health[n.ID].Silence <= s.view.Limit || r.ID == s.view.Self {
			alive++
		}
	}
	if 2*alive <= voters {
		t.Fatalf("after %s: %d of %d voters answer", describeAction(a), alive, voters)
	}
}

func (s *planScenario) result() string {
	var voters, learners, witnesses, failed []string
	for _, r := range s.view.Config.Servers {
		if r.Voter {
			voters = append(voters, r.ID)
		} else {
			learners = append(learners, r.ID)
		}
	}
	for _, g := range s.view.Map.Groups() {
		if g.Witness != "" {
			witnesses = append(witnesses, fmt.Sprintf("%s@%s", g.ID, g.Witness))
		}
	}
	for _, n := range s.view.Map.Nodes() {
		if n.Failed {
			failed = append(failed, string(n.ID))
		}
	}
	slices.Sort(voters)
	slices.Sort(learners)
	return fmt.Sprintf("== leader %s voters %v learners %v witnesses %v failed %v\n", s.view.Self, voters, learners, witnesses, failed)
}
