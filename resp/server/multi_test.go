package server

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/resp"
)

// How a transaction reaches the group: through the log if it writes, as a read if not, not at all if
// nothing of it is the state machine's.
func TestTransactionPaths(t *testing.T) {
	tests := []struct {
		lines   []string
		batches [][]string
		reads   []string
	}{
		{[]string{"MULTI", "SET k 1", "GET k", "EXEC"}, [][]string{{"exec"}}, nil},
		{[]string{"MULTI", "GET k", "PING", "EXEC"}, nil, []string{"exec"}},
		{[]string{"MULTI", "PING", "CLIENT ID", "EXEC"}, nil, nil},
		{[]string{"WATCH k", "MULTI", "PING", "EXEC"}, nil, []string{"exec"}},
		{[]string{"MULTI", "EXEC"}, nil, nil},
		{[]string{"MULTI", "EVAL x 1 k", "EXEC"}, [][]string{{"exec"}}, nil},
		{[]string{"MULTI", "EVAL_RO x 1 k", "EXEC"}, nil, []string{"exec"}},
		{[]string{"MULTI", "EVALSHA ffff 1 k", "EXEC"}, nil, nil},
		{[]string{"SET k 1", "MULTI", "SET k 2", "EXEC", "GET k", "MULTI", "GET k", "EXEC"}, [][]string{{"set", "local", "local", "exec", "get", "local", "local"}}, []string{"exec"}},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.lines, " "), func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				f.dial().do(tt.lines...)
				batches, reads := f.shard.taken()
				if !reflect.DeepEqual(batches, tt.batches) || !reflect.DeepEqual(reads, tt.reads) {
					t.Errorf("batches %v reads %v, want %v %v", batches, reads, tt.batches, tt.reads)
				}
			})
		})
	}
}

// The frontend's commands in transactions run when those are over, in order, and answer in their places.
func TestFrontCommandsInTransactions(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		c := f.dial()
		c.want("+OK|+QUEUED|+QUEUED|+QUEUED|+QUEUED|*4|+OK|:1|$1|x|$1|5|"+
			":6|"+
			"+OK|+QUEUED|+QUEUED|+QUEUED|*3|+PONG|:7|$1|x|"+
			"$1|7|",
			"MULTI", "CLIENT SETNAME x", "CLIENT ID", "CLIENT GETNAME", "ECHO 5", "EXEC",
			"INCRBY n 6",
			"MULTI", "PING", "INCR n", "CLIENT GETNAME", "EXEC",
			"GET n")
	})
}

// A transaction that did not run did not run the frontend's commands either.
func TestTransactionThatDoesNotRun(t *testing.T) {
	for outcome, reply := range map[error]string{ErrNotRun: resp.ErrTryAgain, ErrIndeterminate: resp.ErrIndeterminate} {
		bubble(t, func(t *testing.T, f *fixture) {
			f.shard.do = func(context.Context, *fsm.Request) error { return outcome }
			f.dial().want("+OK|+QUEUED|+QUEUED|-"+reply+"|$-1|", "MULTI", "INCR n", "CLIENT SETNAME x", "EXEC", "CLIENT GETNAME")
		})
	}
	bubble(t, func(t *testing.T, f *fixture) {
		c, other := f.dial(), f.dial()
		c.want("+OK|", "WATCH k")
		other.want("+OK|", "SET k 1")
		c.want("+OK|+QUEUED|+QUEUED|*-1|$-1|", "MULTI", "INCR n", "CLIENT SETNAME x", "EXEC", "CLIENT GETNAME")
		c.want("+OK|", "WATCH k")
		other.want("+OK|", "SET k 2")
		c.want("+OK|+QUEUED|+QUEUED|*-1|$-1|", "MULTI", "GET n", "CLIENT SETNAME x", "EXEC", "CLIENT GETNAME")
	})
}

// What is routed elsewhere when it is queued spoils the transaction; what has moved since then is routed by EXEC.
func TestTransactionRouting(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.addPartner()
		c := f.dial()
		c.want("+OK|+QUEUED|", "MULTI", "INCR n")
		f.shard.setLeader(nodePartner)
		c.want("-MOVED 3432 10.0.0.2:7002|-ERR EXEC without MULTI|", "EXEC", "EXEC")
		c.want("+OK|-MOVED 3432 10.0.0.2:7002|+QUEUED|-EXECABORT Transaction discarded because of previous errors.|", "MULTI", "GET n", "PING", "EXEC")
		c.want("+OK|+OK|+QUEUED|+QUEUED|*2|$-1|:0|", "READONLY", "MULTI", "GET n", "DBSIZE", "EXEC")
		c.want("+OK|-READONLY You can't write against a read only replica.|-EXECABORT Transaction discarded because of previous errors.|", "MULTI", "FLUSHALL", "EXEC")
		c.want("+OK|+QUEUED|*1|$9|eval_ro x|", "MULTI", "EVAL x 1 n", "EXEC")
		f.shard.setLeader("")
		c.want("+OK|+OK|-CLUSTERDOWN The cluster is down|-EXECABORT Transaction discarded because of previous errors.|", "READWRITE", "MULTI", "GET n", "EXEC")
	})
}

// ASKING holds for one command, or for the transaction that follows it.
func TestAsking(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		var asked []bool
		f.shard.do = func(_ context.Context, r *fsm.Request) error {
			for i := range r.Ops {
				asked = append(asked, r.Ops[i].Asking)
			}
			return f.shard.apply(r)
		}
		c := f.dial()
		c.do("ASKING", "INCR n", "INCR n", "ASKING", "PING", "INCR n", "ASKING", "ASKING", "INCR n")
		if want := []bool{true, false, false, true}; !reflect.DeepEqual(asked, want) {
			t.Errorf("got %v, want %v", asked, want)
		}
		asked = nil
		c.do("ASKING", "MULTI", "INCR n", "EXEC", "INCR n")
		if want := []bool{true, false}; !reflect.DeepEqual(asked, want) {
			t.Errorf("transaction: got %v, want %v", asked, want)
		}
	})
}

func TestTransactionLimits(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		c := f.dial()
		c.do("MULTI")
		big := strings.Repeat("x", 8<<20)
		got := ""
		for range 9 {
			c.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$8388608\r\n" + big + "\r\n")
			got += c.take()
		}
		if !strings.Contains(got, errTransactionTooLarge) {
			t.Errorf("got %q", got)
		}
		c.want("-"+resp.ErrExecAbort+"|$-1|", "EXEC", "GET k")
	})
}

// EVALSHA makes a transaction longer than what was queued; WATCH does, too.
func TestTransactionTooLargeAtExec(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		c := f.dial()
		script := strings.Repeat("x", 10<<20)
		c.send("*3\r\n$6\r\nSCRIPT\r\n$4\r\nLOAD\r\n$10485760\r\n" + script + "\r\n")
		sha := strings.Split(c.take(), "|")[1]
		c.do("MULTI")
		for range 7 {
			c.do("EVALSHA " + sha + " 1 k")
		}
		c.want("-"+errTransactionTooLarge+"|+PONG|", "EXEC", "PING")
	})
}
