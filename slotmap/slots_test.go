package slotmap_test

import (
	"testing"

	"github.com/redoubtdb/redoubt/slotmap"
)

// A change of slots gives other Slots, any other change the same.
func TestSlotsAreCompared(t *testing.T) {
	m := slotmap.NewMap("c", newNode("a"), slotmap.Group{ID: "g"})
	apply := func(c slotmap.Change) bool {
		t.Helper()
		next, err := m.Apply(c)
		if err != nil {
			t.Fatal(err)
		}
		same := next.Slots() == m.Slots()
		m = next
		return same
	}
	all := []slotmap.Range{{Start: 0, End: slotmap.SlotCount - 1}}
	if apply(slotmap.AssignSlots("g", all)) {
		t.Error("the same slots after an assignment")
	}
	if !apply(slotmap.ReportLeader("g", "a", 7)) {
		t.Error("other slots after the report of a leader")
	}
	if apply(slotmap.UnassignSlots("g", []slotmap.Range{{Start: 9, End: 9}}, true)) {
		t.Error("the same slots after one of them was taken away")
	}
}
