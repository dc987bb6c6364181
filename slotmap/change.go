package slotmap

// Kind says what a Change does. Kinds stand in logs: a name is never reused for another meaning.
type Kind string

// The kinds of changes. Each is idempotent: see the constructor of the same name.
const (
	KindAddNode          Kind = "add-node"
	KindRemoveNode       Kind = "remove-node"
	KindLeave            Kind = "leave"
	KindSetLeaving       Kind = "set-leaving"
	KindDropMember       Kind = "drop-member"
	KindDropFormer       Kind = "drop-former"
	KindMoveNode         Kind = "move-node"
	KindAssignSlots      Kind = "assign-slots"
	KindUnassignSlots    Kind = "unassign-slots"
	KindBeginHandoff     Kind = "begin-handoff"
	KindFinishHandoff    Kind = "finish-handoff"
	KindCancelHandoff    Kind = "cancel-handoff"
	KindSetHealth        Kind = "set-health"
	KindReportLeader     Kind = "report-leader"
	KindSetWitness       Kind = "set-witness"
	KindSetAddress       Kind = "set-address"
	KindRenewIncarnation Kind = "renew-incarnation"
	KindBumpEpoch        Kind = "bump-epoch"
	KindSetConfigEpoch   Kind = "set-config-epoch"
	KindTakeover         Kind = "takeover"
)

// Change is one step from a Map to the next. Which fields count depends on the kind; make changes with
// the constructors.
type Change struct {
	Kind Kind `json:"kind"`

	ID          NodeID  `json:"id,omitempty"`
	Group       GroupID `json:"group,omitempty"`
	To          GroupID `json:"to,omitempty"`
	Slots       []Range `json:"slots,omitempty"`
	Term        uint64  `json:"term,omitempty"`
	Epoch       uint64  `json:"epoch,omitempty"` // a config epoch, or the fence of a hand-over
	Failed      bool    `json:"failed,omitempty"`
	Force       bool    `json:"force,omitempty"`
	Incarnation string  `json:"incarnation,omitempty"`
	Old         string  `json:"old,omitempty"` // the incarnation that is replaced

	Node   *Node   `json:"node,omitempty"`   // AddNode, SetAddress
	Joiner *Joiner `json:"joiner,omitempty"` // AddNode
}

// Joiner is what a node brings from the cluster that it was, alone, until now.
type Joiner struct {
	Group Group   `json:"group"`
	Slots []Range `json:"slots,omitempty"`
	Epoch uint64  `json:"epoch"` // its cluster's epoch
	Fence uint64  `json:"fence"` // its cluster's fence: its gates know no higher one
}

// AddNode lets a node join with its group and slots. The node again with the same incarnation: no
// effect; with another: ErrIncarnation. Slots that other groups own: *SlotConflictError. The cluster's
// epoch and fence become the greater of both; a config epoch that another group has is replaced by a new one.
func AddNode(n Node, g Group, slots []Range, epoch, fence uint64) Change {
	return Change{Kind: KindAddNode, Node: &n, Joiner: &Joiner{Group: g, Slots: slots, Epoch: epoch, Fence: fence}}
}

// Join makes the AddNode change with which the only node of this map joins another cluster, or
// ErrKnowsOthers if it is not the only one.
func (m *Map) Join() (Change, error) {
	if len(m.nodes) != 1 {
		return Change{}, ErrKnowsOthers
	}
	n, g := m.nodes[0], m.groups[0]
	return AddNode(*n, *g, m.Ranges(g.ID), m.Epoch, m.Fence), nil
}

// RemoveNode takes a node out of the map that is in no group any more, or whose group has no other
// member and no slots; the group goes with it. ErrInGroup, also while a former group has not let it go;
// ErrLastHolder. Absent: no effect.
func RemoveNode(id NodeID) Change { return Change{Kind: KindRemoveNode, ID: id} }

// Leave takes out a node that gives up everything (RESET). If it is the last member of its group, the
// group's slots become unassigned. A node that is absent or has another incarnation meanwhile: no
// effect; an empty incarnation means any.
func Leave(id NodeID, incarnation string) Change {
	return Change{Kind: KindLeave, ID: id, Incarnation: incarnation}
}

// SetLeaving begins to forget a node (FORGET). ErrLastHolder if its group owns slots, or is about to, and has
// no other member that stays.
func SetLeaving(id NodeID) Change { return Change{Kind: KindSetLeaving, ID: id} }

// DropMember says that a leaving node is out of its group's Raft configuration: RemoveNode may follow.
// A node that is absent or not in the group: no effect. Last member: ErrLastHolder if the group owns slots, else ErrInGroup.
func DropMember(id NodeID, group GroupID) Change {
	return Change{Kind: KindDropMember, ID: id, Group: group}
}

// DropFormer says that a node that moved away from a group, or was its witness, is out of the group's Raft
// configuration. No effect if the group does not wait for that.
func DropFormer(id NodeID, group GroupID) Change {
	return Change{Kind: KindDropFormer, ID: id, Group: group}
}

// MoveNode makes a node a member of another group (REPLICATE). Its old group is dropped if that leaves it
// empty. ErrNotEmpty if the old group owns slots, or is about to, and the node leads it or is its last
// member that stays: a master with slots does not become a replica. A witness on the node gives way.
func MoveNode(id NodeID, group GroupID) Change {
	return Change{Kind: KindMoveNode, ID: id, Group: group}
}

// AssignSlots gives slots without owner to a group. All or none: *SlotBusyError if another group owns one.
func AssignSlots(group GroupID, slots []Range) Change {
	return Change{Kind: KindAssignSlots, Group: group, Slots: slots}
}

// UnassignSlots takes slots from a group whose hand-over to nobody is under way, or, by force, from
// any state: only for a group that is gone for good. Slots that it does not own are left alone.
func UnassignSlots(group GroupID, slots []Range, force bool) Change {
	return Change{Kind: KindUnassignSlots, Group: group, Slots: slots, Force: force}
}

// BeginHandoff tells the owners of slots to release them, for the group to or, with "", for nobody.
// Slots that to owns, or that are on their way to it, are left alone. ErrHandoffActive, ErrUnassigned.
func BeginHandoff(slots []Range, to GroupID) Change {
	return Change{Kind: KindBeginHandoff, Slots: slots, To: to}
}

// FinishHandoff says that the owner has released the slots in its own log with this epoch, the one of
// Map.HandoffEpoch: they are to's now. Slots that to owns already are left alone; any other epoch: ErrStaleHandoff.
func FinishHandoff(slots []Range, to GroupID, epoch uint64) Change {
	return Change{Kind: KindFinishHandoff, Slots: slots, To: to, Epoch: epoch}
}

// CancelHandoff leaves the slots with their owners, which take them up again with a new epoch in case
// they had released them. Slots without hand-over are left alone.
func CancelHandoff(slots []Range) Change { return Change{Kind: KindCancelHandoff, Slots: slots} }

// SetHealth marks a node as failed or not.
func SetHealth(id NodeID, failed bool) Change {
	return Change{Kind: KindSetHealth, ID: id, Failed: failed}
}

// ReportLeader says who leads a group. Older terms are left alone. A new leader gets a new config epoch.
func ReportLeader(group GroupID, node NodeID, term uint64) Change {
	return Change{Kind: KindReportLeader, Group: group, ID: node, Term: term}
}

// SetWitness places a group's witness; "" removes it.
func SetWitness(group GroupID, node NodeID) Change {
	return Change{Kind: KindSetWitness, Group: group, ID: node}
}

// SetAddress replaces all addresses of the node by those of n.
func SetAddress(n Node) Change {
	return Change{Kind: KindSetAddress, ID: n.ID, Node: &n}
}

// RenewIncarnation replaces a node's incarnation. If old is given and is not the present one: ErrIncarnation.
func RenewIncarnation(id NodeID, old, renewed string) Change {
	return Change{Kind: KindRenewIncarnation, ID: id, Old: old, Incarnation: renewed}
}

// BumpEpoch gives a node's group the highest config epoch, unless it has it already.
func BumpEpoch(id NodeID) Change { return Change{Kind: KindBumpEpoch, ID: id} }

// SetConfigEpoch sets the config epoch of a node that knows no other and has none: ErrKnowsOthers, ErrEpochSet.
func SetConfigEpoch(id NodeID, epoch uint64) Change {
	return Change{Kind: KindSetConfigEpoch, ID: id, Epoch: epoch}
}

// Takeover makes a node the only member of its group, which begins a new generation: what is left of an
// older one must not act any more. The other members leave the cluster; all of them must be marked as
// failed (ErrNotFailed). A generation that the group has reached already: no effect.
func Takeover(group GroupID, id NodeID, generation uint64) Change {
	return Change{Kind: KindTakeover, Group: group, ID: id, Term: generation}
}
