package slotmap

import (
	"fmt"
	"slices"
)

func applyDropMember(d *draft, c Change) error {
	n, g := d.Node(c.ID), d.Group(c.Group)
	switch {
	case n == nil || g == nil || n.Group != g.ID:
		return nil
	case len(g.Members) == 1 && d.index.counts[g.ID] > 0:
		return ErrLastHolder
	case len(g.Members) == 1 || !n.Leaving:
		return ErrInGroup
	}
	d.leaveGroup(n)
	return nil
}

func applyMoveNode(d *draft, c Change) error {
	n, g := d.Node(c.ID), d.Group(c.Group)
	switch {
	case n == nil:
		return ErrNoNode
	case g == nil:
		return ErrNoGroup
	case n.Group == g.ID:
		return nil
	case n.Leaving || d.staying(g.ID, "") == 0:
		return ErrLeaving
	case n.Group != "" && d.needs(n):
		return ErrNotEmpty
	}
	former := n.Group
	d.leaveGroup(n)
	d.retire(former, n.ID)
	d.enterGroup(n.ID, g.ID)
	return nil
}

// retire notes that a group's Raft configuration may still have a node; no effect if the group is gone.
func (d *draft) retire(group GroupID, id NodeID) {
	g := d.Group(group)
	if g == nil {
		return
	}
	if i, found := slices.BinarySearch(g.Former, id); !found {
		g = d.editGroup(group)
		g.Former = slices.Insert(g.Former, i, id)
	}
}

func applyDropFormer(d *draft, c Change) error {
	d.release(c.Group, c.ID)
	return nil
}

// release is the opposite of retire.
func (d *draft) release(group GroupID, id NodeID) {
	if g := d.Group(group); g != nil && slices.Contains(g.Former, id) {
		g = d.editGroup(group)
		g.Former = slices.DeleteFunc(g.Former, func(other NodeID) bool { return other == id })
	}
}

// needs tells whether a node's group has, or will have, slots and nobody else to lead or hold them.
func (d *draft) needs(n *Node) bool {
	return d.claims(n.Group) && (d.Group(n.Group).Leader == n.ID || d.staying(n.Group, n.ID) == 0)
}

// enterGroup makes a node a member; a witness of that group on the same node gives way.
func (d *draft) enterGroup(id NodeID, group GroupID) {
	d.editNode(id).Group = group
	g := d.editGroup(group)
	i, _ := slices.BinarySearch(g.Members, id)
	g.Members = slices.Insert(g.Members, i, id)
	if g.Witness == id {
		g.Witness = ""
		d.retire(group, id)
	}
}

func applySetWitness(d *draft, c Change) error {
	g := d.Group(c.Group)
	switch {
	case g == nil:
		return ErrNoGroup
	case g.Witness == c.ID:
		return nil
	}
	if c.ID != "" {
		if err := d.mayWitness(c.ID, g); err != nil {
			return err
		}
	}
	if g.Witness != "" {
		d.retire(g.ID, g.Witness)
	}
	d.editGroup(g.ID).Witness = c.ID
	return nil
}

func (d *draft) mayWitness(id NodeID, g *Group) error {
	n := d.Node(id)
	switch {
	case n == nil:
		return ErrNoNode
	case n.Group == g.ID || n.Group == "":
		return ErrWitness
	case n.Leaving:
		return ErrLeaving
	}
	return nil
}

func applyReportLeader(d *draft, c Change) error {
	g := d.Group(c.Group)
	switch {
	case g == nil:
		return ErrNoGroup
	case c.Term < g.Term || c.Term == g.Term && g.Leader != "":
		return nil
	case !slices.Contains(g.Members, c.ID):
		return ErrNotMember
	}
	first, same := g.Term == 0, g.Leader == c.ID
	edit := d.editGroup(g.ID)
	edit.Leader, edit.Term = c.ID, c.Term
	if !first && !same {
		d.newConfigEpoch(g.ID)
	}
	return nil
}

func applyBumpEpoch(d *draft, c Change) error {
	g := d.GroupOf(c.ID)
	if g == nil {
		return ErrNoNode
	}
	if g.Epoch == 0 || g.Epoch != d.Epoch {
		d.newConfigEpoch(g.ID)
	}
	return nil
}

func applySetConfigEpoch(d *draft, c Change) error {
	g := d.GroupOf(c.ID)
	switch {
	case g == nil:
		return ErrNoNode
	case g.Epoch == c.Epoch && c.Epoch != 0:
		return nil
	case len(d.nodes) > 1:
		return ErrKnowsOthers
	case g.Epoch != 0:
		return ErrEpochSet
	case c.Epoch == 0:
		return nil // it has none already
	}
	d.editGroup(g.ID).Epoch = c.Epoch
	d.Epoch = max(d.Epoch, c.Epoch)
	return nil
}

func applyTakeover(d *draft, c Change) error {
	g := d.Group(c.Group)
	switch {
	case g == nil:
		return ErrNoGroup
	case !slices.Contains(g.Members, c.ID):
		return ErrNotMember
	case g.Generation >= c.Term:
		return nil
	}
	for _, id := range g.Members {
		if id != c.ID && !d.Node(id).Failed {
			return fmt.Errorf("%w: %s", ErrNotFailed, id)
		}
	}
	for _, id := range g.Members {
		if id != c.ID {
			d.expel(d.Node(id))
		}
	}
	g = d.editGroup(c.Group)
	g.Witness, g.Former, g.Generation = "", nil, c.Term
	d.editNode(c.ID).Leaving = false
	return nil
}
