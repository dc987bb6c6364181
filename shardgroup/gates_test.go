package shardgroup

import (
	"reflect"
	"strings"
	"testing"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/slotmap"
)

// gateTable is a gateView with gates at chosen slots.
type gateTable map[uint16]struct {
	gate  fsm.Gate
	epoch uint64
}

func (t gateTable) Gate(slot uint16) (fsm.Gate, uint64) { return t[slot].gate, t[slot].epoch }

func mustApply(t *testing.T, m *slotmap.Map, c slotmap.Change) *slotmap.Map {
	t.Helper()
	next, err := m.Apply(c)
	if err != nil {
		t.Fatalf("%s: %v", c.Kind, err)
	}
	return next
}

func TestPlanGates(t *testing.T) {
	mine := slotmap.GroupID(strings.Repeat("a", 40))
	m := slotmap.NewMap("c", slotmap.Node{ID: slotmap.NodeID(strings.Repeat("1", 40)), Incarnation: "i"}, slotmap.Group{ID: mine})
	five := []slotmap.Range{{Start: 5, End: 6}}
	m = mustApply(t, m, slotmap.AssignSlots(mine, five))
	epoch := m.SlotEpoch(5)

	acquire := planGates(m, mine, gateTable{})
	want := []fsm.GateChange{{From: 5, To: 6, Gate: fsm.GateOwned, Epoch: epoch}}
	if !reflect.DeepEqual(acquire.changes, want) || len(acquire.released) != 0 {
		t.Fatalf("a new assignment: %+v", acquire)
	}

	owned := gateTable{5: {fsm.GateOwned, epoch}, 6: {fsm.GateOwned, epoch}}
	if p := planGates(m, mine, owned); len(p.changes)+len(p.released) != 0 {
		t.Fatalf("nothing to do, but: %+v", p)
	}

	leaving := mustApply(t, m, slotmap.BeginHandoff(five, ""))
	release := planGates(leaving, mine, owned)
	want = []fsm.GateChange{{From: 5, To: 6, Gate: fsm.GateNone, Epoch: leaving.HandoffEpoch(5)}}
	if !reflect.DeepEqual(release.changes, want) || len(release.released) != 0 {
		t.Fatalf("a hand-over begins with the release: %+v", release)
	}

	shut := gateTable{5: {fsm.GateNone, leaving.HandoffEpoch(5)}, 6: {fsm.GateNone, leaving.HandoffEpoch(6)}}
	if p := planGates(leaving, mine, shut); len(p.changes) != 0 || len(p.released) != 1 || p.released[0].slots != five[0] {
		t.Fatalf("after the release the map may follow: %+v", p)
	}

	// A leader with an old map must not take back what the group has released.
	if p := planGates(m, mine, shut); len(p.changes) != 0 {
		t.Fatalf("acquired on the word of an old map: %+v", p)
	}
	back := mustApply(t, leaving, slotmap.CancelHandoff(five))
	if p := planGates(back, mine, shut); len(p.changes) != 1 || p.changes[0].Gate != fsm.GateOwned {
		t.Fatalf("a cancelled hand-over is taken up again: %+v", p)
	}
}
