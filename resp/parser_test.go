package resp

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// The wanted results are what redis-server 7.0.15 does with the same bytes.
func TestParserRequests(t *testing.T) {
	tests := []struct {
		name, in string
		want     []string // one line a request, its arguments quoted
		err      string
	}{
		{"get", "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", []string{`"GET" "k"`}, ""},
		{"pipeline", "*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nECHO\r\n$0\r\n\r\n", []string{`"PING"`, `"ECHO" ""`}, ""},
		{"binary", "*1\r\n$4\r\n\r\n\x00\xff\r\n", []string{`"\r\n\x00\xff"`}, ""},
		{"mixed", "PING\r\n*1\r\n$4\r\nPING\r\nPING\n", []string{`"PING"`, `"PING"`, `"PING"`}, ""},
		{"empty multi", "*0\r\n*-1\r\n*-5\r\nPING\r\n", []string{"", "", "", `"PING"`}, ""},
		{"empty inline", "\r\n\n  \r\nPING\r\n", []string{"", "", "", `"PING"`}, ""},
		{"ends unchecked", "*1\rx$4\r\nPINGxxPING\r\n", []string{`"PING"`, `"PING"`}, ""},

		{"no count", "*\r\n", nil, "Protocol error: invalid multibulk length"},
		{"count 2^31", "*2147483648\r\n", nil, "Protocol error: invalid multibulk length"},
		{"count 2^31-1", "*2147483647\r\n", nil, ""},
		{"count zero padded", "*01\r\n", nil, "Protocol error: invalid multibulk length"},
		{"count plus", "*+1\r\n", nil, "Protocol error: invalid multibulk length"},
		{"count space", "* 1\r\n", nil, "Protocol error: invalid multibulk length"},
		{"count huge", "*99999999999999999999\r\n", nil, "Protocol error: invalid multibulk length"},
		{"not bulk", "*1\r\nPING\r\n", nil, "Protocol error: expected '$', got 'P'"},
		{"bulk empty line", "*1\r\n\r\n", nil, "Protocol error: expected '$', got '\r'"},
		{"bulk binary", "*1\r\n\xff\r\n", nil, "Protocol error: expected '$', got '\xff'"},
		{"bulk null", "*1\r\n$-1\r\n", nil, "Protocol error: invalid bulk length"},
		{"bulk minus zero", "*1\r\n$-0\r\n", nil, "Protocol error: invalid bulk length"},
		{"bulk too big", "*1\r\n$536870913\r\n", nil, "Protocol error: invalid bulk length"},
		{"bulk at limit", "*1\r\n$536870912\r\n", nil, ""},
		{"bulk letter", "*1\r\n$a\r\n", nil, "Protocol error: invalid bulk length"},
		{"good then bad", "*1\r\n$4\r\nPING\r\n*1\r\n:1\r\n", []string{`"PING"`}, "Protocol error: expected '$', got ':'"},

		{"long count", "*" + strings.Repeat("1", 70000), nil, "Protocol error: too big mbulk count string"},
		{"long bulk", "*1\r\n$" + strings.Repeat("1", 70000), nil, "Protocol error: too big bulk count string"},
		{"long inline", strings.Repeat("1", 70000), nil, "Protocol error: too big inline request"},
		{"long inline line", strings.Repeat("1", 70000) + "\r\n", nil, "Protocol error: too big inline request"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, step := range []int{len(tt.in), 1, 3, 1000} {
				if len(tt.in) > 1000 && step < 1000 {
					continue
				}
				got, _, err := parseInSteps(tt.in, step, DefaultLimits())
				checkRequests(t, step, got, tt.want)
				if message(err) != tt.err {
					t.Errorf("step %d: error %q, want %q", step, message(err), tt.err)
				}
			}
		})
	}
}

func TestParserInlineQuotes(t *testing.T) {
	const unbalanced = "Protocol error: unbalanced quotes in request"
	tests := []struct{ in, want, err string }{
		{`SET a b`, `"SET" "a" "b"`, ""},
		{"\v SET \t a\f\v", `"SET" "a\f\v"`, ""},
		{"a\rb\r", `"a" "b"`, ""},
		{`ECHO "a\x41\n\r\t\b\a\"\q" `, `"ECHO" "aA\n\r\t\b\a\"q"`, ""},
		{`ECHO "\xzz\x4"`, `"ECHO" "xzzx4"`, ""},
		{`ECHO 'a\'b\n"'`, `"ECHO" "a'b\\n\""`, ""},
		{`ECHO a"b c"`, `"ECHO" "ab c"`, ""},
		{`ECHO "" ''`, `"ECHO" "" ""`, ""},
		{"ECHO \"a\"\vb", `"ECHO" "a" "b"`, ""},
		{"ECHO \xff\x00b", `"ECHO" "\xff\x00b"`, ""},
		{`ECHO "a"b`, "", unbalanced},
		{`ECHO 'a'b`, "", unbalanced},
		{`ECHO 'a''b'`, "", unbalanced},
		{`ECHO "a`, "", unbalanced},
		{`ECHO 'a\'`, "", unbalanced},
		{`ECHO "a\`, "", unbalanced},
		{`"`, "", unbalanced},
	}
	for _, tt := range tests {
		got, _, err := parseInSteps(tt.in+"\r\n", 1, DefaultLimits())
		if message(err) != tt.err {
			t.Errorf("%s: error %q, want %q", tt.in, message(err), tt.err)
		}
		if err == nil {
			checkRequests(t, 1, got, []string{tt.want})
		}
	}
}

func TestParserUnauthenticated(t *testing.T) {
	lim := DefaultLimits()
	lim.Unauthenticated = true
	tests := []struct{ in, err string }{
		{"*11\r\n", "Protocol error: unauthenticated multibulk length"},
		{"*1\r\n$16385\r\n", "Protocol error: unauthenticated bulk length"},
		{"*10\r\n$16384\r\n", ""},
	}
	for _, tt := range tests {
		if _, _, err := parseInSteps(tt.in, 1, lim); message(err) != tt.err {
			t.Errorf("%q: error %q, want %q", tt.in, message(err), tt.err)
		}
	}
}

func TestParserArgsStayUntilRecycle(t *testing.T) {
	var p Parser
	var all [][][]byte
	for range 3 {
		all = all[:0]
		for i := range 500 {
			buf := fmt.Appendf(nil, "*2\r\n$4\r\nECHO\r\n$3\r\n%03d\r\n", i)
			args, n, err := p.Next(buf, DefaultLimits())
			if n != len(buf) || err != nil {
				t.Fatalf("request %d: n %d, error %v", i, n, err)
			}
			all = append(all, args)
		}
		for i, args := range all {
			if string(args[0]) != "ECHO" || string(args[1]) != fmt.Sprintf("%03d", i) {
				t.Fatalf("request %d became %q", i, args)
			}
		}
		p.Recycle()
	}
}

func TestParserRecycleKeepsPartialRequest(t *testing.T) {
	var p Parser
	in := []byte("*2\r\n$4\r\nECHO\r\n$3\r\nabc\r\n")
	if _, n, err := p.Next(in[:17], DefaultLimits()); n != 0 || err != nil {
		t.Fatalf("n %d, error %v", n, err)
	}
	p.Recycle()
	args, n, err := p.Next(in, DefaultLimits())
	if err != nil || n != len(in) || len(args) != 2 || string(args[1]) != "abc" {
		t.Fatalf("got %q, n %d, error %v", args, n, err)
	}
}

func TestParserDoesNotAllocate(t *testing.T) {
	var p Parser
	in := []byte(strings.Repeat("*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n", 100))
	n := testing.AllocsPerRun(100, func() {
		for buf := in; len(buf) > 0; {
			_, n, err := p.Next(buf, DefaultLimits())
			if err != nil || n == 0 {
				t.Fatal(n, err)
			}
			buf = buf[n:]
		}
		p.Recycle()
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// A header that announces much must not make the Parser allocate much.
func TestParserAllocatesNothingByHeader(t *testing.T) {
	in := []byte("*2147483647\r\n$536870912\r\nabc")
	n := testing.AllocsPerRun(10, func() {
		var p Parser
		_, _, err := p.Next(in, DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// parseInSteps feeds in to a Parser, step bytes more each time, moving the
// buffer each time. It returns the requests as text and the bytes taken.
func parseInSteps(in string, step int, lim Limits) (got []string, taken int, err error) {
	var p Parser
	for end := 0; end < len(in); {
		end = min(end+step, len(in))
		for buf := []byte(in[taken:end]); ; {
			args, n, err := p.Next(buf, lim)
			if err != nil {
				return got, taken, err
			}
			if n == 0 {
				break
			}
			got = append(got, quote(args))
			taken += n
			buf = buf[n:]
		}
		p.Recycle()
	}
	return got, taken, nil
}

func quote(args [][]byte) string {
	words := make([]string, len(args))
	for i, a := range args {
		words[i] = fmt.Sprintf("%q", a)
	}
	return strings.Join(words, " ")
}

func checkRequests(t *testing.T, step int, got, want []string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") || len(got) != len(want) {
		t.Errorf("step %d: got %q, want %q", step, got, want)
	}
}

func message(err error) string {
	var p *ProtocolError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &p):
		return p.Error()
	}
	return "not a ProtocolError: " + err.Error()
}
