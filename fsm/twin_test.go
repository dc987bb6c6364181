package fsm

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/slotmap"
)

// Templates of random commands: K is a key, E an element, N a small number, T a time to live.
func twinCommands() []string {
	return strings.Split(strings.TrimSpace(`
SET K E
SET K E PX T
SET K E KEEPTTL
SETNX K E
GETDEL K
GETEX K PX T
APPEND K E
SETRANGE K N E
INCR K
INCRBYFLOAT K 1.5
MSET K E K E
DEL K K
RENAME K K
COPY K K REPLACE
PEXPIRE K T
PERSIST K
LPUSH K E E E
RPUSH K E E
LPOP K
RPOP K N
LSET K 0 E
LINSERT K BEFORE E E
LREM K 0 E
LTRIM K 0 N
LMOVE K K LEFT RIGHT
HSET K E E E E
HDEL K E
HINCRBY K E N
SADD K E E E
SREM K E
SPOP K
SMOVE K K E
SUNIONSTORE K K K
SINTERSTORE K K K
FLUSHALL
GET K
SRANDMEMBER K
HRANDFIELD K
HGETALL K
LRANGE K 0 -1
SMEMBERS K
OBJECT ENCODING K
PTTL K
RANDOMKEY
SCAN 0
DBSIZE`), "\n")
}

// twinDraw draws one command line; all keys of it are in one slot.
func twinDraw(t *rapid.T, templates []string) [][]byte {
	tag := rapid.SampledFrom([]string{"{a}", "{b}", "{c}"}).Draw(t, "tag")
	args := argv(rapid.SampledFrom(templates).Draw(t, "command"))
	for i, a := range args[1:] {
		switch string(a) {
		case "K":
			args[i+1] = fmt.Appendf(nil, "%s%d", tag, rapid.IntRange(0, 12).Draw(t, "key"))
		case "E":
			args[i+1] = drawElement(t)
		case "N":
			args[i+1] = fmt.Append(nil, rapid.IntRange(1, 9).Draw(t, "n"))
		case "T":
			args[i+1] = fmt.Append(nil, rapid.IntRange(1, 50).Draw(t, "ttl"))
		}
	}
	return args
}

func drawElement(t *rapid.T) []byte {
	n := rapid.IntRange(0, 40).Draw(t, "element")
	switch {
	case n == 0:
		return nil
	case n == 1:
		return bytes.Repeat([]byte("long"), 50)
	}
	return fmt.Append(nil, n)
}

// twin is one of two machines that apply the same log; each answers the same requests.
type twin struct {
	m      *Machine
	follow bool // applies without requests, as a replica
}

// TestTwins applies a random log to three machines: one that answers the clients, one replica, and one
// that is saved and loaded again and again. They must not differ in anything.
func TestTwins(t *testing.T) {
	table := testTable(t)
	templates := twinCommands()
	rapid.Check(t, func(t *rapid.T) {
		twins := []*twin{{m: New(Options{Table: table})}, {m: New(Options{Table: table}), follow: true}, {m: New(Options{Table: table})}}
		now := int64(1_000_000)
		for index := uint64(1); index < 60; index++ {
			now += rapid.Int64Range(-5, 20).Draw(t, "ms")
			h := Header{Kind: KindCommands, Now: now, Seed: rapid.Uint64().Draw(t, "seed"), Proposer: 1, Seq: index}
			entry, ops := drawEntry(t, table, templates, h)
			applyToAll(t, twins, index, entry, ops)
			if rapid.IntRange(0, 11).Draw(t, "save") == 0 {
				twins[2].m = restored(t, twins[2].m)
			}
		}
		identical(t, twins[0].m, twins[1].m)
		identical(t, twins[0].m, twins[2].m)
	})
}

// drawEntry draws an entry; ops are the commands it was made of, if it is made of commands.
func drawEntry(t *rapid.T, table *command.Table, templates []string, h Header) (entry []byte, ops []Op) {
	switch rapid.IntRange(0, 12).Draw(t, "kind") {
	case 0:
		return EncodeTick(h, TickBody{SafeIndex: h.Seq / 2}), nil
	case 1:
		return EncodeNewTerm(h), nil
	case 2:
		slot := slotmap.KeySlot([]byte("{c}"))
		gate := Gate(rapid.IntRange(0, int(gateLast)).Draw(t, "gate"))
		return EncodeGates(h, []GateChange{{From: slot, To: slot, Gate: gate, Epoch: h.Seq}}), nil
	case 3:
		return EncodeGates(h, []GateChange{{From: 0, To: slotmap.SlotCount - 1, Gate: GateOwned, Epoch: h.Seq}}), nil
	}
	for range rapid.IntRange(0, 12).Draw(t, "commands") {
		ops = append(ops, drawOp(t, table, templates))
	}
	return encode(h, &Request{Ops: ops}), ops
}

func drawOp(t *rapid.T, table *command.Table, templates []string) Op {
	switch rapid.IntRange(0, 9).Draw(t, "transaction") {
	case 0:
		op := Op{Spec: table.Lookup([]byte("exec")), Slot: NoSlot}
		for range rapid.IntRange(1, 4).Draw(t, "queued") {
			args := twinDraw(t, templates)
			q := opOf(table, args)
			op.Slot = max(op.Slot, q.Slot)
			op.Queue = append(op.Queue, q)
		}
		if rapid.Bool().Draw(t, "watch") {
			op.Watch = []Watch{{Key: []byte("{a}1"), Exists: rapid.Bool().Draw(t, "existed")}}
		}
		return op
	case 1:
		lines := []string{}
		for range rapid.IntRange(1, 4).Draw(t, "lines") {
			lines = append(lines, string(bytes.Join(twinDraw(t, templates), []byte(" "))))
		}
		return opOf(table, [][]byte{[]byte("EVAL"), []byte(strings.Join(lines, ";")), []byte("0")})
	}
	return opOf(table, twinDraw(t, templates))
}

// applyToAll lets every machine apply the entry and compares the replies of those that give any.
func applyToAll(t *rapid.T, twins []*twin, index uint64, entry []byte, ops []Op) {
	var want string
	for i, tw := range twins {
		mine := bytes.Clone(entry) // each member has its own copy, and may keep nothing of it
		req := &Request{Ops: ops, W: &resp.Writer{}, Refuse: func(w *resp.Writer, _ *Op, g Gate) { w.Errorf("REFUSED %d", g) }}
		var batch []*Request
		if ops != nil && !tw.follow {
			batch = []*Request{req}
		}
		if err := tw.m.Apply(index, 1, mine, batch); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(mine, entry) {
			t.Fatal("a command wrote into its arguments")
		}
		for i := range mine {
			mine[i] = 0xee
		}
		switch got := string(req.W.Bytes()); {
		case i == 0:
			want = got
		case batch != nil && got != want:
			t.Fatalf("entry %d: replies %q and %q", index, want, got)
		}
	}
}
