package server

import (
	"reflect"
	"sync"
	"testing"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/slotmap"
)

// lender is a Peeker whose proofs hold or not as the test says.
type lender struct {
	shard *machineShard
	mu    sync.Mutex
	term  uint64
	asked []uint64 // terms that proofs were asked for
	holds func()   // called by Holds, which then fails; nil: it holds
	peeks int
}

var (
	_ Peeker = (*lender)(nil)
	_ Proof  = (*lender)(nil)
)

func (l *lender) Peek(op *fsm.Op, w *resp.Writer, now int64) (Proof, uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.peeks++
	if l.shard.machine.View(op, w, now) != fsm.Served {
		return nil, 0
	}
	return l, l.term
}

func (l *lender) Holds(term uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = append(l.asked, term)
	if l.holds != nil {
		l.holds()
		return false
	}
	return term == l.term
}

// lend makes the fixture's shard a Peeker.
func (f *fixture) lend() *lender {
	l := &lender{shard: f.shard, term: 7}
	f.server.peeker = l
	return l
}

// write changes the state as another client's entry does.
func (f *fixture) write(words ...string) {
	args := make([][]byte, len(words))
	for i, w := range words {
		args[i] = []byte(w)
	}
	spec, _ := f.server.table.Resolve(args)
	w := &resp.Writer{}
	if err := f.shard.apply(&fsm.Request{W: w, Ops: []fsm.Op{{Spec: spec, Args: args, Slot: int32(slotmap.KeySlot(args[1]))}}}); err != nil {
		f.t.Error(err)
	}
}

// The reads of a pipeline share one proof.
func TestReadsShareAProof(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		l := f.lend()
		c := f.dial()
		c.want("+OK|", "SET n 1")
		f.shard.taken()
		c.want("$1|1|$1|1|:1|", "GET n", "GET n", "EXISTS n")
		if _, reads := f.shard.taken(); len(reads) != 0 || !reflect.DeepEqual(l.asked, []uint64{7}) {
			t.Errorf("reads %v, proofs %v", reads, l.asked)
		}
	})
}

// Without a proof all of them are read again, each in its place, and what was seen first does not leave.
func TestReadsWithoutProofAreReadAgain(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		l := f.lend()
		c := f.dial()
		c.want("+OK|", "SET n 1")
		l.holds = func() { f.write("SET", "n", "22") }
		c.want("$2|22|-ERR unknown command 'NOSUCH', with args beginning with: |$2|22|:1|", "GET n", "NOSUCH", "GET n", "EXISTS n")
		f.shard.fault = ErrNotRun
		c.want("-TRYAGAIN Multiple keys request during rehashing of slot|-ERR unknown command 'NOSUCH', with args beginning with: |", "GET n", "NOSUCH")
	})
}

// A read is proved before a write behind it takes effect: afterwards it could only be read again too late.
func TestReadsAreProvedBeforeWrites(t *testing.T) {
	for _, behind := range []string{"SET n 2", "FLUSHALL", "CLIENT SETNAME x"} {
		bubble(t, func(t *testing.T, f *fixture) {
			l := f.lend()
			c := f.dial()
			c.want("+OK|", "SET n 1")
			l.holds = func() {}
			c.want("$1|1|+OK|", "GET n", behind)
		})
	}
}

// A new term in the middle of a pipeline: what was read in the old one is proved for that one.
func TestReadsOfTwoTerms(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		l := f.lend()
		c := f.dial()
		c.want("+OK|", "SET n 1")
		f.server.gates = append(f.server.gates, gate{"term", func(c *Conn, q *call) string {
			if q.spec.Name == "strlen" {
				l.mu.Lock()
				l.term = 8
				l.mu.Unlock()
			}
			return ""
		}})
		f.shard.taken()
		c.want("$1|1|:1|$1|1|", "GET n", "STRLEN n", "GET n")
		if want := []uint64{7, 8}; !reflect.DeepEqual(l.asked, want) {
			t.Errorf("proofs of %v, want %v", l.asked, want)
		}
		if _, reads := f.shard.taken(); !reflect.DeepEqual(reads, []string{"get", "strlen"}) { // again, and with its own proof
			t.Errorf("reads %v", reads)
		}
	})
}
