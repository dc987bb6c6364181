package server

import (
	"fmt"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/slotmap"
)

// clusterSetSlot checks CLUSTER SETSLOT as Redis does. Moving slots is not there yet: what is right is refused all the
// same, except STABLE, which holds for every slot.
func clusterSetSlot(s *Server, _ *Conn, args [][]byte, w *resp.Writer) {
	v := s.clusterView()
	text := v.refuseSetSlot(args)
	switch {
	case text != "":
		w.Error(text)
	case command.EqualFold(args[3], "STABLE"):
		w.OK()
	default:
		w.Error(errSetslotMissing)
	}
}

// refuseSetSlot says what is wrong with a SETSLOT.
func (v *clusterView) refuseSetSlot(args [][]byte) string {
	me := v.Node(v.self)
	if me == nil || !v.isMaster(me) {
		return errSetslotMaster
	}
	slot, ok := parseSlot(args[2])
	if !ok {
		return errSlotRange
	}
	mine := v.Owner(slot) == me.Group
	switch action := args[3]; {
	case command.EqualFold(action, "STABLE") && len(args) == 4:
		return ""
	case command.EqualFold(action, "MIGRATING") && len(args) == 5:
		if !mine {
			return fmt.Sprintf(errSlotNotOwnedF, slot)
		}
		return v.refuseTarget(args[4], errSetslotTargetF)
	case command.EqualFold(action, "IMPORTING") && len(args) == 5:
		if mine {
			return fmt.Sprintf(errSlotMineF, slot)
		}
		return v.refuseTarget(args[4], errSetslotTargetF)
	case command.EqualFold(action, "NODE") && len(args) == 5:
		return v.refuseTarget(args[4], errUnknownNodeF)
	}
	return errSetslotAction
}

func (v *clusterView) refuseTarget(id []byte, unknownF string) string {
	n := v.find(slotmap.NodeID(id))
	switch {
	case n == nil:
		return fmt.Sprintf(unknownF, id)
	case !v.isMaster(n):
		return errTargetNotMaster
	}
	return ""
}
