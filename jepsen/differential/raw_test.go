package differential

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/redoubtdb/redoubt/jepsen/differential/gen"
)

const (
	rawRounds      = 1500
	longestTalk    = 8 // requests in one conversation
	mostMutations  = 4
	flushEach      = 100 // Redis drops what exceeds 64 KB of replies when the client has closed its side
	shownOfReplies = 600 // bytes
)

// compareRaw sends bytes that are not always requests, each time on a new connection which
// it then half closes, and compares everything that comes back until the server closes it.
func compareRaw(t *testing.T, s *servers) {
	g := gen.New(s.seed*1000 + 300)
	t.Run("listed", func(t *testing.T) {
		for _, talk := range listedTalks() {
			s.compareTalk(t, g, talk)
		}
	})
	t.Run("random", func(t *testing.T) {
		for n := steps(t, rawRounds); n > 0; {
			if n%flushEach == 0 {
				s.compareTalk(t, g, "FLUSHALL\r\n")
			}
			if talk := randomTalk(g); !declaredTalk(talk) {
				s.compareTalk(t, g, talk)
				n--
			}
		}
	})
}

func (s *servers) compareTalk(t *testing.T, g *gen.Gen, talk string) {
	t.Helper()
	want, got := s.answer(t, g, s.redis, talk), s.answer(t, g, s.ours, talk)
	if want != got {
		at := 0
		for at < len(want) && at < len(got) && want[at] == got[at] {
			at++
		}
		t.Errorf("%s\nequal for %d bytes, then\nredis %s\nours  %s", quoted(talk), at, quoted(want[at:]), quoted(got[at:]))
	}
}

// answer sends the talk and returns all replies, what differs between any two servers masked.
func (s *servers) answer(t *testing.T, g *gen.Gen, addr, talk string) string {
	t.Helper()
	w := dial(t, addr)
	_ = w.send(g, []byte(talk)) // fails where the server has closed already
	out := w.rest()
	_ = w.nc.Close()
	return connectionID.ReplaceAllString(string(out), "id\r\n:N\r\n")
}

// connectionID is the number of the connection, in HELLO's reply.
var connectionID = regexp.MustCompile(`id\r\n:\d+\r\n`)

func quoted(s string) string {
	if len(s) > shownOfReplies {
		return fmt.Sprintf("%q… (%d bytes)", s[:shownOfReplies], len(s))
	}
	return fmt.Sprintf("%q", s)
}

// declaredTalk tells where the two may answer differently.
func declaredTalk(talk string) bool {
	switch {
	// Redis looks for the end of a line as for the end of a C string. A zero byte before it
	// makes it wait for more, for ever; Redoubt takes it for a byte like any other.
	case strings.Contains(talk, "\x00"):
		return true
	// HELLO that is queued takes effect after EXEC; in Redis the replies behind it within
	// the same EXEC change already.
	case strings.Contains(talk, "MULTI") && strings.Contains(talk, "HELLO"):
		return true
	}
	return false
}

// listedTalks are the cases that are worth a line.
func listedTalks() []string {
	long := strings.Repeat("x", 300_000) // Redis notices a line of more than 64 KB when it has read so much, which is a matter of timing
	list := []string{
		// Inline commands.
		"PING\r\n", "PING\n", "\r\n\r\nPING\r\n", "  PING  \r\n", "\tPING\thello\t\r\n", "ECHO \"a b\"\r\n", "ECHO 'a b'\r\n", "ECHO \"\\x41\\n\\r\\t\\b\\a\\\\\\\"\\q\"\r\n",
		"ECHO 'it\\'s \\n'\r\n", "ECHO \"\\xZZ\"\r\n", "ECHO \"\"\r\n", "ECHO ''\r\n", "ECHO \"a\"b\r\nPING\r\n", "ECHO \"a\r\nPING\r\n", "ECHO 'a\r\nPING\r\n", "ECHO a\"b\"\r\n", "ECHO \"a\" \"b\"\r\n",
		"\"PING\"\r\n", "'' x\r\n", "ECHO \xff\r\n", "GET\r\nPING\r\n", "nosuch a b c\r\n", "PING\rPING\r\n", "PING \r \r\n", "PING",
		"ECHO " + long[:60_000] + "\r\nPING\r\n", long,
		// The count of arguments.
		"*0\r\nPING\r\n", "*-1\r\nPING\r\n", "*-10\r\nPING\r\n", "*abc\r\nPING\r\n", "*\r\nPING\r\n", "*1.0\r\nPING\r\n", "* 1\r\n$4\r\nPING\r\n", "*+1\r\n$4\r\nPING\r\n",
		"*01\r\n$4\r\nPING\r\n", "*-0\r\nPING\r\n", "*1048576\r\n", "*1048577\r\n", "*2147483647\r\n", "*2147483648\r\n", "*9223372036854775808\r\n", "*99999999999999999999999\r\n",
		"*1\n$4\r\nPING\r\n", "*1\rx$4\r\nPING\r\n", "*" + long, "*1" + long,
		// The lengths of arguments.
		"*1\r\n$4\r\nPING\r\n", "*1\r\nPING\r\n", "*1\r\n+PING\r\n", "*1\r\n:1\r\n", "*1\r\n*1\r\n$4\r\nPING\r\n", "*1\r\n$-1\r\n", "*1\r\n$abc\r\n", "*1\r\n$\r\n", "*1\r\n$4.0\r\nPING\r\n",
		"*1\r\n$536870912\r\n", "*1\r\n$536870913\r\n", "*1\r\n$9223372036854775807\r\n", "*1\r\n$9223372036854775808\r\n", "*1\r\n$ 4\r\nPING\r\n", "*1\r\n$04\r\nPING\r\n", "*1\r\n$-0\r\n\r\n",
		"*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n", "*1\r\n$4\nPING\r\n", "*1\r\n$3\r\nPING\r\nPING\r\n", "*1\r\n$5\r\nPING\r\n", "*1\r\n$4\r\nPING\r", "*1\r\n$4\r\nPING", "*1\r\n$4\r\n", "*1\r\n$4", "*1\r\n", "*1", "*", "$4\r\nPING\r\n",
		"*1\r\n$" + long, "*1\r\n$0\r\n\r\nPING\r\n", "*2\r\n$0\r\n\r\n$1\r\na\r\nPING\r\n", "*2\r\n$4\r\nECHO\r\n$0\r\n\r\n", "*2\r\n$4\r\nECHO\r\n$3\r\n\r\n\x00\r\n",
		"*2\r\n$4\r\nECHO\r\n$300000\r\n" + long + "\r\nPING\r\n", "*2\r\n$4\r\nECHO\r\n$300000\r\n" + long[:100],
		// Lower-case types of RESP3 are no requests.
		"%1\r\n$4\r\nPING\r\n", "~1\r\n$4\r\nPING\r\n", ">1\r\n$4\r\nPING\r\n", "_\r\nPING\r\n", "#t\r\n", ",1.5\r\n", "(1\r\n", "=4\r\nPING\r\n", "!4\r\nPING\r\n", "|1\r\n",
		// Browsers.
		"POST / HTTP/1.1\r\nHost: x\r\n\r\nPING\r\n", "post x\r\nPING\r\n", "host: x\r\nPING\r\n",
		// The end of a connection, and replies switched off.
		"QUIT\r\nPING\r\n", "MULTI\r\nQUIT\r\nEXEC\r\n", "CLIENT REPLY OFF\r\nPING\r\nCLIENT REPLY ON\r\nPING\r\n", "CLIENT REPLY SKIP\r\nPING\r\nPING\r\n",
		"CLIENT REPLY SKIP\r\nCLIENT REPLY SKIP\r\nPING\r\nPING\r\n", "CLIENT REPLY OFF\r\nnosuch\r\nQUIT\r\n", "CLIENT REPLY OFF\r\n*1\r\n$abc\r\n", "CLIENT REPLY MAYBE\r\nPING\r\n", "CLIENT REPLY SKIP\r\n*x\r\n",
		"CLIENT REPLY OFF\r\nMULTI\r\nPING\r\nEXEC\r\nCLIENT REPLY ON\r\nEXEC\r\n", "MULTI\r\nCLIENT REPLY OFF\r\nPING\r\nEXEC\r\nPING\r\nCLIENT REPLY ON\r\n", "MULTI\r\nCLIENT REPLY SKIP\r\nPING\r\nEXEC\r\nPING\r\nPING\r\n",
		"CLIENT REPLY OFF\r\nRESET\r\nPING\r\n", "CLIENT REPLY SKIP\r\nHELLO 3\r\nGET nosuch\r\n", "HELLO 3\r\nGET nosuch\r\nHELLO 2\r\nGET nosuch\r\nRESET\r\nGET nosuch\r\n",
		"HELLO 3\r\nRESET\r\nGET nosuch\r\n", "HELLO 3\r\nMULTI\r\nHGETALL nosuch\r\nHELLO 2\r\nEXEC\r\nHGETALL nosuch\r\n", "CLIENT KILL ID 0\r\nPING\r\n",
	}
	return list
}

// randomTalk is a few requests, some of them damaged.
func randomTalk(g *gen.Gen) string {
	var b bytes.Buffer
	for range 1 + g.IntN(longestTalk) {
		words := strings.Fields(g.OneOf(
			"PING", "PING hello", "ECHO hello", "SET raw 1", "GET raw", "INCR raw", "GET nosuch", "MGET raw nosuch", "RPUSH rawlist a b", "LRANGE rawlist 0 -1", "DEL raw rawlist",
			"MULTI", "EXEC", "DISCARD", "WATCH raw", "HELLO 3", "HELLO 2", "HGETALL nosuch", "RESET", "CLIENT REPLY OFF", "CLIENT REPLY ON", "CLIENT REPLY SKIP", "CLIENT GETNAME",
			"CLIENT SETNAME me", "QUIT", "SELECT 0", "SELECT 1", "nosuch a b", "GET", "object help x", "SET raw v EX 100 NX GET", "OBJECT ENCODING raw", "TYPE raw", "READONLY", "ASKING",
		))
		if g.Often(40) {
			inline(&b, g, words)
		} else {
			encode(&b, words)
		}
	}
	talk := b.Bytes()
	if g.Often(60) {
		for range 1 + g.IntN(mostMutations) {
			talk = mutate(g, talk)
		}
	}
	return string(talk)
}

// inline appends a request as one types it.
func inline(b *bytes.Buffer, g *gen.Gen, words []string) {
	for i, w := range words {
		if i > 0 {
			b.WriteString(g.OneOf(" ", " ", "  ", "\t"))
		}
		switch g.IntN(8) {
		case 0:
			fmt.Fprintf(b, "%q", w)
		case 1:
			b.WriteString("'" + w + "'")
		default:
			b.WriteString(w)
		}
	}
	b.WriteString(g.OneOf("\r\n", "\r\n", "\n", " \r\n"))
}

// mutate damages one place.
func mutate(g *gen.Gen, talk []byte) []byte {
	if len(talk) == 0 {
		return talk
	}
	at := g.IntN(len(talk))
	before, after := talk[:at:at], talk[at+1:]
	switch g.IntN(6) {
	case 0:
		return append(before, after...)
	case 1:
		return before
	case 2:
		return append(append(before, byte(1+g.IntN(255))), after...)
	case 3: // once more from an earlier place
		return append(before, talk[g.IntN(at+1):]...)
	}
	odd := g.OneOf("\r", "\n", "\r\n", "*", "$", "-", "0", "9", "\"", "'", "\\", " ", "\xff", "1", "*1\r\n", "$-1\r\n")
	return append(append(before, odd...), talk[at:]...)
}
