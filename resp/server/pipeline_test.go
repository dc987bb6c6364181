package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/slotmap"
)

// A pipeline's reads before the first write are served at once; from there on everything is one request, and
// the replies come in order.
func TestPipelineOrder(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		c := f.dial()
		c.want("+OK|", "SET n 1")
		f.shard.taken()
		c.want("$1|1|+PONG|:2|$1|2|+PONG|$2|hi|-ERR unknown command 'NOSUCH', with args beginning with: |:3|$1|3|",
			"GET n", "PING", "INCR n", "GET n", "PING", "ECHO hi", "NOSUCH", "INCR n", "GET n")
		batches, reads := f.shard.taken()
		want := [][]string{{"incr", "get", "local", "local", "local", "incr", "get"}}
		if !reflect.DeepEqual(batches, want) {
			t.Errorf("batches %v, want %v", batches, want)
		}
		if !reflect.DeepEqual(reads, []string{"get"}) {
			t.Errorf("direct reads %v", reads)
		}
	})
}

// What no entry of the log could hold is refused at once, not with a word that makes clients try again.
func TestWriteTooLarge(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		c := f.dial()
		value := strings.Repeat("v", maxWriteBytes)
		c.send(fmt.Sprintf("INCR n\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n%s\r\nGET n\r\n", len(value), value))
		if got := c.take(); got != ":1|-"+errWriteTooLarge+"|$1|1|" {
			t.Errorf("got %.100q", got)
		}
	})
}

// A slow read does not ride with the writes before it.
func TestSlowReadsDoNotRide(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.dial().want(":1|*1|$1|a|:2|:2|", "RPUSH l a", "LRANGE l 0 -1", "RPUSH l b", "LLEN l")
		batches, reads := f.shard.taken()
		if want := [][]string{{"rpush"}, {"rpush", "llen"}}; !reflect.DeepEqual(batches, want) || !reflect.DeepEqual(reads, []string{"lrange"}) {
			t.Errorf("batches %v, reads %v", batches, reads)
		}
	})
}

// A command that acts on the connection waits for the writes before it.
func TestFrontCommandsAreBarriers(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		c := f.dial()
		c.want("+OK|:1|+OK|:2|$3|abc|", "SET n 1", "CLIENT ID", "CLIENT SETNAME abc", "INCR n", "CLIENT GETNAME")
		batches, _ := f.shard.taken()
		if want := [][]string{{"set"}, {"incr"}}; !reflect.DeepEqual(batches, want) {
			t.Errorf("batches %v, want %v", batches, want)
		}
	})
}

func TestBatchBounds(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		c := f.dial()
		n := maxBatchOps + 10
		got := c.do(strings.Split(strings.TrimSuffix(strings.Repeat("INCR n,", n), ","), ",")...)
		if want := fmt.Sprintf(":%d|", n); !strings.HasSuffix(got, want) || strings.Count(got, "|") != n {
			t.Errorf("%d replies, the last %q", strings.Count(got, "|"), got[max(0, len(got)-20):])
		}
		f.shard.taken()
		value := strings.Repeat("v", maxBatchBytes/4)
		c.send(strings.Repeat(fmt.Sprintf("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n%s\r\n", len(value), value), 20))
		if got := c.take(); got != strings.Repeat("+OK|", 20) {
			t.Errorf("got %q", got)
		}
		batches, _ := f.shard.taken()
		for _, b := range batches {
			if len(b) > 5 {
				t.Errorf("a batch of %d large writes", len(b))
			}
		}
	})
}

func TestByteAtATime(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		c := f.dial()
		for _, b := range []byte("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nhello\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\nGET k\r\nINCR k\r\n\r\nPING\r\n") {
			c.send(string([]byte{b}))
		}
		if got, want := c.take(), "+OK|$5|hello|$5|hello|-ERR value is not an integer or out of range|+PONG|"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// A client may send a large pipeline before it reads anything: the server must go on reading.
func TestPipelineOfClientThatReadsLate(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		near, far := net.Pipe()
		f.listener.conns <- far
		const n = 20_000
		value := strings.Repeat("x", 100)
		fmt.Fprintf(near, "SET k %s\r\n", value)
		for range n {
			if _, err := near.Write([]byte("GET k\r\n")); err != nil {
				t.Fatal(err)
			}
		}
		c := &client{t: t, nc: near}
		go c.collect()
		want := "+OK|" + strings.Repeat("$100|"+value+"|", n)
		if got := c.take(); got != want {
			t.Errorf("%d bytes, want %d", len(got), len(want))
		}
		c.want("+PONG|", "PING")
	})
}

func TestOutputLimit(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.set("client-output-buffer-limit", "normal 100000 0 0")
		near, far := net.Pipe()
		f.listener.conns <- far
		fmt.Fprintf(near, "SET k %s\r\n", strings.Repeat("x", 1000))
		for range 10_000 {
			if _, err := near.Write([]byte("GET k\r\n")); err != nil {
				break
			}
		}
		synctest.Wait()
		if n := f.server.stats.OutputClosed.Load(); n != 1 {
			t.Errorf("%d clients dropped", n)
		}
		if n := f.server.clientCount(); n != 0 {
			t.Errorf("%d clients left", n)
		}
	})
}

func TestQueryLimit(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.set("client-query-buffer-limit", "1mb")
		c := f.dial()
		c.send("*2\r\n$4\r\nECHO\r\n$3000000\r\n")
		for range 30 {
			c.send(strings.Repeat("x", 100_000))
		}
		if got := c.take(); got != "<closed>" {
			t.Errorf("got %q", got)
		}
	})
}

// What a batch that did not run is answered with depends on who leads by then.
func TestNotRun(t *testing.T) {
	lines := []string{"GET n", "INCR n", "GET n", "PING", "NOSUCH x", "MULTI", "SET n 5", "EXEC", "DBSIZE", "FLUSHALL"}
	answers := func(keyed, keyless string) string {
		return "$-1|-" + keyed + "|-" + keyed + "|+PONG|-ERR unknown command 'NOSUCH', with args beginning with: 'x' |+OK|+QUEUED|-" + keyed +
			"|-TRYAGAIN Multiple keys request during rehashing of slot|-" + keyless + "|"
	}
	tests := []struct {
		name   string
		leader slotmap.NodeID
		want   string
	}{
		{"still leading", nodeSelf, answers(resp.ErrTryAgain, resp.ErrTryAgain)},
		{"another leads", nodePartner, answers("MOVED 3432 10.0.0.2:7002", resp.ErrReadOnlyReplica)},
		{"nobody leads", "", answers(resp.ErrClusterDown, resp.ErrClusterDown)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				f.addPartner()
				f.shard.do = func(context.Context, *fsm.Request) error {
					f.shard.setLeader(tt.leader)
					return fmt.Errorf("queue full: %w", ErrNotRun)
				}
				c := f.dial()
				c.want(tt.want, lines...)
				if f.shard.machine.Keys() != 0 {
					t.Error("something ran")
				}
			})
		})
	}
}

// addPartner makes the cluster one of three nodes: this one with a replica, and another master without slots.
func (f *fixture) addPartner() {
	f.t.Helper()
	partner := slotmap.Node{ID: nodePartner, Incarnation: "1", Host: "10.0.0.2", Port: 7002, BusPort: 17002, Hostname: "two.example"}
	other := slotmap.Node{ID: nodeOther, Incarnation: "1", Host: "10.0.0.3", Port: 7003, BusPort: 17003,
		AnnounceHost: "1.2.3.4", AnnouncePort: 9999}
	f.topology.change(f.t,
		slotmap.AddNode(partner, slotmap.Group{ID: "cccccccccccccccccccccccccccccccccccccccc", Members: []slotmap.NodeID{nodePartner}, Leader: nodePartner}, nil, 1, 1),
		slotmap.AddNode(other, slotmap.Group{ID: groupOther, Members: []slotmap.NodeID{nodeOther}, Leader: nodeOther}, nil, 1, 1),
		slotmap.MoveNode(nodePartner, groupSelf),
	)
}

// Nobody knows whether a request with unknown outcome runs: each of its commands says so, what needs no
// state is answered, and the connection goes on with other memory, which whoever holds the request may use.
func TestIndeterminate(t *testing.T) {
	for _, outcome := range []error{ErrIndeterminate, errors.New("something else")} {
		bubble(t, func(t *testing.T, f *fixture) {
			stop := make(chan struct{})
			defer close(stop)
			unknown := true
			f.shard.do = func(_ context.Context, r *fsm.Request) error {
				if !unknown {
					return f.shard.apply(r)
				}
				go scribble(r, stop)
				return fmt.Errorf("deadline: %w", outcome)
			}
			c := f.dial()
			c.want("$-1|-"+resp.ErrIndeterminate+"|-"+resp.ErrIndeterminate+"|+PONG|+OK|+QUEUED|+QUEUED|-"+resp.ErrIndeterminate+"|",
				"GET n", "INCR n", "GET n", "PING", "MULTI", "INCR n", "CLIENT ID", "EXEC")
			unknown = false
			for range 100 {
				c.want("+OK|$5|value|$5|other|", "SET k value", "GET k", "ECHO other")
			}
			c.want("$-1|", "GET n")
		})
	}
}

// scribble does with a request what its owner may do: read its commands and write replies, for a while.
func scribble(r *fsm.Request, stop chan struct{}) {
	for {
		for i := range r.Ops {
			for _, a := range r.Ops[i].Args {
				r.W.Bulk(a)
			}
		}
		select {
		case <-stop:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// The bytes behind an unfinished request survive that the read buffer is left behind.
func TestIndeterminateInTheMiddleOfARequest(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.shard.do = func(context.Context, *fsm.Request) error {
			f.shard.do = nil
			return ErrIndeterminate
		}
		c := f.dial()
		c.send("INCR n\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nhe")
		if got := c.take(); got != "-"+resp.ErrIndeterminate+"|" {
			t.Errorf("got %q", got)
		}
		c.send("llo\r\nGET k\r\n")
		if got := c.take(); got != "+OK|$5|hello|" {
			t.Errorf("got %q", got)
		}
	})
}

// A read that the shard refuses is routed again.
func TestReadFaults(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.addPartner()
		c := f.dial()
		f.shard.fault = fmt.Errorf("no quorum: %w", ErrNotRun)
		c.want("-"+resp.ErrTryAgain+"|", "GET n")
		c.want("-"+resp.ErrTryAgain+"|", "WATCH n")
		c.want("-"+resp.ErrTryAgain+"|", "DBSIZE")
		f.shard.setLeader("")
		c.want("-"+resp.ErrClusterDown+"|", "GET n")
	})
}

// The gate in the state machine has the last word on who owns a slot.
func TestGateRefuses(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		c := f.dial()
		f.shard.gates(t, fsm.GateNone, 2)
		c.want("-"+resp.ErrTryAgain+"|-"+resp.ErrTryAgain+"|-"+resp.ErrTryAgain+"|+PONG|", "GET n", "INCR n", "GET n", "PING")
	})
}

func TestClosing(t *testing.T) {
	t.Run("idle clients", func(t *testing.T) {
		bubble(t, func(t *testing.T, f *fixture) {
			a, b := f.dial(), f.dial()
			a.want("+PONG|", "PING")
			f.server.Close()
			if got := a.take() + b.take(); got != "<closed><closed>" {
				t.Errorf("got %q", got)
			}
		})
	})
	t.Run("a write in flight is answered", func(t *testing.T) {
		bubble(t, func(t *testing.T, f *fixture) {
			f.shard.do = func(_ context.Context, r *fsm.Request) error {
				time.Sleep(closeGraceSeconds * time.Second / 2)
				return f.shard.apply(r)
			}
			c := f.dial()
			c.send("INCR n\r\n")
			f.server.Close()
			if got := c.take(); got != ":1|<closed>" {
				t.Errorf("got %q", got)
			}
		})
	})
	t.Run("a write that hangs is given up", func(t *testing.T) {
		bubble(t, func(t *testing.T, f *fixture) {
			f.shard.do = func(ctx context.Context, _ *fsm.Request) error {
				<-ctx.Done()
				return ErrIndeterminate
			}
			c := f.dial()
			c.send("INCR n\r\n")
			begin := time.Now()
			f.server.Close()
			if took := time.Since(begin); took != closeGraceSeconds*time.Second {
				t.Errorf("took %v", took)
			}
			if got := c.take(); !strings.HasSuffix(got, "<closed>") {
				t.Errorf("got %q", got)
			}
		})
	})
	t.Run("a new listener is refused", func(t *testing.T) {
		bubble(t, func(t *testing.T, f *fixture) {
			f.server.Close()
			if err := f.server.Serve(newPipeListener()); !errors.Is(err, ErrClosed) {
				t.Errorf("got %v", err)
			}
		})
	})
}

func TestAdmission(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.set("maxclients", "2")
		a, b, c := f.dial(), f.dial(), f.dial()
		if got := c.take(); got != "-"+errMaxClients+"|<closed>" {
			t.Errorf("third: %q", got)
		}
		a.want("+PONG|", "PING")
		b.want("+OK|<closed>", "QUIT")
		f.dial().want("+PONG|", "PING")
	})
	far := &net.TCPAddr{IP: net.IPv4(8, 8, 8, 8), Port: 5}
	near := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 5}
	bubble(t, func(t *testing.T, f *fixture) {
		if got := f.dialAs(far).take(); !strings.HasPrefix(got, "-DENIED ") || !strings.HasSuffix(got, "|<closed>") {
			t.Errorf("protected: %q", got)
		}
		f.dialAs(near).want("+PONG|", "PING")
		f.set("requirepass", "x")
		f.dialAs(far).want("-"+resp.ErrNoAuth+"|", "PING")
		f.set("requirepass", "")
		f.set("protected-mode", "no")
		f.dialAs(far).want("+PONG|", "PING")
	})
}

func TestIdleTimeout(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.set("timeout", "10")
		c := f.dial()
		c.want("+PONG|", "PING")
		time.Sleep(9 * time.Second)
		c.want("+PONG|", "PING")
		time.Sleep(9 * time.Second)
		f.set("timeout", "0")
		c.want("+PONG|", "PING")
		time.Sleep(time.Hour)
		c.want("+PONG|", "PING")
		f.set("timeout", "10")
		c.want("+PONG|", "PING")
		time.Sleep(11 * time.Second)
		if got := c.take(); got != "<closed>" {
			t.Errorf("got %q", got)
		}
	})
}
