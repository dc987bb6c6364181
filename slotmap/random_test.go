package slotmap_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/redoubtdb/redoubt/slotmap"
)

// drawChange draws any kind of change over a few nodes, groups and slots, most of them with a chance to succeed.
func drawChange(t *rapid.T, m *slotmap.Map) slotmap.Change {
	id := rapid.SampledFrom([]slotmap.NodeID{"n0", "n1", "n2", "n3", "n4", "n5"})
	group := rapid.SampledFrom([]slotmap.GroupID{"g0", "g1", "g2", "g3", "g4", "g5"})
	target := rapid.SampledFrom([]slotmap.GroupID{"", "g0", "g1", "g2", "g3", "g4", "g5"})
	incarnation := rapid.SampledFrom([]string{"1", "2"})
	small := rapid.Uint64Range(0, 6)
	if len(m.Nodes()) == 1 && rapid.Bool().Draw(t, "as redis-cli create") {
		return slotmap.SetConfigEpoch("n0", small.Draw(t, "epoch"))
	}
	// rapid prefers small numbers; multiplying spreads them over the kinds.
	switch rapid.Uint32().Draw(t, "kind") * 2654435761 >> 16 % 19 {
	case 0, 1:
		n := slotmap.Node{ID: id.Draw(t, "id"), Incarnation: incarnation.Draw(t, "incarnation")}
		g := slotmap.Group{ID: "g" + slotmap.GroupID(n.ID[1:]), Epoch: small.Draw(t, "epoch")}
		return slotmap.AddNode(n, g, drawRanges(t), small.Draw(t, "cluster epoch"), small.Draw(t, "fence"))
	case 2:
		return slotmap.RemoveNode(id.Draw(t, "id"))
	case 3:
		return slotmap.Leave(id.Draw(t, "id"), incarnation.Draw(t, "incarnation"))
	case 4:
		return slotmap.SetLeaving(id.Draw(t, "id"))
	case 5:
		return drawDrop(t, m, slotmap.DropMember(id.Draw(t, "id"), group.Draw(t, "group")))
	case 6:
		return slotmap.MoveNode(id.Draw(t, "id"), group.Draw(t, "group"))
	case 7:
		return slotmap.AssignSlots(group.Draw(t, "group"), drawRanges(t))
	case 8:
		return slotmap.UnassignSlots(group.Draw(t, "group"), drawRanges(t), rapid.Bool().Draw(t, "force"))
	case 9:
		return slotmap.BeginHandoff(drawRanges(t), target.Draw(t, "to"))
	case 10, 11:
		return drawFinish(t, m, target.Draw(t, "to"))
	case 12:
		return slotmap.CancelHandoff(drawRanges(t))
	case 13:
		return slotmap.SetHealth(id.Draw(t, "id"), rapid.Bool().Draw(t, "failed"))
	case 14:
		return slotmap.ReportLeader(group.Draw(t, "group"), id.Draw(t, "id"), small.Draw(t, "term"))
	case 15:
		return slotmap.SetWitness(group.Draw(t, "group"), id.Draw(t, "id"))
	case 16:
		return slotmap.RenewIncarnation(id.Draw(t, "id"), incarnation.Draw(t, "old"), incarnation.Draw(t, "new"))
	}
	if rapid.Bool().Draw(t, "takeover") {
		return slotmap.Takeover(group.Draw(t, "group"), id.Draw(t, "id"), small.Draw(t, "generation"))
	}
	if rapid.Bool().Draw(t, "former") {
		return slotmap.DropFormer(id.Draw(t, "id"), group.Draw(t, "group"))
	}
	if rapid.Bool().Draw(t, "bump") {
		return slotmap.BumpEpoch(id.Draw(t, "id"))
	}
	return slotmap.SetConfigEpoch(id.Draw(t, "id"), small.Draw(t, "epoch"))
}

// drawDrop mostly drops a member that is leaving, as its group's leader would.
func drawDrop(t *rapid.T, m *slotmap.Map, other slotmap.Change) slotmap.Change {
	for _, n := range m.Nodes() {
		if n.Leaving && n.Group != "" && rapid.IntRange(0, 3).Draw(t, "as leaving") > 0 {
			return slotmap.DropMember(n.ID, n.Group)
		}
	}
	return other
}

func drawRanges(t *rapid.T) []slotmap.Range {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) slotmap.Range {
		start := rapid.SampledFrom([]uint16{0, 3, 250, 255, 256, 300, 16380, 16383}).Draw(t, "start")
		return slotmap.Range{Start: start, End: min(start+rapid.Uint16Range(0, 9).Draw(t, "more"), slotmap.SlotCount-1)}
	}), 0, 2).Draw(t, "slots")
}

// drawFinish mostly finishes a hand-over that is under way, as its owner would.
func drawFinish(t *rapid.T, m *slotmap.Map, to slotmap.GroupID) slotmap.Change {
	if under := m.Handoffs(); len(under) > 0 && rapid.IntRange(0, 3).Draw(t, "as under way") > 0 {
		h := rapid.SampledFrom(under).Draw(t, "handoff")
		switch rapid.IntRange(0, 5).Draw(t, "wrong") {
		case 4:
			h.Epoch--
		case 5:
			h.To = to
		}
		return slotmap.FinishHandoff([]slotmap.Range{h.Range}, h.To, h.Epoch)
	}
	return slotmap.FinishHandoff(drawRanges(t), to, rapid.Uint64Range(0, 9).Draw(t, "epoch"))
}

func startMap() *slotmap.Map {
	n := slotmap.Node{ID: "n0", Incarnation: "1", Host: "h", Port: 1, BusPort: 2}
	return slotmap.NewMap("c", n, slotmap.Group{ID: "g0"})
}

// busyMap is a cluster of four nodes in three groups with slots, one hand-over under way and one node leaving.
func busyMap(t failer) *slotmap.Map {
	m := startMap()
	for _, c := range []slotmap.Change{
		slotmap.AddNode(slotmap.Node{ID: "n1", Incarnation: "1"}, slotmap.Group{ID: "g1"}, nil, 0, 0),
		slotmap.AddNode(slotmap.Node{ID: "n2", Incarnation: "1"}, slotmap.Group{ID: "g2"}, nil, 0, 0),
		slotmap.AddNode(slotmap.Node{ID: "n3", Incarnation: "1"}, slotmap.Group{ID: "g3"}, nil, 0, 0),
		slotmap.MoveNode("n3", "g0"),
		slotmap.AssignSlots("g0", []slotmap.Range{{Start: 0, End: 255}}),
		slotmap.AssignSlots("g1", []slotmap.Range{{Start: 256, End: slotmap.SlotCount - 1}}),
		slotmap.BeginHandoff([]slotmap.Range{{Start: 250, End: 255}}, "g1"),
		slotmap.SetLeaving("n3"),
	} {
		next, err := m.Apply(c)
		if err != nil {
			t.Fatal(c.Kind, err)
		}
		m = next
	}
	return m
}

func TestRandomChangesKeepTheInvariants(t *testing.T) {
	applied := map[slotmap.Kind]int{}
	rapid.Check(t, func(t *rapid.T) {
		m := startMap()
		if rapid.Bool().Draw(t, "busy") {
			m = busyMap(t)
		}
		for range rapid.IntRange(1, 80).Draw(t, "changes") {
			c := drawChange(t, m)
			next, err := m.Apply(c)
			if err != nil {
				if slotmap.ErrorCode(err) == "" {
					t.Fatalf("%+v: an error without code: %v", c, err)
				}
				continue
			}
			mustFollow(t, m, next, c)
			if again, err := next.Apply(c); err != nil || again != next {
				t.Fatalf("%+v sent again: %v\n%s%s", c, err, render(m), render(next))
			}
			if next != m {
				applied[c.Kind]++
			}
			m = next
		}
	})
	if len(applied) < 15 {
		t.Errorf("only these kinds ever succeeded: %v", applied)
	}
}

// mustFollow checks what holds between a map and the next one.
func mustFollow(t *rapid.T, m, next *slotmap.Map, c slotmap.Change) {
	if err := next.Check(); err != nil {
		t.Fatalf("%+v: %v\n%s", c, err, render(m))
	}
	if next == m {
		return
	}
	if next.Version != m.Version+1 || next.Epoch < m.Epoch || next.Fence < m.Fence {
		t.Fatalf("%+v: counters\n%s%s", c, render(m), render(next))
	}
	for _, g := range m.Groups() {
		if after := next.Group(g.ID); after != nil && (after.Epoch < g.Epoch || after.Term < g.Term) {
			t.Fatalf("%+v: group counters\n%s%s", c, render(m), render(next))
		}
	}
	if j := c.Joiner; j != nil && (next.Fence < j.Fence || next.Epoch < j.Epoch || next.Epoch < j.Group.Epoch) {
		t.Fatalf("%+v: the joiner was ahead\n%s", c, render(next))
	}
	for i := range uint16(slotmap.SlotCount) {
		if m.SlotEpoch(i) > next.SlotEpoch(i) {
			t.Fatalf("%+v: epoch of slot %d", c, i)
		}
		if before, after := m.Owner(i), next.Owner(i); before != after {
			mustBeAllowed(t, m, next, c, i)
		}
	}
}

// mustBeAllowed checks the change of a slot's owner: it got its first owner, was handed over by its
// present step, or lost its owner by force or with the whole group.
func mustBeAllowed(t *rapid.T, m, next *slotmap.Map, c slotmap.Change, slot uint16) {
	before, after := m.Owner(slot), next.Owner(slot)
	to, active := m.Handoff(slot)
	ok := next.SlotEpoch(slot) > m.SlotEpoch(slot) && next.SlotEpoch(slot) > m.Fence
	switch c.Kind {
	case slotmap.KindAddNode:
		ok = ok && before == "" && next.SlotEpoch(slot) > c.Joiner.Fence
	case slotmap.KindAssignSlots:
		ok = ok && before == ""
	case slotmap.KindFinishHandoff:
		ok = ok && active && to == after && c.Epoch == m.HandoffEpoch(slot)
	case slotmap.KindUnassignSlots:
		ok = ok && after == "" && (c.Force || active && to == "") && c.Group == before
	case slotmap.KindLeave:
		ok = ok && after == "" && slices.Equal(m.Group(before).Members, []slotmap.NodeID{c.ID})
	default:
		ok = false
	}
	if !ok {
		t.Fatalf("%+v moved slot %d from %q to %q\n%s%s", c, slot, before, after, render(m), render(next))
	}
}

// TestTwins applies the same changes to a map and to a copy that goes through the codec now and then.
func TestTwins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, twin := startMap(), startMap()
		for range rapid.IntRange(1, 15).Draw(t, "changes") {
			c := drawChange(t, m)
			next, err := m.Apply(c)
			nextTwin, errTwin := twin.Apply(throughCodec(t, c))
			if (err == nil) != (errTwin == nil) || err != nil && err.Error() != errTwin.Error() {
				t.Fatalf("%+v: %v against %v", c, err, errTwin)
			}
			if err != nil {
				continue
			}
			m, twin = next, nextTwin
			bytes, bytesTwin := mustEncode(t, m), mustEncode(t, twin)
			if bytes != bytesTwin {
				t.Fatalf("%+v:\n%s\n%s", c, bytes, bytesTwin)
			}
			if rapid.Bool().Draw(t, "restore") {
				if twin, err = slotmap.Decode([]byte(bytesTwin)); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
