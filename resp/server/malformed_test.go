package server

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// The tests in this file send bytes to this server and to a real redis-server 7.0.15, each talk on a connection of its
// own of which the client then closes its side, and want the same bytes back. The talks are made from the grammar
// rather than listed: every number in every place with every end of line, every type byte, every cut.

// pair is the two servers, both with all slots.
type pair struct{ ours, redis string }

func startPair(t *testing.T) pair {
	t.Helper()
	redis := startRedis(t)
	f := newFixture(t)
	t.Cleanup(f.close)
	return pair{ours: f.listen(), redis: redis}
}

// listen serves on a real port as well, until the server is closed.
func (f *fixture) listen() (addr string) {
	f.t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.t.Fatal(err)
	}
	go func() { _ = f.server.Serve(ln) }()
	return ln.Addr().String()
}

// talkTo sends a talk and returns everything that comes back until the server closes.
func talkTo(t *testing.T, addr, talk string) string {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(realAgreeLimit))
	go func() {
		_, _ = io.WriteString(nc, talk) // fails where the server has closed already
		_ = nc.(*net.TCPConn).CloseWrite()
	}()
	got, err := io.ReadAll(nc)
	if nerr, ok := err.(net.Error); ok && nerr.Timeout() {
		t.Errorf("%.200q: no end of the connection", talk)
	}
	return string(got)
}

// compare wants the same answer of both, but for the numbers of connections.
func (p pair) compare(t *testing.T, talks ...string) {
	t.Helper()
	for _, talk := range talks {
		want, got := readable(talkTo(t, p.redis, talk)), readable(talkTo(t, p.ours, talk))
		if want != got {
			at := 0
			for at < min(len(want), len(got)) && want[at] == got[at] {
				at++
			}
			t.Errorf("%.200q: equal for %d bytes, then\nredis %.300q\nours  %.300q", talk, at, want[at:], got[at:])
		}
	}
}

const pingRequest = "*1\r\n$4\r\nPING\r\n"

// oddNumbers are what may stand where a length is due.
var oddNumbers = []string{
	"", "0", "1", "2", "3", "-1", "-2", "-0", "+1", "+0", "01", "00", "-01", " 1", "1 ", "\t1", "1\t", "1.0", "1.", ".1", "1e0", "0x1", "1_0", "1,0", "--1", "-", "+", "a", "1a", "a1",
	"2147483647", "2147483648", "-2147483648", "-2147483649", "4294967295", "4294967296", "4294967297", "536870912", "536870913", "1073741824",
	"9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616", "18446744073709551617",
	"99999999999999999999999999", "nan", "inf", "\xff", "\u0661", "\x01", "$", "*", "\"1\"", "'1'",
}

var lineEnds = []string{"\r\n", "\n", "\r", "\rx", "\n\r", "\r\r\n", " \r\n", ""}

// grammarTalks puts everything that can be there at each place of a request.
func grammarTalks() (talks []string) {
	for _, number := range oddNumbers {
		for _, end := range lineEnds {
			talks = append(talks,
				"*"+number+end+"$4\r\nPING\r\n"+pingRequest,
				"*1\r\n$"+number+end+"PING\r\n"+pingRequest,
				"*2\r\n$4\r\nECHO\r\n$"+number+end+"a\r\n"+pingRequest)
		}
	}
	for b := 1; b < 256; b++ { // 0: see TestZeroBytes
		if b > 0x80 && b < 0xfe {
			continue // bytes that no rule is about
		}
		c := string([]byte{byte(b)})
		talks = append(talks,
			c+"1\r\n$4\r\nPING\r\n"+pingRequest, "*1\r\n"+c+"4\r\nPING\r\n"+pingRequest, "*1"+c+"\r\n$4\r\nPING\r\n"+pingRequest,
			"*1\r\n$4"+c+"\r\nPING\r\n"+pingRequest, "*1\r"+c+"$4\r"+c+"PING"+c+c+pingRequest, "ECHO "+c+"\r\n"+pingRequest,
			"ECHO a"+c+"b\r\n"+pingRequest, "ECHO \"\\"+c+"\"\r\n"+pingRequest, "ECHO '\\"+c+"'\r\n"+pingRequest, "ECHO ''"+c+"\r\n"+pingRequest, "PING"+c+"\r\n"+pingRequest)
	}
	return talks
}

// cutTalks are whole talks that end anywhere, and ones in which any byte is missing or there twice.
func cutTalks() (talks []string) {
	for _, whole := range []string{
		"*3\r\n$3\r\nSET\r\n$3\r\ncut\r\n$5\r\nhello\r\n*2\r\n$3\r\nGET\r\n$3\r\ncut\r\n", "SET cut 'a b' \r\nGET \"cut\"\n\r\nPING\r\n",
		"*1\r\n$5\r\nMULTI\r\n*2\r\n$4\r\nINCR\r\n$4\r\ncuts\r\n*1\r\n$4\r\nEXEC\r\n*2\r\n$3\r\nDEL\r\n$4\r\ncuts\r\n",
	} {
		for i := range len(whole) {
			talks = append(talks, "DEL cut\r\n"+whole[:i], whole[:i]+whole[i+1:]+"\r\nDEL cut\r\nDEL cuts\r\n", whole[:i]+whole[i:i+1]+whole[i:]+"\r\nDEL cut\r\nDEL cuts\r\n")
		}
	}
	return talks
}

// quoteTalks are inline requests of all short rows of what matters in them.
func quoteTalks() (talks []string) {
	pieces := []string{"a", "\"", "'", "\\", "\\x41", "\\xg", " ", "\v", "\\n"}
	words := []string{""}
	for range 3 {
		var longer []string
		for _, w := range words {
			for _, p := range pieces {
				longer = append(longer, w+p)
			}
		}
		for _, w := range longer {
			talks = append(talks, "ECHO "+w+"\r\n"+pingRequest)
		}
		words = longer
	}
	return talks
}

// longTalks are requests with many or long parts.
func longTalks() []string {
	many := strings.Repeat("$1\r\na\r\n", 20_000)
	long := strings.Repeat("x", 300_000)
	return []string{
		"*20001\r\n$3\r\nDEL\r\n" + many + pingRequest, "*20002\r\n$3\r\nDEL\r\n" + many + pingRequest, "DEL " + strings.Repeat("a ", 30_000) + "\r\n" + pingRequest,
		strings.Repeat(" ", 60_000) + "PING\r\n" + pingRequest, strings.Repeat("\r\n", 100_000) + pingRequest, strings.Repeat("*0\r\n", 100_000) + pingRequest,
		strings.Repeat("*-1\r\n", 100_000) + "PING\r\n", long, "PING " + long, "*" + long, "$" + long, "*1\r\n$" + long, "*1\r\n" + long, "*1" + strings.Repeat("0", 300_000),
		"ECHO \"" + strings.Repeat("\\x41", 12_000) + "\"\r\n" + pingRequest, "ECHO '" + strings.Repeat("\\'", 20_000) + "'\r\n" + pingRequest, "GET \"" + strings.Repeat("\\\"", 20_000) + "\r\n" + pingRequest,
		"*2\r\n$300000\r\n" + long + "\r\n$1\r\na\r\n" + pingRequest, "*3\r\n$3\r\nGET\r\n$300000\r\n" + long + "\r\n$1\r\na\r\n" + pingRequest,
		"*1\r\n$300000\r\n" + long + "xx" + pingRequest, "*2\r\n$6\r\nSTRLEN\r\n$300000\r\n" + long + "\r\n" + pingRequest,
	}
}

func TestMalformedRequests(t *testing.T) {
	p := startPair(t)
	for name, talks := range map[string][]string{"grammar": grammarTalks(), "cuts": cutTalks(), "quotes": quoteTalks(), "long": longTalks()} {
		t.Run(name, func(t *testing.T) {
			if len(talks) == 0 {
				t.Fatal("no talks")
			}
			p.compare(t, talks...)
			t.Logf("%d talks", len(talks))
		})
	}
}

// Who has not authenticated may not make the server work: 10 arguments of 16 KB, and no command but AUTH and its like.
func TestMalformedRequestsOfStrangers(t *testing.T) {
	p := startPair(t)
	p.compare(t, "CONFIG SET requirepass secret\r\n")
	const auth = "*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n"
	var talks []string
	for _, before := range []string{"", auth, "AUTH wrong\r\n", auth + "RESET\r\n", "HELLO 3 AUTH default secret\r\n", "HELLO 3 AUTH default wrong\r\n", "CONFIG SET requirepass x\r\n"} {
		for _, n := range []int{9, 10, 11, 12} {
			talks = append(talks, fmt.Sprintf("%s*%d\r\n$4\r\nMGET\r\n%s%s", before, n, strings.Repeat("$1\r\na\r\n", n-1), pingRequest))
		}
		for _, n := range []int{16383, 16384, 16385, 20000} {
			talks = append(talks, fmt.Sprintf("%s*2\r\n$3\r\nGET\r\n$%d\r\n%s\r\n%s", before, n, strings.Repeat("a", n), pingRequest))
		}
		for _, rest := range []string{"*11\r\n", "*1\r\n$16385\r\n", "*2147483648\r\n", "*1\r\n$536870913\r\n", "*-1\r\n", "MULTI\r\nEXEC\r\n", "nosuch\r\n", "GET\r\n", "GET a\r\n", "CLIENT ID x\r\n",
			"GET " + strings.Repeat("a ", 20) + "\r\n", "AUTH\r\n", "AUTH a b c\r\n", "QUIT\r\nPING\r\n", "CONFIG GET requirepass\r\n", "PING\r\n", "'\r\n", "ECHO " + strings.Repeat("x", 300_000)} {
			talks = append(talks, before+rest+pingRequest)
		}
	}
	talks = append(talks, "POST / HTTP/1.1\r\nHost: a\r\n") // alone: Redis may drop what it has not sent yet
	p.compare(t, talks...)
}

// limitTalks run into limits that are set low.
func limitTalks() []string {
	const limit = 1 << 20
	big := func(n int) string { return fmt.Sprintf("$%d\r\n%s\r\n", n, strings.Repeat("x", n)) }
	return []string{
		"*2\r\n$6\r\nSTRLEN\r\n" + big(limit) + pingRequest, fmt.Sprintf("*2\r\n$6\r\nSTRLEN\r\n$%d\r\n", limit+1) + pingRequest,
		"*3\r\n$6\r\nEXISTS\r\n" + big(limit/2) + big(limit/4) + pingRequest,
		"*5\r\n$6\r\nEXISTS\r\n" + big(limit) + big(limit) + big(limit), // more than client-query-buffer-limit allows: closed without a word
	}
}

// The limits of configuration directives, with the same values in both.
func TestConfiguredLimits(t *testing.T) {
	p := startPair(t)
	p.compare(t, "CONFIG SET proto-max-bulk-len 1mb client-query-buffer-limit 2mb\r\n", "CONFIG SET proto-max-bulk-len 1023kb\r\n")
	p.compare(t, limitTalks()...)
	p.compare(t, "*2\r\n$3\r\na\x00b\r\n$3\r\nc\x00d\r\n", "*2\r\n$3\r\nGET\r\n$3\r\nc\x00d\r\n", "*2\r\n$6\r\nCLIENT\r\n$3\r\nc\x00d\r\n", "*1\r\n$0\r\n\r\n")

	// A reply at the hard limit ends the connection, even if the client reads.
	for i := range 31 {
		p.compare(t, fmt.Sprintf("RPUSH big %s\r\n", strings.Repeat(string(rune('a'+i%26)), 50_000)))
	}
	p.compare(t, "CONFIG SET client-output-buffer-limit \"normal 1mb 0 0\"\r\n")
	const tooMuch = "LRANGE big 0 -1\r\n"
	for name, addr := range map[string]string{"redis": p.redis, "ours": p.ours} {
		if got := talkTo(t, addr, tooMuch+strings.Repeat(" ", 100)+"\r\n"); len(got) >= 1_500_000 {
			t.Errorf("%s sent %d bytes", name, len(got))
		}
	}
	p.compare(t, "LRANGE big 0 0\r\n", "CONFIG SET client-output-buffer-limit \"normal 0 0 0\"\r\nLLEN big\r\n")

	p.compare(t, "CONFIG SET maxclients 2\r\n")
	for _, addr := range []string{p.redis, p.ours} {
		for range 2 {
			nc, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			if _, err := io.WriteString(nc, "PING\r\n"); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(nc, make([]byte, len("+PONG\r\n"))); err != nil {
				t.Fatal(err)
			}
		}
	}
	p.compare(t, "")
}

// A client that is idle already when timeout is set is closed without a word by both.
func TestTimeoutOfBoth(t *testing.T) {
	p := startPair(t)
	for name, addr := range map[string]string{"redis": p.redis, "ours": p.ours} {
		idle, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer idle.Close()
		if _, err := io.WriteString(idle, "PING\r\n"); err != nil {
			t.Fatal(err)
		}
		if got := talkTo(t, addr, "CONFIG SET timeout 1\r\n"); got != "+OK\r\n" {
			t.Fatalf("%s: %q", name, got)
		}
		_ = idle.SetDeadline(time.Now().Add(realAgreeLimit))
		if got, err := io.ReadAll(idle); string(got) != "+PONG\r\n" || err != nil {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}

// Zero bytes are bytes like others: docs/divergence.md. Redis would wait for the end of a line that it cannot see.
func TestZeroBytes(t *testing.T) {
	f := newFixture(t)
	t.Cleanup(f.close)
	addr := f.listen()
	for talk, want := range map[string]string{
		"ECHO a\x00b\r\n":  "$3\r\na\x00b\r\n",
		"\x00\r\nPING\r\n": "-ERR unknown command '', with args beginning with: \r\n+PONG\r\n",
		"*2\r\n$4\r\nECHO\r\n$3\r\n\x00\x00\x00\r\n":                    "$3\r\n\x00\x00\x00\r\n",
		"*1\x00\r\n$4\r\nPING\r\n":                                      "-ERR Protocol error: invalid multibulk length\r\n",
		"*1\r\n$4\x00\r\nPING\r\n":                                      "-ERR Protocol error: invalid bulk length\r\n",
		"*1\r\n\x00\r\nPING\r\n":                                        "-ERR Protocol error: expected '$', got '\x00'\r\n",
		"*3\r\n$3\r\nSET\r\n$2\r\n\x00a\r\n$1\r\n\x00\r\nGET \x00a\r\n": "+OK\r\n$1\r\n\x00\r\n",
		strings.Repeat("\x00", 70_000):                                  "-ERR Protocol error: too big inline request\r\n",
	} {
		if got := talkTo(t, addr, talk); got != want {
			t.Errorf("%.100q: got %q, want %q", talk, got, want)
		}
	}
}
