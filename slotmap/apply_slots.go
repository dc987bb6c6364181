package slotmap

func applyAssignSlots(d *draft, c Change) error {
	g := d.Group(c.Group)
	if g == nil {
		return ErrNoGroup
	}
	free := false
	for i := range slotsOf(c.Slots) {
		switch d.slot(i).owner {
		case g.ID:
		case "":
			free = true
		default:
			return &SlotBusyError{Slot: i}
		}
	}
	if !free {
		return nil
	}
	if d.staying(g.ID, "") == 0 {
		return ErrLeaving
	}
	for i := range slotsOf(c.Slots) {
		if d.slot(i).owner == "" {
			*d.editSlot(i) = slot{owner: g.ID, epoch: d.nextFence()}
		}
	}
	d.assigned(g.ID)
	return nil
}

// assigned gives the group that got slots a new config epoch, except on a lone node: see the package comment.
func (d *draft) assigned(id GroupID) {
	if len(d.nodes) > 1 {
		d.newConfigEpoch(id)
	}
}

func applyUnassignSlots(d *draft, c Change) error {
	if c.Group == "" {
		return ErrNoGroup
	}
	for i := range slotsOf(c.Slots) {
		if s := d.slot(i); s.owner == c.Group && !c.Force && (s.handoff == 0 || s.to != "") {
			return ErrStaleHandoff
		}
	}
	for i := range slotsOf(c.Slots) {
		if d.slot(i).owner == c.Group {
			d.clear(i)
		}
	}
	return nil
}

// clear takes a slot from its owner.
func (d *draft) clear(i uint16) { *d.editSlot(i) = slot{epoch: d.nextFence()} }

// cancel leaves a slot with its owner under a new epoch, with which it may be taken up again.
func (d *draft) cancel(i uint16) {
	*d.editSlot(i) = slot{owner: d.slot(i).owner, epoch: d.nextFence()}
}

// releaseAll ends all that a group has to do with slots: those it owns become unassigned, and hand-overs
// to it are cancelled.
func (d *draft) releaseAll(g GroupID) {
	for i := range slotsOf(d.index.ranges[g]) {
		d.clear(i)
	}
	for _, h := range d.index.handoffs {
		if h.To != g {
			continue
		}
		for i := range slotsOf([]Range{h.Range}) {
			d.cancel(i)
		}
	}
}

func applyBeginHandoff(d *draft, c Change) error {
	if c.To != "" && d.Group(c.To) == nil {
		return ErrNoGroup
	}
	fresh := false
	for i := range slotsOf(c.Slots) {
		switch s := d.slot(i); {
		case s.owner == c.To && s.handoff == 0:
		case s.owner == "":
			return ErrUnassigned
		case s.handoff == 0:
			fresh = true
		case s.to != c.To:
			return ErrHandoffActive
		}
	}
	if fresh && c.To != "" && d.staying(c.To, "") == 0 {
		return ErrLeaving
	}
	for i := range slotsOf(c.Slots) {
		if s := d.slot(i); s.owner != c.To && s.handoff == 0 {
			s.to, s.handoff = c.To, d.nextFence()
			*d.editSlot(i) = s
		}
	}
	return nil
}

func applyFinishHandoff(d *draft, c Change) error {
	for i := range slotsOf(c.Slots) {
		if s := d.slot(i); !s.rests(c.To) && (s.handoff == 0 || s.to != c.To || s.handoff != c.Epoch) {
			return ErrStaleHandoff
		}
	}
	moved := false
	for i := range slotsOf(c.Slots) {
		if !d.slot(i).rests(c.To) {
			*d.editSlot(i) = slot{owner: c.To, epoch: d.nextFence()}
			moved = true
		}
	}
	if moved && c.To != "" {
		d.assigned(c.To)
	}
	return nil
}

// rests tells whether a slot is a group's ("": nobody's) and is not being handed over.
func (s slot) rests(g GroupID) bool { return s.owner == g && s.handoff == 0 }

func applyCancelHandoff(d *draft, c Change) error {
	for i := range slotsOf(c.Slots) {
		if d.slot(i).handoff != 0 {
			d.cancel(i)
		}
	}
	return nil
}
