package slotmap_test

import (
	"testing"

	"github.com/redoubtdb/redoubt/slotmap"
)

// fragmented is a map of two groups that own every other slot: the worst case for everything that works on ranges.
func fragmented(b *testing.B) *slotmap.Map {
	m := startMap()
	apply := func(c slotmap.Change) {
		next, err := m.Apply(c)
		if err != nil {
			b.Fatal(err)
		}
		m = next
	}
	apply(slotmap.AddNode(slotmap.Node{ID: "n1", Incarnation: "1"}, slotmap.Group{ID: "g1"}, nil, 0, 0))
	var even, odd []slotmap.Range
	for i := uint16(0); i < slotmap.SlotCount; i += 2 {
		even = append(even, slotmap.Range{Start: i, End: i})
		odd = append(odd, slotmap.Range{Start: i + 1, End: i + 1})
	}
	apply(slotmap.AssignSlots("g0", even))
	apply(slotmap.AssignSlots("g1", odd))
	return m
}

func compact(b *testing.B) *slotmap.Map {
	m, err := startMap().Apply(slotmap.AssignSlots("g0", []slotmap.Range{{End: slotmap.SlotCount - 1}}))
	if err != nil {
		b.Fatal(err)
	}
	return m
}

// BenchmarkApply begins and cancels the hand-over of one slot.
func BenchmarkApply(b *testing.B) {
	for name, m := range map[string]*slotmap.Map{"compact": compact(b), "fragmented": fragmented(b)} {
		b.Run(name, func(b *testing.B) {
			one := []slotmap.Range{{Start: 100, End: 100}}
			for b.Loop() {
				next, err := m.Apply(slotmap.BeginHandoff(one, ""))
				if err != nil {
					b.Fatal(err)
				}
				if m, err = next.Apply(slotmap.CancelHandoff(one)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkApplyNodes makes changes that touch no slot.
func BenchmarkApplyNodes(b *testing.B) {
	m := compact(b)
	for failed := false; b.Loop(); failed = !failed {
		next, err := m.Apply(slotmap.SetHealth("n0", !m.Node("n0").Failed))
		if err != nil {
			b.Fatal(err)
		}
		m = next
	}
}

// BenchmarkOwner is what every routed command does.
func BenchmarkOwner(b *testing.B) {
	m := fragmented(b)
	for i := uint16(0); b.Loop(); i++ {
		if m.Owner(i%slotmap.SlotCount) == "" {
			b.Fatal("no owner")
		}
	}
}
