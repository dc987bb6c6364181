package lua_test

import (
	"testing"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
)

// A command that panics must take the node down even if the script has a pcall.
func TestPanicOfCommandIsNotCaught(t *testing.T) {
	h := newHost(t)
	spec := h.table.Lookup([]byte("eval"))
	defer func() {
		if recover() == nil {
			t.Error("the panic is swallowed")
		}
	}()
	spec.Run(&command.Ctx{
		Args: [][]byte{[]byte("EVAL"), []byte("pcall(redis.call, 'x') return 1"), []byte("0")}, W: new(resp.Writer),
		DB: h.db, Rand: h.rand, Applying: true, Call: func([][]byte, *resp.Writer) { panic("bug") },
	})
}
