package shardgroup

import (
	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/slotmap"
)

// gatesPlan is what a leader does about its slots: gate changes for its own log, and
// hand-overs whose release is already in its log, for the metadata group.
type gatesPlan struct {
	changes  []fsm.GateChange
	released []handover
}

// handover is a range of slots this group has released.
type handover struct {
	slots slotmap.Range
	to    slotmap.GroupID // "": to nobody
	epoch uint64          // the fence of the hand-over
}

// gateView is what planning needs of a machine.
type gateView interface {
	Gate(slot uint16) (fsm.Gate, uint64)
}

// gatesSeen is all that a plan depends on. Gates and map are compared slot by slot, which
// is too much for every duty of a leader when nothing has changed.
type gatesSeen struct {
	shown   slotmap.Slots
	machine *fsm.Machine
	version uint64 // of the machine's gates, taken before the look at them
}

// planGates compares the map with the machine's gates. A slot given to this group is
// acquired with the epoch of its assignment; a slot that is to leave is released in
// this group's log first and handed over in the map only after that. An assignment no
// newer than the gate's epoch is one that this group has released already: a map that
// still shows it is behind, and acquiring on its word could make two owners.
func planGates(m *slotmap.Map, id slotmap.GroupID, machine gateView) gatesPlan {
	var p gatesPlan
	for s := 0; s < slotmap.SlotCount; s++ {
		slot := uint16(s)
		gate, gateEpoch := machine.Gate(slot)
		to, leaving := m.Handoff(slot)
		mine := m.Owner(slot) == id
		switch {
		case mine && !leaving && m.SlotEpoch(slot) > gateEpoch:
			p.change(slot, fsm.GateOwned, m.SlotEpoch(slot))
		case mine && leaving && gate == fsm.GateOwned:
			p.change(slot, fsm.GateNone, m.HandoffEpoch(slot))
		case mine && leaving:
			p.release(slot, to, m.HandoffEpoch(slot))
		case !mine && gate == fsm.GateOwned && m.SlotEpoch(slot) > gateEpoch:
			p.change(slot, fsm.GateNone, m.SlotEpoch(slot)) // taken by force
		}
	}
	return p
}

// change adds slot to the last range where it continues it.
func (p *gatesPlan) change(slot uint16, gate fsm.Gate, epoch uint64) {
	if n := len(p.changes); n > 0 {
		last := &p.changes[n-1]
		if last.To+1 == slot && last.Gate == gate && last.Epoch == epoch {
			last.To = slot
			return
		}
	}
	p.changes = append(p.changes, fsm.GateChange{From: slot, To: slot, Gate: gate, Epoch: epoch})
}

func (p *gatesPlan) release(slot uint16, to slotmap.GroupID, epoch uint64) {
	if n := len(p.released); n > 0 {
		last := &p.released[n-1]
		if last.slots.End+1 == slot && last.to == to && last.epoch == epoch {
			last.slots.End = slot
			return
		}
	}
	p.released = append(p.released, handover{slots: slotmap.Range{Start: slot, End: slot}, to: to, epoch: epoch})
}
