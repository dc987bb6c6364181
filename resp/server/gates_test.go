package server

import (
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/resp/server/config"
	"github.com/redoubtdb/redoubt/slotmap"
)

// Each gate by itself: what stops there, and that what is right passes.
func TestGates(t *testing.T) {
	const (
		a, b = "15495", "3300" // slots of keys a and b
	)
	tests := []struct {
		gate    string
		prepare func(f *fixture, c *client) *client
		command string
		want    string // prefix of the reply
	}{
		{"known", nil, "NOSUCH a b", "-ERR unknown command 'NOSUCH', with args beginning with: 'a' 'b' |"},
		{"known", nil, "GET", "-ERR wrong number of arguments for 'get' command|"},
		{"known", nil, "CLIENT", "-ERR wrong number of arguments for 'client' command|"},
		{"known", nil, "CLIENT NOSUCH", "-ERR unknown subcommand 'NOSUCH'. Try CLIENT HELP.|"},
		{"known", nil, "CLIENT ID x", "-ERR wrong number of arguments for 'client|id' command|"},
		{"known", nil, "POST / HTTP/1.1", "<closed>"},
		{"known", nil, "get a", "$-1|"},

		{"authenticated", needPassword, "GET a", "-" + resp.ErrNoAuth + "|"},
		{"authenticated", needPassword, "MULTI", "-" + resp.ErrNoAuth + "|"},
		{"authenticated", needPassword, "AUTH x", "-" + resp.ErrWrongPass + "|"},
		{"authenticated", needPassword, "QUIT", "+OK|"},
		{"authenticated", needPassword, "RESET", "+RESET|"},
		{"authenticated", needPassword, "AUTH secret", "+OK|"},

		{"keys", nil, "EVAL x 1", "$6|eval x|"},
		{"keys", nil, "SUNIONSTORE", "-ERR wrong number of arguments for 'sunionstore' command|"},

		{"route", nil, "MGET a b", "-" + resp.ErrCrossSlot + "|"},
		{"route", nil, "WATCH a b", "-" + resp.ErrCrossSlot + "|"},
		{"route", nil, "EVAL x 2 a b", "-" + resp.ErrCrossSlot + "|"},
		{"route", nil, "MGET {a}1 {a}2", "*2|$-1|$-1|"},
		{"route", follow, "GET a", "-MOVED " + a + " 10.0.0.2:7002|"},
		{"route", follow, "SET b 1", "-MOVED " + b + " 10.0.0.2:7002|"},
		{"route", follow, "EVAL x 1 b", "-MOVED " + b + " 10.0.0.2:7002|"},
		{"route", follow, "WATCH a", "-MOVED " + a + " 10.0.0.2:7002|"},
		{"route", followReadonly, "GET a", "$-1|"},
		{"route", followReadonly, "SET a 1", "-MOVED " + a + " 10.0.0.2:7002|"},
		{"route", followReadonly, "EVAL x 1 a", "$9|eval_ro x|"},
		{"route", followReadonly, "EVAL_RO x 1 a", "$9|eval_ro x|"},
		{"route", followReadonly, "WATCH a", "-MOVED " + a + " 10.0.0.2:7002|"},

		{"keyless", follow, "DBSIZE", ":0|"},
		{"keyless", follow, "SCAN 0", "*2|$1|0|*0|"},
		{"keyless", follow, "FLUSHALL", "-" + resp.ErrReadOnlyReplica + "|"},
		{"keyless", follow, "EVAL x 0", "$9|eval_ro x|"},
		{"keyless", follow, "PING", "+PONG|"},
		{"keyless", orphan, "FLUSHALL", "-" + resp.ErrClusterDown + "|"},
		{"keyless", nil, "FLUSHALL", "+OK|"},
	}
	for _, tt := range tests {
		t.Run(tt.gate+" "+tt.command, func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				c := f.dial()
				if tt.prepare != nil {
					c = tt.prepare(f, c)
				}
				if got := c.do(tt.command); !strings.HasPrefix(got, tt.want) {
					t.Errorf("got %q, want %q", got, tt.want)
				}
			})
		})
	}
}

func needPassword(f *fixture, _ *client) *client {
	f.set("requirepass", "secret")
	return f.dial() // who was connected before counts as authenticated
}

// follow makes this node a replica.
func follow(f *fixture, c *client) *client {
	f.addPartner()
	f.shard.setLeader(nodePartner)
	return c
}

func followReadonly(f *fixture, c *client) *client {
	follow(f, c).want("+OK|", "READONLY")
	return c
}

func orphan(f *fixture, c *client) *client {
	f.shard.setLeader("")
	return c
}

// A command that fails several conditions is answered by the first of them.
func TestGateOrder(t *testing.T) {
	down := func(f *fixture) {
		f.topology.change(f.t, slotmap.UnassignSlots(groupSelf, []slotmap.Range{{Start: 15495, End: 15495}}, true))
	}
	tests := []struct {
		name    string
		prepare func(f *fixture) []string // returns commands to send first
		command string
		want    string
	}{
		{"unknown before NOAUTH", func(f *fixture) []string { f.set("requirepass", "x"); return nil }, "NOSUCH", "-ERR unknown command 'NOSUCH', with args beginning with: |"},
		{"arity before NOAUTH", func(f *fixture) []string { f.set("requirepass", "x"); return nil }, "GET", "-ERR wrong number of arguments for 'get' command|"},
		{"NOAUTH before CROSSSLOT", func(f *fixture) []string { f.set("requirepass", "x"); return nil }, "MGET a b", "-" + resp.ErrNoAuth + "|"},
		{"NOAUTH before MULTI state", func(f *fixture) []string { f.set("requirepass", "x"); return nil }, "EXEC", "-EXECABORT Transaction discarded because of: " + resp.ErrNoAuth + "|"},
		{"unassigned before CROSSSLOT", func(f *fixture) []string { down(f); return nil }, "MGET a b", "-" + resp.ErrSlotNotServed + "|"},
		{"CROSSSLOT before cluster down", func(f *fixture) []string { down(f); return nil }, "MGET b a", "-" + resp.ErrCrossSlot + "|"},
		{"cluster down before the command's own errors", func(f *fixture) []string { down(f); return nil }, "SET b 1 NOSUCH", "-" + resp.ErrClusterDown + "|"},
		{"CROSSSLOT of the queue before EXECABORT", func(*fixture) []string { return []string{"MULTI", "SET a 1", "SET b 1", "GET"} }, "EXEC", "-" + resp.ErrCrossSlot + "|"},
		{"MULTI needs no cluster", func(f *fixture) []string { down(f); return nil }, "MULTI", "+OK|"},
		{"DISCARD needs no cluster", func(f *fixture) []string { down(f); return []string{"MULTI"} }, "DISCARD", "+OK|"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				first := tt.prepare(f)
				c := f.dial()
				if len(first) > 0 {
					c.do(first...)
				}
				c.want(tt.want, tt.command)
			})
		})
	}
	want := []string{"known", "protected", "authenticated", "outside MULTI", "keys", "route", "keyless", "pause"}
	for i, g := range gates() {
		if g.name != want[i] {
			t.Errorf("gate %d is %q, want %q", i, g.name, want[i])
		}
	}
}

func TestWebClientIsDropped(t *testing.T) {
	for _, first := range []string{"POST / HTTP/1.1", "Host: redis"} {
		bubble(t, func(t *testing.T, f *fixture) {
			c := f.dial()
			if got := c.do(first, "SET k stolen"); got != "<closed>" {
				t.Errorf("got %q", got)
			}
			if f.shard.machine.Keys() != 0 {
				t.Error("the line behind it ran")
			}
		})
	}
}

func TestProtocolErrors(t *testing.T) {
	tests := []struct{ in, want string }{
		{"SET a 1\r\n*1\r\n$4\r\nPING\r\n*x\r\nPING\r\n", "+OK|+PONG|-ERR Protocol error: invalid multibulk length|<closed>"},
		{"*1\r\n+PING\r\n", "-ERR Protocol error: expected '$', got '+'|<closed>"},
		{"GET 'a\r\n", "-ERR Protocol error: unbalanced quotes in request|<closed>"},
		{"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$-5\r\n", "-ERR Protocol error: invalid bulk length|<closed>"},
		{"*1\r\n$999999999999\r\n", "-ERR Protocol error: invalid bulk length|<closed>"},
		{"*0\r\n*-1\r\n\r\nPING\r\n", "+PONG|"},
	}
	for _, tt := range tests {
		bubble(t, func(t *testing.T, f *fixture) {
			c := f.dial()
			c.send(tt.in)
			if got := c.take(); got != tt.want {
				t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

// Who has not authenticated may send small requests only.
func TestUnauthenticatedLimits(t *testing.T) {
	tests := []struct{ in, want string }{
		{"*11\r\n", "-ERR Protocol error: unauthenticated multibulk length|<closed>"},
		{"*2\r\n$4\r\nAUTH\r\n$20000\r\n", "-ERR Protocol error: unauthenticated bulk length|<closed>"},
		{"AUTH secret\r\n*2\r\n$4\r\nECHO\r\n$20000\r\n" + strings.Repeat("x", 20000) + "\r\n", "+OK|$20000|" + strings.Repeat("x", 20000) + "|"},
	}
	for _, tt := range tests {
		bubble(t, func(t *testing.T, f *fixture) {
			c := f.dial()
			c.send(tt.in)
			if got := c.take(); got != tt.want {
				t.Errorf("got %.80q, want %.80q", got, tt.want)
			}
		}, "--requirepass", "secret")
	}
}

// argumentError must answer for every command, whatever its handler needs, and never panic.
func TestArgumentErrorOfEveryCommand(t *testing.T) {
	for _, s := range command.Specs() {
		if s.Run == nil {
			continue
		}
		for n := 1; n < 6; n++ {
			args := [][]byte{[]byte(s.Name)}
			for range n {
				args = append(args, []byte("x"))
			}
			if text := argumentError(&call{args: args, spec: s}); text == "" {
				t.Errorf("%s with %d arguments: no error", s.Name, n)
			}
		}
	}
}

func TestPause(t *testing.T) {
	tests := []struct {
		mode, command string
		waits         bool
	}{
		{"ALL", "PING", true}, {"ALL", "GET a", true}, {"ALL", "SET a 1", true},
		{"WRITE", "PING", false}, {"WRITE", "GET a", false}, {"WRITE", "SET a 1", true}, {"WRITE", "EVAL x 1 a", true},
		{"WRITE", "FLUSHALL", true},
	}
	for _, tt := range tests {
		t.Run(tt.mode+" "+tt.command, func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				admin, c := f.dial(), f.dial()
				admin.want("+OK|", "CLIENT PAUSE 1000 "+tt.mode)
				if got := c.do("PING x", tt.command); strings.Contains(got, "x") != (tt.mode == "WRITE") || strings.Count(got, "|") >= 3 != !tt.waits {
					t.Errorf("before: %q", got)
				}
				f.server.sleep(1100e6)
				if got := c.take(); (got != "") != tt.waits {
					t.Errorf("after: %q", got)
				}
				c.want("+PONG|", "PING")
			})
		})
	}
}

func TestPauseIsLifted(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		admin, a, b := f.dial(), f.dial(), f.dial()
		admin.want("+OK|", "CLIENT PAUSE 100000 WRITE")
		admin.want("+OK|", "CLIENT PAUSE 10 WRITE") // the longer one holds
		a.want("", "SET a 1")
		b.want("", "SET b 1")
		f.server.sleep(1e9)
		if got := a.take(); got != "" {
			t.Errorf("a did not wait: %q", got)
		}
		admin.want(":1|", "CLIENT KILL ID 3")
		admin.want("+OK|", "CLIENT UNPAUSE")
		synctest.Wait()
		if got := a.take(); got != "+OK|" {
			t.Errorf("a: %q", got)
		}
		if got := b.take(); got != "<closed>" {
			t.Errorf("b: %q", got)
		}
	})
}

// What waited is routed by how things are when it goes on.
func TestPauseThenMoved(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		admin, c := f.dial(), f.dial()
		admin.want("+OK|", "CLIENT PAUSE 1000 WRITE")
		c.want("", "SET a 1")
		follow(f, c)
		f.server.sleep(2e9)
		if got := c.take(); got != "-MOVED 15495 10.0.0.2:7002|" {
			t.Errorf("got %q", got)
		}
	})
}

// Gates whose commands stand in other files are tested by themselves.
func TestGatesByFlag(t *testing.T) {
	far := &net.TCPAddr{IP: net.IPv4(8, 8, 8, 8), Port: 5}
	near := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 5}
	protected, noMulti := &command.Spec{Name: "p", Flags: command.Protected}, &command.Spec{Name: "n", Flags: command.NoMulti}
	tests := []struct {
		name  string
		pass  func(c *Conn, q *call) string
		spec  *command.Spec
		debug string
		addr  net.Addr
		multi bool
		want  string
	}{
		{"debug no", passProtected, protected, "no", near, false, errProtected},
		{"debug local, near", passProtected, protected, "local", near, false, ""},
		{"debug local, far", passProtected, protected, "local", far, false, errProtected},
		{"debug yes", passProtected, protected, "yes", far, false, ""},
		{"not protected", passProtected, noMulti, "no", far, false, ""},
		{"inside MULTI", passNoMulti, noMulti, "no", near, true, resp.ErrNotInMulti},
		{"outside", passNoMulti, noMulti, "no", near, false, ""},
		{"harmless inside MULTI", passNoMulti, protected, "no", near, true, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg, _, err := config.Parse([]string{"--enable-debug-command", tt.debug}, nil)
			if err != nil {
				t.Fatal(err)
			}
			c := &Conn{srv: &Server{cfg: config.NewLive(cfg)}, nc: &addressed{addr: tt.addr}}
			c.tx.open = tt.multi
			if got := tt.pass(c, &call{spec: tt.spec}); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
