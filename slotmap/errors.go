package slotmap

import (
	"errors"
	"fmt"
	"strings"
)

// Errors of a change that does not fit the map it meets. Nothing was changed.
var (
	// ErrNoNode is returned when a change names a node that is not in the map.
	ErrNoNode = errors.New("unknown node")
	// ErrNoGroup is returned when a change names a group that is not in the map.
	ErrNoGroup = errors.New("unknown group")
	// ErrNotMember is returned when a leader is reported that is no data member of the group.
	ErrNotMember = errors.New("node is not a member of the group")
	// ErrIncarnation is returned when a node is in the map with an incarnation other than the expected one.
	ErrIncarnation = errors.New("node is known with another incarnation")
	// ErrGroupExists is returned when a joiner brings a group that the map has already.
	ErrGroupExists = errors.New("group exists already")
	// ErrLeaving is returned when a change gives work to a node or group that is being forgotten.
	ErrLeaving = errors.New("node is being forgotten")
	// ErrInGroup is returned when a node is to be removed while its group still counts on it.
	ErrInGroup = errors.New("node is still in a group with others")
	// ErrLastHolder is returned when the last data holder of a group that owns slots is to be removed.
	ErrLastHolder = errors.New("node is the last holder of slots")
	// ErrNotEmpty is returned when a node cannot move because it is the master of slots, or their last holder.
	ErrNotEmpty = errors.New("node leads a group that owns slots, or is its last member")
	// ErrNotFailed is returned when a group is taken over while another member is not marked as failed.
	ErrNotFailed = errors.New("member is not marked as failed")
	// ErrWitness is returned when a witness is placed on a node of the same group.
	ErrWitness = errors.New("witness must be a node of another group")
	// ErrConflict is matched by *SlotConflictError.
	ErrConflict = errors.New("slots owned by other groups")
	// ErrSlotBusy is matched by *SlotBusyError.
	ErrSlotBusy = errors.New("slot is owned by another group")
	// ErrUnassigned is returned when a slot without an owner is to be handed over.
	ErrUnassigned = errors.New("slot has no owner")
	// ErrHandoffActive is returned when a slot is being handed over to another group already.
	ErrHandoffActive = errors.New("slot is being handed over already")
	// ErrStaleHandoff is returned when a hand-over is finished that is not, or no longer, under way.
	ErrStaleHandoff = errors.New("no such hand-over under way")
	// ErrEpochSet is returned when a config epoch is set where there is one already.
	ErrEpochSet = errors.New("node config epoch is already non-zero")
	// ErrKnowsOthers is returned when a config epoch is set on a node that knows other nodes.
	ErrKnowsOthers = errors.New("config epoch can be set only while the node knows no other")
)

// Errors of a change or an encoded map that no map would accept.
var (
	// ErrBadChange is returned when a change lacks what its kind needs.
	ErrBadChange = errors.New("malformed change")
	// ErrBadRange is returned when a slot range is reversed or outside the slot space.
	ErrBadRange = errors.New("invalid slot range")
	// ErrUnknownKind is returned when a change is of a kind this build does not know. Who finds one in
	// the log must stop: skipping it would part this node's map from everybody else's.
	ErrUnknownKind = errors.New("unknown kind of change")
	// ErrCodec is returned when encoded bytes are no map or no change of a version this build knows.
	ErrCodec = errors.New("undecodable slot map data")
)

// SlotConflictError lists the slots a joiner brings that other groups own.
type SlotConflictError struct{ Slots []Range }

func (e *SlotConflictError) Error() string {
	return ErrConflict.Error() + ": " + formatRanges(e.Slots)
}

// Unwrap makes errors.Is(err, ErrConflict) true.
func (e *SlotConflictError) Unwrap() error { return ErrConflict }

// SlotBusyError names the first slot that another group owns.
type SlotBusyError struct{ Slot uint16 }

func (e *SlotBusyError) Error() string { return fmt.Sprintf("%s: %d", ErrSlotBusy.Error(), e.Slot) }

// Unwrap makes errors.Is(err, ErrSlotBusy) true.
func (e *SlotBusyError) Unwrap() error { return ErrSlotBusy }

// codes gives each sentinel its name on the wire. A name is never given to another error.
func codes() []coded {
	return []coded{
		{"no-node", ErrNoNode}, {"no-group", ErrNoGroup}, {"not-member", ErrNotMember},
		{"incarnation", ErrIncarnation}, {"group-exists", ErrGroupExists}, {"leaving", ErrLeaving},
		{"in-group", ErrInGroup}, {"last-holder", ErrLastHolder}, {"not-empty", ErrNotEmpty}, {"not-failed", ErrNotFailed},
		{"witness", ErrWitness}, {"slot-conflict", ErrConflict}, {"slot-busy", ErrSlotBusy},
		{"unassigned", ErrUnassigned}, {"handoff-active", ErrHandoffActive},
		{"stale-handoff", ErrStaleHandoff}, {"epoch-set", ErrEpochSet}, {"knows-others", ErrKnowsOthers},
		{"bad-change", ErrBadChange}, {"bad-range", ErrBadRange}, {"unknown-kind", ErrUnknownKind},
		{"codec", ErrCodec},
	}
}

type coded struct {
	code string
	err  error
}

// ErrorCode returns the stable short name of a slotmap error, or "" for any other error.
func ErrorCode(err error) string {
	for _, c := range codes() {
		if errors.Is(err, c.err) {
			return c.code
		}
	}
	return ""
}

// ErrorFromCode rebuilds an error from its code and text, so that errors.Is and errors.As answer as
// they did where it arose. It returns nil if the code is not one of ours.
func ErrorFromCode(code, msg string) error {
	for _, c := range codes() {
		if c.code == code {
			return rebuild(c.err, msg)
		}
	}
	return nil
}

func rebuild(sentinel error, msg string) error {
	slots, err := parseRanges(strings.TrimPrefix(msg, sentinel.Error()+": "))
	switch {
	case msg == sentinel.Error():
		return sentinel
	case sentinel == ErrConflict && err == nil:
		return &SlotConflictError{Slots: slots}
	case sentinel == ErrSlotBusy && err == nil && len(slots) == 1:
		return &SlotBusyError{Slot: slots[0].Start}
	}
	return &remoteError{sentinel: sentinel, msg: msg}
}

// remoteError is a sentinel with the words that stood around it on the other side.
type remoteError struct {
	sentinel error
	msg      string
}

func (e *remoteError) Error() string { return e.msg }
func (e *remoteError) Unwrap() error { return e.sentinel }
