package fsm

import (
	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
)

// NoSlot is the slot of a command without keys.
const NoSlot int32 = -1

// Op is one command of a client, or one transaction: then Spec is EXEC's and Queue holds the commands.
type Op struct {
	Spec   *command.Spec
	Args   [][]byte
	Slot   int32 // of all its keys, NoSlot if it has none
	Queue  []Op
	Watch  []Watch
	Asking bool // the client sent ASKING

	// Local is a command of the frontend. It runs at its place between the others when the batch is
	// applied where it came from; it is never logged. Inside a transaction it runs behind the others,
	// and its reply stands at its place. It must not call Freeze, nor View for commands without keys.
	Local func(w *resp.Writer)
}

// Watch is the state of a key when WATCH was called.
type Watch struct {
	Key    []byte
	Exists bool
	Rev    uint64
}

// IsWrite reports whether the op must go through the log.
func (op *Op) IsWrite() bool {
	if op.Spec != nil && logged(op.Spec) {
		return true
	}
	for i := range op.Queue {
		if op.Queue[i].IsWrite() {
			return true
		}
	}
	return false
}

// logged reports whether a command may change keys. A script may, though COMMAND INFO does not list it
// among the writes.
func logged(s *command.Spec) bool {
	if s.Run == nil {
		return false
	}
	return s.Flags.Has(command.Write) || s.Flags.Has(command.MayReplicate) && !s.Flags.Has(command.ReadOnly)
}

// scripting reports whether a command runs others, which may touch any slot.
func scripting(s *command.Spec) bool { return s.Run != nil && s.Group == "scripting" }

// isExec reports whether the op is a transaction.
func (op *Op) isExec() bool {
	return len(op.Queue) > 0 || len(op.Watch) > 0 || op.Spec != nil && op.Spec.Name == "exec"
}

// touches reports whether some command of the op satisfies is.
func (op *Op) touches(is func(*command.Spec) bool) bool {
	if op.Spec != nil && is(op.Spec) {
		return true
	}
	for i := range op.Queue {
		if op.Queue[i].touches(is) {
			return true
		}
	}
	return false
}

func allSlots(s *command.Spec) bool { return s.Flags.Has(command.AllSlots) }

// wide reports whether the op may look at more than its own slot.
func (op *Op) wide() bool {
	return op.Slot == NoSlot || len(op.Watch) > 0 || op.touches(allSlots) || op.touches(scripting)
}
