package server

import (
	"fmt"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/slotmap"
)

// clusterSlotCommands give slots to this node's shard and take them away.
func clusterSlotCommands() []front {
	const (
		perSlot  = "O(N) where N is the total number of hash slot arguments"
		perRange = "O(N) where N is the total number of the slots between the start slot and end slot arguments."
		give     = "Assign new hash slots to receiving node"
		take     = "Set hash slots as unbound in receiving node"
	)
	return []front{
		{run: clusterAddSlots, spec: &command.Spec{Name: "addslots", Arity: -3, Flags: flagsChange, Since: "3.0.0", Summary: give, Complexity: perSlot}},
		{run: clusterAddRange, spec: &command.Spec{Name: "addslotsrange", Arity: -4, Flags: flagsChange, Since: "7.0.0", Summary: give, Complexity: perRange}},
		{run: clusterDelSlots, spec: &command.Spec{Name: "delslots", Arity: -3, Flags: flagsChange, Since: "3.0.0", Summary: take, Complexity: perSlot}},
		{run: clusterDelRange, spec: &command.Spec{Name: "delslotsrange", Arity: -4, Flags: flagsChange, Since: "7.0.0", Summary: take, Complexity: perRange}},
		{run: clusterFlushSlots, spec: &command.Spec{Name: "flushslots", Arity: 2, Flags: flagsChange, Since: "3.0.0",
			Summary: "Delete a node's own slots information", Complexity: "O(1)"}},
		{run: clusterSetSlot, spec: &command.Spec{Name: "setslot", Arity: -4, Flags: flagsChange, Since: "3.0.0",
			Summary: "Bind a hash slot to a specific node", Complexity: "O(1)"}},
	}
}

func clusterAddSlots(s *Server, c *Conn, args [][]byte, w *resp.Writer) {
	ranges, text := parseSlots(args[2:])
	addSlots(s, c, w, ranges, text)
}

func clusterAddRange(s *Server, c *Conn, args [][]byte, w *resp.Writer) {
	ranges, text := parseSlotRanges("addslotsrange", args[2:])
	addSlots(s, c, w, ranges, text)
}

func addSlots(s *Server, c *Conn, w *resp.Writer, ranges []slotmap.Range, text string) {
	if text == "" {
		text = checkSlots(ranges, func(slot uint16) string { return refuseAdd(s.topology.Map(), slot) })
	}
	if text != "" {
		w.Error(text)
		return
	}
	answerAdmin(w, s.admin.AddSlots(c.Context(), merge(ranges)))
}

func refuseAdd(m *slotmap.Map, slot uint16) string {
	if m.Owner(slot) != "" {
		return fmt.Sprintf(errSlotBusyF, slot)
	}
	return ""
}

func clusterDelSlots(s *Server, c *Conn, args [][]byte, w *resp.Writer) {
	ranges, text := parseSlots(args[2:])
	delSlots(s, c, w, ranges, text)
}

func clusterDelRange(s *Server, c *Conn, args [][]byte, w *resp.Writer) {
	ranges, text := parseSlotRanges("delslotsrange", args[2:])
	delSlots(s, c, w, ranges, text)
}

func delSlots(s *Server, c *Conn, w *resp.Writer, ranges []slotmap.Range, text string) {
	m := s.topology.Map()
	if text == "" {
		text = checkSlots(ranges, func(slot uint16) string { return refuseDel(m, s.topology.Self(), slot) })
	}
	if text != "" {
		w.Error(text)
		return
	}
	answerAdmin(w, s.admin.DelSlots(c.Context(), merge(ranges)))
}

// refuseDel says why a slot can't be taken away from this node's shard. Redis lets a node drop another's slot from its
// own view of the cluster; here there is one view, and the owner has to give it up.
func refuseDel(m *slotmap.Map, self slotmap.NodeID, slot uint16) string {
	owner := m.Owner(slot)
	me := m.Node(self)
	switch {
	case owner == "":
		return fmt.Sprintf(errSlotFreeF, slot)
	case me == nil || me.Group != owner:
		return fmt.Sprintf(errSlotNotOwnedF, slot)
	}
	return ""
}

func clusterFlushSlots(s *Server, c *Conn, _ [][]byte, w *resp.Writer) {
	answerAdmin(w, s.admin.FlushSlots(c.Context()))
}

// parseSlot reads a slot number.
func parseSlot(arg []byte) (uint16, bool) {
	n, ok := command.ParseInt(arg)
	return uint16(n), ok && n >= 0 && n < slotmap.SlotCount
}

func parseSlots(args [][]byte) (ranges []slotmap.Range, text string) {
	for _, arg := range args {
		slot, ok := parseSlot(arg)
		if !ok {
			return nil, errSlotRange
		}
		ranges = append(ranges, slotmap.Range{Start: slot, End: slot})
	}
	return ranges, ""
}

func parseSlotRanges(name string, args [][]byte) (ranges []slotmap.Range, text string) {
	if len(args)%2 != 0 {
		return nil, fmt.Sprintf(resp.ErrWrongArityF, "cluster|"+name)
	}
	for ; len(args) > 0; args = args[2:] {
		start, ok1 := parseSlot(args[0])
		end, ok2 := parseSlot(args[1])
		switch {
		case !ok1 || !ok2:
			return nil, errSlotRange
		case start > end:
			return nil, fmt.Sprintf(errSlotOrderF, start, end)
		}
		ranges = append(ranges, slotmap.Range{Start: start, End: end})
	}
	return ranges, ""
}

// checkSlots asks refuse for each slot in turn, and refuses a slot that is named twice.
func checkSlots(ranges []slotmap.Range, refuse func(slot uint16) string) string {
	var seen [slotmap.SlotCount]bool
	for _, r := range ranges {
		for i := int(r.Start); i <= int(r.End); i++ {
			if text := refuse(uint16(i)); text != "" {
				return text
			}
			if seen[i] {
				return fmt.Sprintf(errSlotTwiceF, i)
			}
			seen[i] = true
		}
	}
	return ""
}

// merge joins ranges that touch.
func merge(ranges []slotmap.Range) []slotmap.Range {
	var slots []uint16
	for _, r := range ranges {
		for i := int(r.Start); i <= int(r.End); i++ {
			slots = append(slots, uint16(i))
		}
	}
	return slotmap.RangesOf(slots)
}
