package slotmap_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/redoubtdb/redoubt/slotmap"
)

// Whoever moves away from a group, or is no witness of it any more, stays in the map until
// the group has let it go.
func TestFormerMembersStay(t *testing.T) {
	m := startMap()
	apply := func(c slotmap.Change) {
		t.Helper()
		next, err := m.Apply(c)
		if err != nil {
			t.Fatalf("%s: %v", c.Kind, err)
		}
		if err := next.Check(); err != nil {
			t.Fatalf("%s: %v", c.Kind, err)
		}
		m = next
	}
	for _, id := range []slotmap.NodeID{"n1", "n2", "n3"} {
		apply(slotmap.AddNode(slotmap.Node{ID: id, Incarnation: "1"}, slotmap.Group{ID: "g" + slotmap.GroupID(id[1:])}, nil, 0, 0))
	}
	apply(slotmap.MoveNode("n2", "g0"))
	apply(slotmap.SetWitness("g0", "n3"))
	apply(slotmap.MoveNode("n2", "g1"))
	apply(slotmap.SetWitness("g0", ""))
	if former := m.Group("g0").Former; !slices.Equal(former, []slotmap.NodeID{"n2", "n3"}) {
		t.Fatalf("g0 has let go of all but %v", former)
	}
	apply(slotmap.SetLeaving("n2"))
	apply(slotmap.DropMember("n2", "g1"))
	if _, err := m.Apply(slotmap.RemoveNode("n2")); !errors.Is(err, slotmap.ErrInGroup) {
		t.Errorf("forgotten although g0 may count on it: %v", err)
	}
	apply(slotmap.DropFormer("n2", "g0"))
	apply(slotmap.RemoveNode("n2"))
	apply(slotmap.Leave("n3", "")) // gives up everything
	if g := m.Group("g0"); len(g.Former) != 0 {
		t.Errorf("g0 waits for %v, who are not in the map any more", g.Former)
	}
}
