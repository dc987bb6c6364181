package slotmap_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/redoubtdb/redoubt/slotmap"
)

// TestScenarios runs testdata/changes. Commands:
//
//	new node=a group=ga            a lone node's map
//	KIND k=v ...                   a change; prints the new map, "no effect", or the error
//	join NAME                      the present map joins the map saved under NAME, which becomes present
//	save NAME, load NAME           keep and take up maps
//
// Every map is checked, encoded, and decoded again.
func TestScenarios(t *testing.T) {
	datadriven.Walk(t, "testdata/changes", func(t *testing.T, path string) {
		s := &scenario{saved: map[string]*slotmap.Map{}}
		datadriven.RunTest(t, path, s.run)
	})
}

type scenario struct {
	m     *slotmap.Map
	saved map[string]*slotmap.Map
}

func (s *scenario) run(t *testing.T, d *datadriven.TestData) string {
	switch d.Cmd {
	case "new":
		s.m = slotmap.NewMap("c-"+arg(d, "node"), newNode(arg(d, "node")), slotmap.Group{ID: slotmap.GroupID(arg(d, "group"))})
	case "save":
		s.saved[d.CmdArgs[0].Key] = s.m
		return ""
	case "load":
		s.m = s.saved[d.CmdArgs[0].Key]
	case "join":
		change, err := s.m.Join()
		if err != nil {
			return "error: " + err.Error()
		}
		s.m = s.saved[d.CmdArgs[0].Key]
		return s.apply(t, change)
	default:
		return s.apply(t, parseChange(t, d))
	}
	return render(s.m)
}

func (s *scenario) apply(t *testing.T, c slotmap.Change) string {
	if c.Kind.Known() {
		c = throughCodec(t, c)
	}
	before := mustEncode(t, s.m)
	next, err := s.m.Apply(c)
	if after := mustEncode(t, s.m); after != before {
		t.Fatalf("the receiver was modified:\n%s\n%s", before, after)
	}
	if err != nil {
		return "error: " + slotmap.ErrorCode(err) + ": " + err.Error()
	}
	if next == s.m {
		return "no effect"
	}
	s.m = next
	mustBeSound(t, next)
	return render(next)
}

func newNode(id string) slotmap.Node {
	return slotmap.Node{ID: slotmap.NodeID(id), Incarnation: "1", Host: "127.0.0.1", Port: 7000, BusPort: 17000}
}

func arg(d *datadriven.TestData, key string) string {
	for _, a := range d.CmdArgs {
		if a.Key == key {
			return strings.Join(a.Vals, "")
		}
	}
	return ""
}

func number(d *datadriven.TestData, key string) uint64 {
	n, _ := strconv.ParseUint(arg(d, key), 10, 64)
	return n
}

func parseChange(t *testing.T, d *datadriven.TestData) slotmap.Change {
	c := slotmap.Change{
		Kind: slotmap.Kind(d.Cmd), ID: slotmap.NodeID(arg(d, "id")), Group: slotmap.GroupID(arg(d, "group")),
		To: slotmap.GroupID(arg(d, "to")), Slots: parseSlots(t, arg(d, "slots")), Term: number(d, "term"), Epoch: number(d, "epoch"),
		Failed: d.HasArg("failed"), Force: d.HasArg("force"), Incarnation: arg(d, "incarnation"), Old: arg(d, "old"),
	}
	if d.Cmd == "add-node" {
		n := newNode(arg(d, "id"))
		n.Incarnation = arg(d, "incarnation")
		return slotmap.AddNode(n, slotmap.Group{ID: c.Group, Epoch: c.Epoch, Term: c.Term}, c.Slots, number(d, "cluster-epoch"), number(d, "fence"))
	}
	if d.Cmd == "set-address" {
		n := newNode(arg(d, "id"))
		n.Port, n.AnnounceHost = int(number(d, "port")), arg(d, "announce")
		return slotmap.SetAddress(n)
	}
	return c
}

// parseSlots reads "0-10/12": datadriven takes commas for itself.
func parseSlots(t *testing.T, s string) (out []slotmap.Range) {
	for word := range strings.SplitSeq(s, "/") {
		if word == "" {
			continue
		}
		first, last, dash := strings.Cut(word, "-")
		if !dash {
			last = first
		}
		start, err1 := strconv.Atoi(first)
		end, err2 := strconv.Atoi(last)
		if err1 != nil || err2 != nil {
			t.Fatalf("bad slots %q", s)
		}
		out = append(out, slotmap.Range{Start: uint16(start), End: uint16(end)})
	}
	return out
}

func mustBeSound(t testing.TB, m *slotmap.Map) {
	t.Helper()
	if err := m.Check(); err != nil {
		t.Fatal(err)
	}
	b := mustEncode(t, m)
	again, err := slotmap.Decode([]byte(b))
	if err != nil {
		t.Fatal(err)
	}
	if got := mustEncode(t, again); got != b {
		t.Fatalf("round trip:\n%s\n%s", b, got)
	}
	if got, want := render(again), render(m); got != want {
		t.Fatalf("round trip:\n%s\n%s", got, want)
	}
}

// render writes a map for people: counters, nodes, groups with their slots, hand-overs.
func render(m *slotmap.Map) string {
	var b strings.Builder
	fmt.Fprintf(&b, "version=%d epoch=%d fence=%d state=%s assigned=%d\n", m.Version, m.Epoch, m.Fence, m.State(), m.Assigned())
	for _, n := range m.Nodes() {
		fmt.Fprintf(&b, "node %s group=%s addr=%s:%d", n.ServerID(), n.Group, n.ClientHost(), n.ClientPort())
		if n.Failed {
			b.WriteString(" failed")
		}
		if n.Leaving {
			b.WriteString(" leaving")
		}
		b.WriteByte('\n')
	}
	for _, g := range m.Groups() {
		fmt.Fprintf(&b, "group %s members=%v witness=%s leader=%s term=%d epoch=%d slots=%v\n", g.ID, g.Members, g.Witness, g.Leader, g.Term, g.Epoch, m.Ranges(g.ID))
	}
	for _, h := range m.Handoffs() {
		fmt.Fprintf(&b, "handoff %s from=%s to=%s epoch=%d\n", h.Range, h.From, h.To, h.Epoch)
	}
	return b.String()
}
