package fsm

import (
	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/slotmap"
)

// What a script's call is answered with when the command must not run; texts as Redis 7.0 has them.
const (
	errScriptUnknown   = "ERR Unknown Redis command called from script"
	errScriptArity     = "ERR Wrong number of args calling Redis command from script"
	errScriptForbidden = "ERR This Redis command is not allowed from script"
	errScriptReadOnly  = "ERR Write commands are not allowed from read-only scripts."
	errScriptNonLocal  = "ERR Script attempted to access a non local key in a cluster node"
	errScriptCrossSlot = "ERR Script attempted to access keys that do not hash to the same slot"
)

// call runs a command for a script and writes its reply to w. A script without declared keys is bound to
// the slot of the first key it touches.
func (r *runner) call(args [][]byte, w *resp.Writer) {
	spec, text := r.callable(args)
	if text == "" {
		text = r.bind(spec, args)
	}
	if text != "" {
		w.Error(text)
		return
	}
	c := &r.inner
	*c = r.ctx
	c.Args, c.W = args, w
	if r.slot != NoSlot {
		c.Slot = r.m.db.Slot(uint16(r.slot))
	}
	if c.Applying && logged(spec) {
		r.expire(spec, args, c.Slot)
	}
	spec.Run(c)
	r.ctx.NeedTick = r.ctx.NeedTick || c.NeedTick
}

// callable finds the command and checks whether this script may call it at all.
func (r *runner) callable(args [][]byte) (spec *command.Spec, text string) {
	if len(args) == 0 {
		return nil, errScriptUnknown
	}
	spec, _ = r.m.table.Resolve(args)
	switch {
	case spec == nil && r.known(args):
		return nil, errScriptArity
	case spec == nil:
		return nil, errScriptUnknown
	case spec.Flags.Has(command.NoScript) || spec.Run == nil:
		return nil, errScriptForbidden
	case logged(spec) && !r.mayWrite():
		return nil, errScriptReadOnly
	}
	return spec, ""
}

func (r *runner) known(args [][]byte) bool {
	s := r.m.table.Lookup(args[0])
	if s != nil && len(s.Subs) > 0 && len(args) > 1 {
		s = r.m.table.LookupSub(s, args[1])
	}
	return s != nil
}

func (r *runner) mayWrite() bool {
	return r.ctx.Applying && (r.script == nil || !r.script.Flags.Has(command.ReadOnly))
}

// bind makes sure that all keys of the command are in the script's slot, and takes what locks it needs.
func (r *runner) bind(spec *command.Spec, args [][]byte) (text string) {
	var err error
	if r.keys, err = spec.AppendKeyPositions(r.keys[:0], args); err != nil {
		return "" // the command reports what is wrong with its arguments
	}
	if len(r.keys) > 0 {
		if text := r.bindTo(slotsOf(args, r.keys)); text != "" {
			return text
		}
	}
	if !r.ctx.Applying {
		return ""
	}
	if allSlots(spec) {
		r.lockAll()
	} else if r.slot != NoSlot {
		r.lock(r.slot)
	}
	return ""
}

// slotsOf returns the slot of the first key, and whether another key is in another one.
func slotsOf(args [][]byte, keys []int) (first int32, several bool) {
	first = int32(slotmap.KeySlot(args[keys[0]]))
	for _, at := range keys[1:] {
		several = several || int32(slotmap.KeySlot(args[at])) != first
	}
	return first, several
}

// bindTo binds the script to a slot unless it is bound to another one. Keys of one command in several slots are
// what Redis calls non local, whatever else is wrong.
func (r *runner) bindTo(slot int32, several bool) (text string) {
	if several {
		return errScriptNonLocal
	}
	if r.slot == NoSlot {
		if g := r.m.gates[slot]; g != GateOwned && g != GateMigrating {
			return errScriptNonLocal
		}
		r.slot = slot
	}
	if slot != r.slot {
		return errScriptCrossSlot
	}
	return ""
}
