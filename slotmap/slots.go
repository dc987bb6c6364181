package slotmap

import "iter"

// Slots are kept in pages, so that a change of a few slots copies a few pages:
//
//	Map.pages [64]*page ──► page [256]slot     nil page: 256 slots nobody ever owned
const (
	pageSlots = 256
	pageCount = SlotCount / pageSlots
)

type page [pageSlots]slot

// slot is what the map knows of one slot. A hand-over is under way if its epoch is not zero.
type slot struct {
	owner   GroupID // "" unassigned
	epoch   uint64  // fence of the latest change of owner, or of a cancelled hand-over
	to      GroupID // the hand-over's target; "" means that the slot becomes unassigned
	handoff uint64  // fence of the hand-over under way, 0 none
}

// Slots is the slots of a map, to be compared: two that are equal have the same owners, epochs and hand-overs. Maps
// that come from each other by changes of other things have equal ones.
type Slots struct{ pages [pageCount]*page }

// Slots returns the slots.
func (m *Map) Slots() Slots { return Slots{m.pages} }

func (m *Map) slot(i uint16) slot {
	if i >= SlotCount || m.pages[i/pageSlots] == nil {
		return slot{}
	}
	return m.pages[i/pageSlots][i%pageSlots]
}

// slotIndex is what can be said about all slots at once; it is made anew when a slot changes.
type slotIndex struct {
	ranges   map[GroupID][]Range
	counts   map[GroupID]int
	incoming map[GroupID]int // slots being handed over to a group
	assigned int
	handoffs []Handoff
}

// Handoff is a run of slots that is being handed over, all of it in one step.
type Handoff struct {
	Range Range
	From  GroupID
	To    GroupID // "" means that the slots become unassigned
	Epoch uint64  // the step's fence: the owner releases with it, and FinishHandoff must quote it
}

func (m *Map) makeIndex() *slotIndex {
	x := &slotIndex{ranges: map[GroupID][]Range{}, counts: map[GroupID]int{}, incoming: map[GroupID]int{}}
	for s, r := range m.alike() {
		if s.owner == "" {
			continue
		}
		x.assigned += r.Len()
		x.counts[s.owner] += r.Len()
		x.ranges[s.owner] = extend(x.ranges[s.owner], r)
		if s.handoff != 0 {
			x.incoming[s.to] += r.Len()
			x.addHandoff(r, s)
		}
	}
	return x
}

func (x *slotIndex) addHandoff(r Range, s slot) {
	if n := len(x.handoffs); n > 0 {
		last := &x.handoffs[n-1]
		if last.Range.End+1 == r.Start && last.From == s.owner && last.To == s.to && last.Epoch == s.handoff {
			last.Range.End = r.End
			return
		}
	}
	x.handoffs = append(x.handoffs, Handoff{Range: r, From: s.owner, To: s.to, Epoch: s.handoff})
}

// alike walks over all slots in order, in runs of slots that are alike.
func (m *Map) alike() iter.Seq2[slot, Range] {
	return func(yield func(slot, Range) bool) {
		run, start := m.slot(0), 0
		for here := 1; here < SlotCount; here++ {
			p := m.pages[here/pageSlots]
			if p == nil && run == (slot{}) {
				here |= pageSlots - 1 // nothing new on this page
				continue
			}
			if p != nil && p[here%pageSlots] == run {
				continue
			}
			if !yield(run, Range{Start: uint16(start), End: uint16(here - 1)}) {
				return
			}
			run, start = m.slot(uint16(here)), here
		}
		yield(run, Range{Start: uint16(start), End: SlotCount - 1})
	}
}
