package slotmap

import (
	"fmt"
	"slices"
)

func applyAddNode(d *draft, c Change) error {
	if c.Node == nil || c.Joiner == nil || c.Node.ID == "" || c.Joiner.Group.ID == "" {
		return fmt.Errorf("%w: a joiner is a node and a group", ErrBadChange)
	}
	if err := checkRanges(c.Joiner.Slots); err != nil {
		return err
	}
	if known := d.Node(c.Node.ID); known != nil {
		if known.Incarnation != c.Node.Incarnation {
			return ErrIncarnation
		}
		return nil
	}
	if d.Group(c.Joiner.Group.ID) != nil {
		return ErrGroupExists
	}
	if taken := d.taken(c.Joiner.Slots); len(taken) > 0 {
		return &SlotConflictError{Slots: taken}
	}
	d.admit(*c.Node, *c.Joiner)
	return nil
}

// taken returns those of the slots that have an owner.
func (d *draft) taken(ranges []Range) []Range {
	var slots []uint16
	for i := range slotsOf(ranges) {
		if d.slot(i).owner != "" {
			slots = append(slots, i)
		}
	}
	return RangesOf(slots)
}

// admit adds the joiner, its group and its slots.
func (d *draft) admit(n Node, j Joiner) {
	n.Group, n.Failed, n.Leaving = j.Group.ID, false, false
	g := Group{ID: j.Group.ID, Members: []NodeID{n.ID}, Leader: n.ID, Term: j.Group.Term, Epoch: j.Group.Epoch}
	d.Epoch = max(d.Epoch, j.Epoch, g.Epoch)
	d.raiseFence(j.Fence)
	if d.epochTaken(g.Epoch) {
		d.Epoch++
		g.Epoch = d.Epoch
	}
	d.insertNode(&n)
	d.insertGroup(&g)
	for i := range slotsOf(j.Slots) {
		*d.editSlot(i) = slot{owner: g.ID, epoch: d.nextFence()}
	}
}

// epochTaken tells whether another group has this config epoch. Zero means "none yet" and may repeat.
func (d *draft) epochTaken(epoch uint64) bool {
	return epoch != 0 && slices.ContainsFunc(d.groups, func(g *Group) bool { return g.Epoch == epoch })
}

func applyRemoveNode(d *draft, c Change) error {
	n := d.Node(c.ID)
	if n == nil {
		return nil
	}
	if d.othersStay(n.ID) == 0 {
		return errLastNode()
	}
	if slices.ContainsFunc(d.groups, func(g *Group) bool { return slices.Contains(g.Former, n.ID) }) {
		return ErrInGroup
	}
	if g := d.Group(n.Group); g != nil {
		if len(g.Members) > 1 {
			return ErrInGroup
		}
		if d.index.counts[g.ID] > 0 {
			return ErrLastHolder
		}
	}
	d.expel(n)
	return nil
}

func applyLeave(d *draft, c Change) error {
	n := d.Node(c.ID)
	if n == nil || c.Incarnation != "" && c.Incarnation != n.Incarnation {
		return nil
	}
	if d.othersStay(n.ID) == 0 {
		return errLastNode()
	}
	d.expel(n)
	return nil
}

// othersStay counts the nodes besides one that are not leaving.
func (d *draft) othersStay(id NodeID) (n int) {
	for _, other := range d.nodes {
		if other.ID != id && !other.Leaving {
			n++
		}
	}
	return n
}

func errLastNode() error { return fmt.Errorf("%w: a cluster keeps one node at least", ErrBadChange) }

// expel takes a node out of its group, its witness places, its former groups, and the map.
func (d *draft) expel(n *Node) {
	d.leaveGroup(n)
	for _, g := range slices.Clone(d.groups) {
		if g.Witness == n.ID {
			d.editGroup(g.ID).Witness = ""
		}
		d.release(g.ID, n.ID)
	}
	if i, ok := findNode(d.nodes, n.ID); ok {
		d.nodes = slices.Delete(d.nodes, i, i+1)
		d.dirty = true
	}
}

// leaveGroup takes a node out of its group, and drops the group if it was the last member.
func (d *draft) leaveGroup(n *Node) {
	if n.Group == "" {
		return
	}
	g := d.editGroup(n.Group)
	g.Members = slices.DeleteFunc(g.Members, func(id NodeID) bool { return id == n.ID })
	if g.Leader == n.ID {
		g.Leader = ""
	}
	if len(g.Members) == 0 {
		d.dropGroup(g.ID)
	} else {
		d.keepHolders(g)
	}
	d.editNode(n.ID).Group = ""
}

// keepHolders calls off the forgetting of a group's members when those who were to stay are gone (only
// Leave can do that) and the group owns slots.
func (d *draft) keepHolders(g *Group) {
	if !d.claims(g.ID) || d.staying(g.ID, "") > 0 {
		return
	}
	for _, id := range g.Members {
		d.editNode(id).Leaving = false
	}
}

func (d *draft) dropGroup(id GroupID) {
	d.releaseAll(id)
	i, _ := findGroup(d.groups, id)
	d.groups = slices.Delete(d.groups, i, i+1)
}

func applySetLeaving(d *draft, c Change) error {
	n := d.Node(c.ID)
	switch {
	case n == nil:
		return ErrNoNode
	case n.Leaving:
		return nil
	case n.Group != "" && d.claims(n.Group) && d.staying(n.Group, n.ID) == 0:
		return ErrLastHolder
	case d.othersStay(n.ID) == 0:
		return errLastNode()
	}
	d.editNode(c.ID).Leaving = true
	return nil
}

// claims tells whether a group owns slots or is about to.
func (d *draft) claims(g GroupID) bool { return d.index.counts[g] > 0 || d.index.incoming[g] > 0 }

// staying counts a group's members that are not leaving, without one of them.
func (d *draft) staying(id GroupID, without NodeID) int {
	n := 0
	for _, member := range d.Group(id).Members {
		if member != without && !d.Node(member).Leaving {
			n++
		}
	}
	return n
}

func applySetHealth(d *draft, c Change) error {
	n := d.Node(c.ID)
	if n == nil {
		return ErrNoNode
	}
	if n.Failed != c.Failed {
		d.editNode(c.ID).Failed = c.Failed
	}
	return nil
}

func applySetAddress(d *draft, c Change) error {
	if c.Node == nil {
		return fmt.Errorf("%w: no address", ErrBadChange)
	}
	n := d.Node(c.ID)
	if n == nil {
		return ErrNoNode
	}
	if n.SameAddress(c.Node) {
		return nil
	}
	from, to := c.Node, d.editNode(c.ID)
	to.Host, to.Port, to.BusPort, to.Hostname = from.Host, from.Port, from.BusPort, from.Hostname
	to.AnnounceHost, to.AnnouncePort, to.AnnounceBusPort = from.AnnounceHost, from.AnnouncePort, from.AnnounceBusPort
	return nil
}

func applyRenewIncarnation(d *draft, c Change) error {
	n := d.Node(c.ID)
	switch {
	case n == nil:
		return ErrNoNode
	case c.Incarnation == "":
		return fmt.Errorf("%w: empty incarnation", ErrBadChange)
	case n.Incarnation == c.Incarnation:
		return nil
	case c.Old != "" && c.Old != n.Incarnation:
		return ErrIncarnation
	}
	d.editNode(c.ID).Incarnation = c.Incarnation
	return nil
}
