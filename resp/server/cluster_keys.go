package server

import (
	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/slotmap"
)

// maxKeysInSlotReply bounds the reply of GETKEYSINSLOT.
const maxKeysInSlotReply = 1 << 20

// clusterKeyCommands are about keys and their slots.
func clusterKeyCommands() []front {
	return []front{
		{run: clusterKeySlot, rides: true, spec: &command.Spec{
			Name: "keyslot", Arity: 3, Flags: command.Stale, Since: "3.0.0",
			Summary: "Returns the hash slot of the specified key", Complexity: "O(N) where N is the number of bytes in the key",
		}},
		{run: clusterCountKeys, spec: &command.Spec{
			Name: "countkeysinslot", Arity: 3, Flags: command.Stale, Since: "3.0.0",
			Summary: "Return the number of local keys in the specified hash slot", Complexity: "O(1)",
		}},
		{run: clusterGetKeys, spec: &command.Spec{
			Name: "getkeysinslot", Arity: 4, Flags: command.Stale, Since: "3.0.0", Tips: []string{"nondeterministic_output"},
			Summary: "Return local key names in the specified hash slot", Complexity: "O(log(N)) where N is the number of requested keys",
		}},
	}
}

func clusterKeySlot(_ *Server, _ *Conn, args [][]byte, w *resp.Writer) {
	w.Int(int64(slotmap.KeySlot(args[2])))
}

func clusterCountKeys(s *Server, _ *Conn, args [][]byte, w *resp.Writer) {
	slot, ok := command.ParseInt(args[2])
	switch {
	case !ok:
		w.Error(resp.ErrNotInteger)
	case slot < 0 || slot >= slotmap.SlotCount:
		w.Error(errSlotNumber)
	default:
		w.Int(int64(s.inspect.Data().CountKeysInSlot(uint16(slot))))
	}
}

func clusterGetKeys(s *Server, _ *Conn, args [][]byte, w *resp.Writer) {
	slot, ok1 := command.ParseInt(args[2])
	count, ok2 := command.ParseInt(args[3])
	switch {
	case !ok1 || !ok2:
		w.Error(resp.ErrNotInteger)
		return
	case slot < 0 || slot >= slotmap.SlotCount || count < 0:
		w.Error(errSlotOrCount)
		return
	}
	keys := s.inspect.Data().KeysInSlot(uint16(slot), int(min(count, maxKeysInSlotReply)))
	w.Array(len(keys))
	for _, key := range keys {
		w.Bulk(key)
	}
}
