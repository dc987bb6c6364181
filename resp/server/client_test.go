package server

import (
	"net"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestClientList(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		a := f.dialAs(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 5555})
		b := f.dial()
		b.do("HELLO 3 SETNAME bee", "CLIENT SETINFO LIB-NAME go-x", "CLIENT SETINFO lib-ver 1.2", "READONLY", "CLIENT NO-EVICT on", "WATCH k", "MULTI", "SET k 1")
		time.Sleep(3 * time.Second)
		a.want("+PONG|", "PING")
		time.Sleep(2 * time.Second)
		got := a.do("CLIENT LIST")
		want := "id=1 addr=127.0.0.1:5555 laddr=pipe fd=-1 name= age=5 idle=0 flags=N db=0 sub=0 psub=0 ssub=0 multi=-1 qbuf=0 qbuf-free=0 argv-mem=0 " +
			"multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0 tot-mem=0 events=r cmd=client|list user=default redir=-1 resp=2\n" +
			"id=2 addr=pipe laddr=pipe fd=-1 name=bee age=5 idle=5 flags=xre db=0 sub=0 psub=0 ssub=0 multi=1 qbuf=0 qbuf-free=0 argv-mem=0 " +
			"multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0 tot-mem=0 events=r cmd=set user=default redir=-1 resp=3 lib-name=go-x lib-ver=1.2\n"
		if _, body, _ := strings.Cut(got, "|"); strings.TrimSuffix(body, "|") != want && got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		for list, ids := range map[string]string{
			"CLIENT LIST ID 2 9 1": "2 1", "CLIENT LIST TYPE NORMAL": "1 2", "CLIENT LIST TYPE pubsub": "", "CLIENT INFO": "1",
		} {
			if got := idsIn(a.do(list)); got != ids {
				t.Errorf("%s: ids %q, want %q", list, got, ids)
			}
		}
	})
}

func idsIn(list string) string {
	var ids []string
	for _, m := range regexp.MustCompile(`\bid=(\d+)`).FindAllStringSubmatch(list, -1) {
		ids = append(ids, m[1])
	}
	return strings.Join(ids, " ")
}

func TestClientListIsVerbatimInRESP3(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		c := f.dial()
		c.do("HELLO 3")
		if got := c.do("CLIENT INFO"); !strings.HasPrefix(got, "=") || !strings.Contains(got, "|txt:id=1 ") {
			t.Errorf("got %q", got)
		}
	})
}

func TestClientKill(t *testing.T) {
	far := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 5555}
	tests := []struct {
		command, reply string
		aLives, bLives bool // a sends the command
	}{
		{"CLIENT KILL ID 2", ":1|", true, false},
		{"CLIENT KILL 127.0.0.1:5555", "+OK|", true, false},
		{"CLIENT KILL ADDR 127.0.0.1:5555", ":1|", true, false},
		{"CLIENT KILL TYPE normal", ":1|", true, false},
		{"CLIENT KILL USER default", ":1|", true, false},
		{"CLIENT KILL TYPE normal SKIPME no", ":2|<closed>", false, false},
		{"CLIENT KILL ID 1", ":0|", true, true},
		{"CLIENT KILL ID 1 SKIPME no", ":1|<closed>", false, true},
		{"CLIENT KILL ID 2 TYPE pubsub", ":0|", true, true},
		{"CLIENT KILL ID 2 ADDR 127.0.0.1:5556", ":0|", true, true},
	}
	for _, tt := range tests {
		t.Run(tt.command, func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				a, b := f.dial(), f.dialAs(far)
				b.want("+PONG|", "PING")
				a.want(tt.reply, tt.command)
				if got := b.take(); (got != "<closed>") != tt.bLives {
					t.Errorf("b: %q", got)
				}
				if want := map[bool]int{true: 1}[tt.aLives] + map[bool]int{true: 1}[tt.bLives]; f.server.clientCount() != want {
					t.Errorf("%d clients left, want %d", f.server.clientCount(), want)
				}
			})
		})
	}
}

func TestClientKillInsideMulti(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.dial().want("+OK|+QUEUED|+QUEUED|*2|:1|:1|<closed>", "MULTI", "INCR n", "CLIENT KILL TYPE normal SKIPME no", "EXEC")
	})
}

func TestClientSetInfo(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.dial().want("-ERR Unrecognized option 'FOO'|-ERR lib-name cannot contain spaces, newlines or special characters.|"+
			"-ERR wrong number of arguments for 'client|setinfo' command|", "CLIENT SETINFO FOO x", "CLIENT SETINFO LIB-NAME 'a b'", "CLIENT SETINFO LIB-NAME")
	})
}

func TestTrackingIsRefused(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.dial().want("-"+errTrackingUnsupported+"|", "CLIENT TRACKING on")
	})
}

// Every HELP answers an array of lines.
func TestHelp(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		for _, container := range []string{"CLIENT", "SCRIPT"} {
			got := f.dial().do(container + " HELP")
			if !strings.HasPrefix(got, "*") || !strings.Contains(got, "|+"+container+" <subcommand>") {
				t.Errorf("%s: %.100q", container, got)
			}
		}
	})
}

func TestAuthentication(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		c := f.dial()
		c.want("-NOAUTH Authentication required.|-WRONGPASS invalid username-password pair or user is disabled.|"+
			"-WRONGPASS invalid username-password pair or user is disabled.|-NOAUTH Authentication required.|"+
			"+OK|+PONG|", "GET a", "AUTH wrong", "AUTH nobody secret", "PING", "AUTH secret", "PING")
		c.want("-WRONGPASS invalid username-password pair or user is disabled.|+PONG|+OK|", "AUTH wrong", "PING", "AUTH default secret")
		c.want("+RESET|-NOAUTH Authentication required.|", "RESET", "PING")
		d := f.dial()
		d.want("-"+errHelloNoAuth+"|-WRONGPASS invalid username-password pair or user is disabled.|-"+errHelloNoAuth+"|",
			"HELLO", "HELLO 3 AUTH default wrong", "HELLO 3")
		if got := d.do("HELLO 3 AUTH default secret SETNAME me", "CLIENT GETNAME"); !strings.HasPrefix(got, "%7|$6|server|$5|redis|") || !strings.HasSuffix(got, "$2|me|") {
			t.Errorf("got %q", got)
		}
		f.set("requirepass", "")
		f.dial().want("+PONG|", "PING")
	}, "--requirepass", "secret")
}

// A replica says so in HELLO.
func TestHelloRole(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		follow(f, nil)
		if got := f.dial().do("HELLO"); !strings.Contains(got, "|$4|role|$7|replica|") {
			t.Errorf("got %q", got)
		}
	})
}
