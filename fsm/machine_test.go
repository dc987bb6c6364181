package fsm

import (
	"errors"
	"testing"

	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/slotmap"
)

func TestBatchIsAnsweredInOrder(t *testing.T) {
	r := newRig(t)
	a := request(r.op("SET a 1"), r.op("GET a"), Op{Slot: NoSlot, Local: func(w *resp.Writer) { w.SimpleString("here") }}, r.op("INCR a"))
	gone := request(r.op("INCR a"), r.op("GET a"))
	b := request(r.op("GET a"), r.op("INCR a"))
	entry := encode(r.header(), a, gone, b)
	if !gone.Abandon() {
		t.Fatal("nobody had claimed it")
	}
	r.apply(entry, a, gone, b)
	r.expect(reply(a), "+OK $1 1 +here :2 ")
	r.expect(reply(gone), "")
	r.expect(reply(b), "$1 3 :4 ")
	if !a.Claimed() || gone.Claimed() || a.Abandon() || gone.Claim() {
		t.Error("states of the requests are wrong")
	}
	a.Reset()
	if len(a.Ops) != 0 || !a.Claim() {
		t.Error("a request cannot be used again")
	}
}

func TestBatchMustFitTheEntry(t *testing.T) {
	r := newRig(t)
	set, get := r.op("SET a 1"), r.op("GET a")
	for name, c := range map[string]struct{ made, applied *Request }{
		"entry has more":    {request(set, set), request(set)},
		"requests has more": {request(set), request(set, set)},
		"other queue":       {request(r.exec(nil, "SET a 1", "PING")), request(r.exec(nil, "SET a 1"))},
		"other kinds":       {request(r.exec(nil, "SET a 1", "PING")), request(r.exec(nil, "SET a 1", "GET a"))},
		"only reads":        {request(get), request(set)},
	} {
		if err := r.m.Apply(r.index+1, 1, encode(r.header(), c.made), []*Request{c.applied}); !errors.Is(err, ErrBatchMismatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEntriesAreAppliedOnce(t *testing.T) {
	r := newRig(t)
	entry := EncodeNewTerm(r.header())
	r.apply(entry)
	if err := r.m.Apply(r.index, 1, entry, nil); !errors.Is(err, ErrRepeated) {
		t.Error(err)
	}
	if err := r.m.Apply(r.index+10, 2, entry, nil); err != nil {
		t.Error("gaps are Raft's own entries:", err)
	}
}

func TestTimeNeverRunsBackwards(t *testing.T) {
	r := newRig(t)
	r.now = 5000
	r.run("SET a 1 PX 100")
	r.now = 4000
	r.expect(r.run("PTTL a", "SET b 1 PX 100"), ":100 +OK ")
	if r.m.Now() != 5000 {
		t.Error(r.m.Now())
	}
	if at, ok := r.m.NextExpiry(); !ok || at != 5100 {
		t.Error(at, ok)
	}
}

func TestExpiryNeedsAnEntry(t *testing.T) {
	r := newRig(t)
	r.run("SET a 1 PX 100", "SET b 1")
	got, res := r.view("GET a", 1100)
	if got != "$1 1 " || res != Served {
		t.Error(got, res)
	}
	if got, res = r.view("GET a", 1101); got != "" || res != NeedTick {
		t.Errorf("%q %v", got, res)
	}
	if got, res = r.view("GET b", 1101); got != "$1 1 " || res != Served {
		t.Error(got, res)
	}
	r.now = 1101
	r.apply(EncodeTick(r.header(), TickBody{SafeIndex: 1}))
	if got, res = r.view("GET a", 1101); got != "$-1 " || res != Served {
		t.Error(got, res)
	}
	if r.m.Keys() != 1 || r.m.Expires() != 0 || r.m.SafeIndex() != 1 {
		t.Error("the tick deleted nothing")
	}
	r.apply(EncodeTick(r.header(), TickBody{}))
	if r.m.SafeIndex() != 1 {
		t.Error("the safe index went back")
	}
}

func TestWritesDropExpiredKeysFirst(t *testing.T) {
	r := newRig(t)
	r.run("SET a{x} 10 PX 5", "SADD s{x} m", "PEXPIRE s{x} 5")
	r.now += 6
	r.expect(r.run("INCR a{x}", "GET a{x}", "SADD s{x} n", "SCARD s{x}", "PTTL a{x}"), ":1 $1 1 :1 :1 :-1 ")
}

func TestTickIsBounded(t *testing.T) {
	r := newRig(t)
	for i := 0; i < 12; i++ {
		var ops []Op
		for j := range 1000 {
			ops = append(ops, opOf(r.table, [][]byte{[]byte("SET"), {byte(i), byte(j), byte(j >> 8)}, []byte("v"), []byte("PX"), []byte("1")}))
		}
		r.do(ops...)
	}
	r.now += 10
	r.apply(EncodeTick(r.header(), TickBody{}))
	if _, more := r.m.NextExpiry(); r.m.Keys() != 2000 || !more {
		t.Error(r.m.Keys(), more)
	}
	r.apply(EncodeTick(r.header(), TickBody{}))
	if _, more := r.m.NextExpiry(); r.m.Keys() != 0 || more {
		t.Error(r.m.Keys(), more)
	}
}

func TestTransactions(t *testing.T) {
	r := newRig(t)
	r.run("SET a{x} 1")
	watch := r.m.WatchKey([]byte("a{x}"))
	absent := r.m.WatchKey([]byte("b{x}"))
	r.expect(r.do(r.exec([]Watch{watch, absent}, "INCR a{x}", "PING", "LPUSH a{x} 1", "GET a{x}")),
		"*4 :2 +PONG -WRONGTYPE Operation against a key holding the wrong kind of value $1 2 ")
	r.expect(r.do(r.exec([]Watch{watch}, "INCR a{x}")), "*-1 ")
	r.expect(r.do(r.exec([]Watch{absent}, "SET b{x} 1")), "*1 +OK ")
	r.expect(r.do(r.exec([]Watch{absent}, "SET b{x} 1")), "*-1 ")
	r.expect(r.do(r.exec(nil)), "*0 ")
	r.expect(r.do(r.exec(nil, "GET a{x}", "PING")), "*2 $1 2 +PONG ")
	r.expect(r.do(r.exec(nil, "PING", "PING", "SET a{x} 2", "PING", "GET a{x}", "PING")), "*6 +PONG +PONG +OK +PONG $1 2 +PONG ")

	op := r.exec([]Watch{r.m.WatchKey([]byte("other"))}, "GET a{x}", "STRLEN b{x}")
	var w resp.Writer
	if res := r.m.View(&op, &w, r.now); res != Served || string(w.Bytes()) != "*2\r\n$1\r\n2\r\n:1\r\n" {
		t.Errorf("%v %q", res, w.Bytes())
	}
}

// TestLocalsMayLookAtTheMachine lets the frontend's commands look at the slot that is being changed.
func TestLocalsMayLookAtTheMachine(t *testing.T) {
	r := newRig(t)
	slot := slotmap.KeySlot([]byte("{x}"))
	look := Op{Slot: NoSlot, Local: func(w *resp.Writer) {
		r.m.WatchKey([]byte("a{x}"))
		r.m.LogHash()
		r.m.Owned()
		w.Int(int64(r.m.SlotLen(slot)))
	}}
	write, read := r.exec(nil, "SET a{x} 1"), r.exec(nil, "GET a{x}")
	write.Queue = append(write.Queue, look)
	read.Queue = append(read.Queue, look)
	r.expect(r.do(look, write, read), ":0 *2 +OK :1 *2 $1 1 :1 ")
	var w resp.Writer
	if res := r.m.View(&read, &w, r.now); res != Served || string(w.Bytes()) != "*2\r\n$1\r\n1\r\n:1\r\n" {
		t.Errorf("%v %q", res, w.Bytes())
	}
}

func TestWatchSeesExpiry(t *testing.T) {
	r := newRig(t)
	r.run("SET a 1 PX 10", "SET b 1 PX 1")
	r.now += 5
	r.apply(EncodeNewTerm(r.header())) // time goes on, nothing is deleted
	live, dead := r.m.WatchKey([]byte("a")), r.m.WatchKey([]byte("b"))
	if !live.Exists || dead.Exists {
		t.Fatal(live, dead)
	}
	r.now += 6
	r.expect(r.do(r.exec([]Watch{live}, "SET c 1")), "*-1 ")
	r.expect(r.do(r.exec([]Watch{dead}, "SET c 1")), "*1 +OK ")
}

// Whoever looked at the gates may keep the answer only while the version stays.
func TestGateVersion(t *testing.T) {
	r := newRig(t)
	before := r.m.GateVersion()
	r.expect(r.run("SET a 1"), "+OK ")
	if r.m.GateVersion() != before {
		t.Error("a command changed the version")
	}
	r.apply(EncodeGates(r.header(), []GateChange{{From: 7, To: 7, Gate: GateNone, Epoch: 2}}))
	if r.m.GateVersion() == before {
		t.Error("a gate changed, and the version did not")
	}
}

func TestGates(t *testing.T) {
	r := newRig(t)
	slot := slotmap.KeySlot([]byte("{x}"))
	gate := func(g Gate, epoch uint64, ifEmpty bool) {
		r.apply(EncodeGates(r.header(), []GateChange{{From: slot, To: slot, Gate: g, Epoch: epoch, IfEmpty: ifEmpty}}))
	}
	r.expect(r.run("SET a{x} 1", "SET other 1"), "+OK +OK ")
	gate(GateNone, 2, true)
	r.expect(r.run("GET a{x}"), "$1 1 ")
	gate(GateNone, 2, false)
	r.expect(r.run("SET a{x} 2", "GET a{x}", "SET other 1", "EVAL GET 1 a{x}"), "-REFUSED 0 -REFUSED 0 +OK -REFUSED 0 ")
	r.expect(r.do(r.exec(nil, "SET a{x} 2")), "-REFUSED 0 ")
	if _, res := r.view("GET a{x}", r.now); res != NotOwned {
		t.Error(res)
	}
	for _, epoch := range []uint64{1, 2} { // 2: the assignment that was released already
		gate(GateOwned, epoch, false)
		if g, now := r.m.Gate(slot); g != GateNone || now != 2 {
			t.Errorf("a change of epoch %d was obeyed: gate %d, epoch %d", epoch, g, now)
		}
	}
	gate(GateMigrating, 3, false)
	r.expect(r.run("GET a{x}", "GET b{x}", "MGET a{x} b{x}", "SET b{x} 1"), "$1 1 -REFUSED 2 -REFUSED 255 -REFUSED 2 ")
	r.expect(r.do(r.exec(nil, "GET a{x}", "GET b{x}")), "-REFUSED 255 ")
	gate(GateImporting, 4, false)
	asking := func(line string) Op {
		op := r.op(line)
		op.Asking = true
		return op
	}
	r.expect(r.run("GET a{x}", "SET a{x} 1"), "-REFUSED 3 -REFUSED 3 ")
	r.expect(r.do(asking("GET a{x}"), asking("SET b{x} 1"), asking("MGET a{x} b{x}"), asking("MGET a{x} c{x}")),
		"$1 1 +OK *2 $1 1 $1 1 -REFUSED 255 ")
	if got := len(r.m.Owned()); got != 2 {
		t.Errorf("%d ranges owned", got)
	}
	if n := r.m.SlotLen(slot); n != 2 || len(r.m.SlotKeys(slot, 1)) != 1 || string(r.m.SlotKeys(slot, 9)[1]) != "b{x}" {
		t.Errorf("%d keys in the slot", n)
	}
}

func TestScripts(t *testing.T) {
	r := newRig(t)
	r.run("SET old{x} 1 PX 1")
	r.now += 5
	for _, c := range []struct{ line, want string }{
		{"EVAL SET:a{x}:1;GET:a{x} 1 a{x}", "*2 +OK $1 1 "},
		{"EVAL INCR:old{x};PTTL:old{x} 1 a{x}", "*2 :1 :-1 "},
		{"EVAL GET:b{y} 1 a{x}", "*1 -" + errScriptCrossSlot + " "},
		{"EVAL GET:b{y};GET:a{x} 0", "*2 $-1 -" + errScriptCrossSlot + " "},
		{"EVAL MGET:a{x}:b{y} 1 a{x}", "*1 -" + errScriptNonLocal + " "},
		{"EVAL DBSIZE 0", "*1 :2 "},
		{"EVAL NOSUCH;GET;MEMORY:NOSUCH;EVAL:x:0;PING 0", "*5 -" + errScriptUnknown + " -" + errScriptArity + " -" + errScriptUnknown + " -" + errScriptForbidden + " -" + errScriptForbidden + " "},
		{"EVAL_RO SET:a{x}:2;GET:a{x} 1 a{x}", "*2 -" + errScriptReadOnly + " $1 1 "},
		{"EVAL SET:a{x}:3;FLUSHALL;DBSIZE;SET:a{x}:4 1 a{x}", "*4 +OK +OK :0 +OK "},
	} {
		op := r.op(c.line)
		for i, b := range op.Args[1] {
			if b == ':' {
				op.Args[1][i] = ' '
			}
		}
		r.expect(r.do(op), c.want)
	}
	op := r.op("EVAL_RO GET:a{x} 0")
	op.Args[1] = []byte("GET a{x};SET a{x} 1;KEYS *")
	var w resp.Writer
	if res := r.m.View(&op, &w, r.now); res != Served || string(w.Bytes()) != "*3\r\n$1\r\n4\r\n-"+errScriptReadOnly+"\r\n*1\r\n$4\r\na{x}\r\n" {
		t.Errorf("%v %q", res, w.Bytes())
	}
	r.apply(EncodeGates(r.header(), []GateChange{{From: 0, To: slotmap.SlotCount - 1, Gate: GateNone, Epoch: 2}}))
	op = r.op("EVAL x 0")
	op.Args[1] = []byte("GET a{x}")
	r.expect(r.do(op), "*1 -"+errScriptNonLocal+" ")
}

func TestReadsDoNotDisturbRandomness(t *testing.T) {
	a, b := newRig(t), newRig(t)
	for i := range 100 {
		line := "SADD s " + string(rune('a'+i%26)) + string(rune('a'+i/26))
		a.run(line)
		b.run(line)
	}
	for range 20 {
		x := a.run("SRANDMEMBER s", "RANDOMKEY", "SPOP s", "SRANDMEMBER s 3", "SPOP s")
		_, _ = x, a
		b.run("SPOP s", "SPOP s")
		_, _ = b.view("SRANDMEMBER s", 0)
	}
	_, da := snapshot(t, a.m)
	_, db := snapshot(t, b.m)
	if da != db {
		t.Error("a read changed what a write drew")
	}
}

func TestApplyRefusesWhatItCannotDecode(t *testing.T) {
	r := newRig(t)
	noSuch := Op{Args: argv("NOSUCH a"), Slot: NoSlot, Spec: r.op("SET a 1").Spec}
	front := Op{Args: argv("PING"), Slot: NoSlot, Spec: r.op("SET a 1").Spec}
	arity := Op{Args: argv("SET a"), Slot: NoSlot, Spec: r.op("SET a 1").Spec}
	for _, op := range []Op{noSuch, front, arity} {
		err := r.m.Apply(r.index+1, 1, encode(r.header(), request(op)), nil)
		if !errors.Is(err, ErrUnknownCommand) {
			t.Errorf("%q: %v", op.Args, err)
		}
	}
	for kind := KindCommands; kind <= KindDigest; kind++ {
		h := r.header()
		h.Kind = kind
		err := r.m.Apply(r.index+1, 1, seal(append(appendHeader(nil, h), 0xff)), nil)
		if !errors.Is(err, ErrCorrupt) {
			t.Errorf("kind %d: %v", kind, err)
		}
	}
}
