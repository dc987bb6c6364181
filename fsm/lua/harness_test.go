package lua_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/fsm/keyspace"
	"github.com/redoubtdb/redoubt/fsm/lua"
	"github.com/redoubtdb/redoubt/resp"
)

// host runs scripts on a key space of its own, as the state machine does.
type host struct {
	engine *lua.Engine
	table  *command.Table
	db     *keyspace.DB
	rand   *command.Rand
	proto  int
	mute   bool
}

func newHost(t testing.TB) *host {
	t.Helper()
	return newHostWith(t, lua.NewEngine())
}

func newHostWith(t testing.TB, engine *lua.Engine) *host {
	t.Helper()
	table, err := command.NewTable(command.Specs(), lua.Specs(engine))
	if err != nil {
		t.Fatal(err)
	}
	return &host{engine: engine, table: table, db: keyspace.NewDB(), rand: command.NewRand(1), proto: 2}
}

// eval runs a script without keys and returns the bytes of its reply.
func (h *host) eval(script string, args ...string) string {
	return h.do(append([]string{"EVAL", script, "0"}, args...)...)
}

func (h *host) do(args ...string) string {
	raw := make([][]byte, len(args))
	for i, a := range args {
		raw[i] = []byte(a)
	}
	w := new(resp.Writer)
	w.SetProto(h.proto)
	w.SetMute(h.mute)
	h.run(raw, w, false)
	return string(w.Bytes())
}

// run runs one command. Refusals read as the state machine's.
func (h *host) run(args [][]byte, w *resp.Writer, readOnly bool) {
	spec, problem := h.table.Resolve(args)
	if problem != "" {
		w.Error(problem)
		return
	}
	c := &command.Ctx{
		Args: args, W: w, DB: h.db, Slot: h.db.Slot(0), Rand: h.rand, Now: 1_700_000_000_000, MachineNow: 1_700_000_000_000,
		Applying: !readOnly && spec.Flags&(command.Write|command.MayReplicate) != 0,
	}
	c.Call = func(args [][]byte, w *resp.Writer) { h.call(args, w, !c.Applying) }
	spec.Run(c)
}

// call is what a script's redis.call reaches.
func (h *host) call(args [][]byte, w *resp.Writer, readOnly bool) {
	spec, problem := h.table.Resolve(args)
	switch {
	case problem != "" && !strings.Contains(problem, "wrong number"):
		w.Error("ERR Unknown Redis command called from script")
	case problem != "":
		w.Error("ERR Wrong number of args calling Redis command from script")
	case spec.Flags.Has(command.NoScript):
		w.Error("ERR This Redis command is not allowed from script")
	case spec.Flags.Has(command.Write) && readOnly:
		w.Error("ERR Write commands are not allowed from read-only scripts.")
	default:
		h.run(args, w, readOnly)
	}
}

func bulk(s string) string { return "$" + strconv.Itoa(len(s)) + "\r\n" + s + "\r\n" }
