package fsm

import "github.com/redoubtdb/redoubt/slotmap"

// Gate says whether commands of a slot may run in this group. The numbers are on disk.
type Gate uint8

// The gates a slot can have.
const (
	GateNone      Gate = 0 // not ours
	GateOwned     Gate = 1
	GateMigrating Gate = 2 // ours; keys that are missing may be at the target already
	GateImporting Gate = 3 // becoming ours; clients that were sent here by ASK may use it

	gateLast = GateImporting

	// GateSplit is no slot's gate: a request is refused with it when some of its keys are here and
	// others are not, while the slot is being moved.
	GateSplit Gate = 255
)

// GateChange sets the gate of slots From..To. A change whose epoch is older than a slot's is ignored
// there, and so is one that would open a gate that was shut with the same epoch; with IfEmpty a slot that has keys is left as it is.
type GateChange struct {
	From, To uint16
	Gate     Gate
	Epoch    uint64
	IfEmpty  bool
}

func (c *GateChange) valid() bool {
	return c.From <= c.To && c.To < slotmap.SlotCount && c.Gate <= gateLast
}

// admit decides whether an op of a slot with this gate may run; counts returns how many of the op's keys
// are here and how many are not, and is asked only while the slot is being moved. If the op is refused,
// why is what to refuse it with.
func admit(g Gate, asking bool, counts func() (here, missing int)) (ok bool, why Gate) {
	switch {
	case g == GateOwned:
		return true, g
	case g == GateMigrating:
		here, missing := counts()
		return missing == 0, splitIf(here > 0, g)
	case g == GateImporting && asking:
		here, missing := counts()
		return missing == 0 || here+missing == 1, GateSplit
	}
	return false, g
}

func splitIf(split bool, g Gate) Gate {
	if split {
		return GateSplit
	}
	return g
}
