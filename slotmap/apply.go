package slotmap

import (
	"fmt"
	"slices"
)

// Apply returns the map after a change. The receiver is not touched. A change that has no effect
// returns the receiver itself, so a change that is sent again after an unknown outcome does no harm.
func (m *Map) Apply(c Change) (*Map, error) {
	apply := applier(c.Kind)
	if apply == nil {
		return nil, fmt.Errorf("%w: %q", ErrUnknownKind, c.Kind)
	}
	if err := checkRanges(c.Slots); err != nil {
		return nil, err
	}
	d := newDraft(m)
	if err := apply(d, c); err != nil {
		return nil, err
	}
	return d.finish(), nil
}

// applier returns the function of a kind, nil for an unknown one.
func applier(k Kind) func(*draft, Change) error {
	switch k {
	case KindAddNode:
		return applyAddNode
	case KindRemoveNode:
		return applyRemoveNode
	case KindLeave:
		return applyLeave
	case KindSetLeaving:
		return applySetLeaving
	case KindDropMember:
		return applyDropMember
	case KindDropFormer:
		return applyDropFormer
	case KindMoveNode:
		return applyMoveNode
	case KindAssignSlots:
		return applyAssignSlots
	case KindUnassignSlots:
		return applyUnassignSlots
	case KindBeginHandoff:
		return applyBeginHandoff
	case KindFinishHandoff:
		return applyFinishHandoff
	case KindCancelHandoff:
		return applyCancelHandoff
	case KindSetHealth:
		return applySetHealth
	case KindReportLeader:
		return applyReportLeader
	case KindSetWitness:
		return applySetWitness
	case KindSetAddress:
		return applySetAddress
	case KindRenewIncarnation:
		return applyRenewIncarnation
	case KindBumpEpoch:
		return applyBumpEpoch
	case KindSetConfigEpoch:
		return applySetConfigEpoch
	case KindTakeover:
		return applyTakeover
	}
	return nil
}

// Known tells whether this build can apply changes of a kind.
func (k Kind) Known() bool { return applier(k) != nil }

func checkRanges(ranges []Range) error {
	for _, r := range ranges {
		if !r.valid() {
			return fmt.Errorf("%w: %d-%d", ErrBadRange, r.Start, r.End)
		}
	}
	return nil
}

// draft is a map under construction. It shares everything with the map it began from until the first
// write: every write goes through node, group or slot, which copy what they hand out.
type draft struct {
	Map
	from      *Map
	dirty     bool
	slotDirty bool
	fenced    bool // this change took a fence
	copied    [pageCount]bool
}

func newDraft(m *Map) *draft {
	d := &draft{Map: *m, from: m}
	d.nodes = slices.Clone(m.nodes)
	d.groups = slices.Clone(m.groups)
	return d
}

func (d *draft) finish() *Map {
	if !d.dirty {
		return d.from
	}
	next := d.Map
	next.Version++
	if d.slotDirty {
		next.index = next.makeIndex()
	}
	next.state = next.computeState()
	return &next
}

// editNode copies a node and puts the copy into its place; nil if absent.
func (d *draft) editNode(id NodeID) *Node {
	i, ok := findNode(d.nodes, id)
	if !ok {
		return nil
	}
	n := *d.nodes[i]
	d.nodes[i] = &n
	d.dirty = true
	return &n
}

// editGroup copies a group and puts the copy into its place; nil if absent.
func (d *draft) editGroup(id GroupID) *Group {
	i, ok := findGroup(d.groups, id)
	if !ok {
		return nil
	}
	g := *d.groups[i]
	g.Members, g.Former = slices.Clone(g.Members), slices.Clone(g.Former)
	d.groups[i] = &g
	d.dirty = true
	return &g
}

// editSlot copies the slot's page if it is still shared.
func (d *draft) editSlot(i uint16) *slot {
	p := i / pageSlots
	if !d.copied[p] {
		fresh := new(page)
		if d.pages[p] != nil {
			*fresh = *d.pages[p]
		}
		d.pages[p] = fresh
		d.copied[p] = true
	}
	d.dirty, d.slotDirty = true, true
	return &d.pages[p][i%pageSlots]
}

func (d *draft) insertNode(n *Node) {
	i, _ := findNode(d.nodes, n.ID)
	d.nodes = slices.Insert(d.nodes, i, n)
	d.dirty = true
}

func (d *draft) insertGroup(g *Group) {
	i, _ := findGroup(d.groups, g.ID)
	d.groups = slices.Insert(d.groups, i, g)
	d.dirty = true
}

// nextFence is the fence of this change's step of slot ownership; a change takes one at most.
func (d *draft) nextFence() uint64 {
	if !d.fenced {
		d.fenced = true
		d.Fence++
	}
	return d.Fence
}

// raiseFence makes the fence at least that of another cluster.
func (d *draft) raiseFence(fence uint64) { d.Fence = max(d.Fence, fence) }

// newConfigEpoch gives a group an epoch that is higher than any other.
func (d *draft) newConfigEpoch(id GroupID) {
	d.Epoch++
	d.editGroup(id).Epoch = d.Epoch
}
