package slotmap

func applyAssignSlots(d *draft, c Change) error {
	g := d.Group(c.Group)
	if g == nil {
		return ErrNoGroup
	}
	wanted := mask(c.Slots)
	for i := range uint16(SlotCount) {
		if owner := d.slot(i).owner; wanted[i] && owner != "" && owner != g.ID {
			return &SlotBusyError{Slot: i}
		}
	}
	free := collect(func(i uint16) bool { return wanted[i] && d.slot(i).owner == "" })
	if len(free) == 0 {
		return nil
	}
	if d.staying(g.ID, "") == 0 {
		return ErrLeaving
	}
	d.nextFence()
	d.giveSlots(free, g.ID)
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
	wanted := mask(c.Slots)
	owned := func(i uint16) bool { return wanted[i] && d.slot(i).owner == c.Group && c.Group != "" }
	for i := range uint16(SlotCount) {
		if s := d.slot(i); owned(i) && !c.Force && (s.handoff == 0 || s.to != "") {
			return ErrStaleHandoff
		}
	}
	d.clear(collect(owned))
	return nil
}

// clear takes slots from their owners.
func (d *draft) clear(ranges []Range) {
	for _, r := range ranges {
		for i := int(r.Start); i <= int(r.End); i++ {
			*d.editSlot(uint16(i)) = slot{epoch: d.nextFence()}
		}
	}
}

// releaseAll ends all that a group has to do with slots: those it owns become unassigned, and hand-overs to it are cancelled.
func (d *draft) releaseAll(g GroupID) {
	d.clear(collect(func(i uint16) bool { return d.slot(i).owner == g }))
	d.cancel(collect(func(i uint16) bool { s := d.slot(i); return s.handoff != 0 && s.to == g }))
}

func applyBeginHandoff(d *draft, c Change) error {
	if c.To != "" && d.Group(c.To) == nil {
		return ErrNoGroup
	}
	wanted := mask(c.Slots)
	begin := func(i uint16) bool { s := d.slot(i); return wanted[i] && s.owner != c.To && s.handoff == 0 }
	for i := range uint16(SlotCount) {
		switch s := d.slot(i); {
		case !wanted[i] || s.owner == c.To && s.handoff == 0:
		case s.owner == "":
			return ErrUnassigned
		case s.handoff != 0 && s.to != c.To:
			return ErrHandoffActive
		}
	}
	ranges := collect(begin)
	if len(ranges) > 0 && c.To != "" && d.staying(c.To, "") == 0 {
		return ErrLeaving
	}
	d.each(ranges, func(s *slot) { s.to, s.handoff = c.To, d.nextFence() })
	return nil
}

func applyFinishHandoff(d *draft, c Change) error {
	wanted := mask(c.Slots)
	done := func(s slot) bool { return s.owner == c.To && s.handoff == 0 }
	for i := range uint16(SlotCount) {
		s := d.slot(i)
		if wanted[i] && !done(s) && (s.handoff == 0 || s.to != c.To || s.handoff != c.Epoch) {
			return ErrStaleHandoff
		}
	}
	ranges := collect(func(i uint16) bool { return wanted[i] && !done(d.slot(i)) })
	if len(ranges) == 0 {
		return nil
	}
	d.each(ranges, func(s *slot) { *s = slot{owner: c.To, epoch: d.nextFence()} })
	if c.To != "" {
		d.assigned(c.To)
	}
	return nil
}

func applyCancelHandoff(d *draft, c Change) error {
	wanted := mask(c.Slots)
	d.cancel(collect(func(i uint16) bool { return wanted[i] && d.slot(i).handoff != 0 }))
	return nil
}

// cancel leaves slots with their owners under a new epoch, with which they may be taken up again.
func (d *draft) cancel(ranges []Range) {
	d.each(ranges, func(s *slot) { *s = slot{owner: s.owner, epoch: d.nextFence()} })
}

func (d *draft) each(ranges []Range, edit func(*slot)) {
	for _, r := range ranges {
		for i := int(r.Start); i <= int(r.End); i++ {
			edit(d.editSlot(uint16(i)))
		}
	}
}
