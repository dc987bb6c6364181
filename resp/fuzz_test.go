package resp

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	oracle "github.com/tidwall/resp"
)

// FuzzParser checks that how bytes are cut into packets changes nothing, that the Parser takes, hands out and
// allocates no more than it was given and the limits allow, that its requests survive being encoded and parsed
// again, and, where the input is made of plain multi-bulk requests, that an independent decoder reads the same.
func FuzzParser(f *testing.F) {
	for _, seed := range fuzzSeeds() {
		f.Add([]byte(seed), uint64(1), false)
		f.Add([]byte(seed), uint64(7), true)
	}
	f.Fuzz(func(t *testing.T, in []byte, cuts uint64, unauthenticated bool) {
		lim := Limits{MaxArgs: 100, MaxBulk: 20_000, MaxInline: 500, Unauthenticated: unauthenticated}
		whole := parseCut(t, in, lim, func(left int) int { return left })
		bytewise := parseCut(t, in, lim, func(int) int { return 1 })
		random := rand.New(rand.NewPCG(cuts, cuts))
		parts := parseCut(t, in, lim, func(left int) int { return 1 + random.IntN(left) })
		whole.mustEqual(t, "byte by byte", bytewise)
		whole.mustEqual(t, "in parts", parts)
		checkRoundTrip(t, whole.requests)
		if want, ok := oracleRequests(in[:whole.taken]); ok {
			checkRequests(t, 0, quoteAll(whole.requests), want)
		}
	})
}

// fuzzSeeds are requests of each form, whole, odd and wrong.
func fuzzSeeds() []string {
	return []string{
		"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n",
		"*1\r\n$4\r\nPING\r\n*0\r\nPING\r\nECHO \"a\\x41\" 'b'\r\n",
		"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$10\r\n0123456789\r\n",
		"*-1\r\n*1\r\n$-1\r\n", "*2147483647\r\n$536870912\r\n", "*1\rx$4\r\nPINGxxPING\r\n",
		"*2\r\n$4\r\nECHO\r\n$3\r\n\r\n\x00\r\n\n\r\n \t\v\fPING\n", "*11\r\n", "*1\r\n$16385\r\n", "*1\r\n$20000\r\n",
		"*01\r\n", "*1\r\n+PING\r\n", "ECHO 'a\\'b' \"\\n\\xzz\\\"\"\r\n", "GET \"a\"b\r\n", "*100\r\n" + strings.Repeat("$0\r\n\r\n", 100),
		"*" + strings.Repeat("1", 501), "*1\r\n$" + strings.Repeat("0", 501), strings.Repeat("a ", 251) + "\r\n",
	}
}

// parsed is what became of some input.
type parsed struct {
	requests [][][]byte
	taken    int
	err      error
}

func (p parsed) mustEqual(t *testing.T, how string, other parsed) {
	t.Helper()
	checkRequests(t, 0, quoteAll(other.requests), quoteAll(p.requests))
	if p.taken != other.taken || message(p.err) != message(other.err) {
		t.Errorf("took %d bytes, error %q; %s %d bytes, error %q", p.taken, message(p.err), how, other.taken, message(other.err))
	}
}

// parseCut parses in, which arrives in pieces as long as cut says, and checks each step on the way.
func parseCut(t *testing.T, in []byte, lim Limits, cut func(left int) int) (out parsed) {
	var p Parser
	for end := 0; end < len(in); {
		end += cut(len(in) - end)
		for {
			buf := bytes.Clone(in[out.taken:end])
			args, n, err := p.Next(buf, lim)
			checkStep(t, &p, buf, args, n, err, lim)
			if out.err = err; err != nil {
				return out
			}
			if n == 0 {
				break
			}
			out.requests = append(out.requests, cloneAll(args))
			out.taken += n
		}
		p.Recycle()
	}
	return out
}

// checkStep checks what holds after each call of Next.
func checkStep(t *testing.T, p *Parser, buf []byte, args [][]byte, n int, err error, lim Limits) {
	t.Helper()
	if n < 0 || n > len(buf) || n == 0 && args != nil || err != nil && (n != 0 || args != nil) {
		t.Fatalf("%q: %d bytes taken, arguments %q, error %v", buf, n, args, err)
	}
	if kept := cap(p.spans) + cap(p.arena); kept > 4*(len(buf)+maxArenaKept) {
		t.Fatalf("%d bytes of input made the parser keep %d elements", len(buf), kept)
	}
	if n == 0 || buf[0] != '*' {
		return
	}
	size := 0
	for _, a := range args {
		size += len(a)
		if lim.Unauthenticated && len(a) > unauthenticatedMaxBulkBytes || len(a) > lim.MaxBulk {
			t.Fatalf("an argument of %d bytes", len(a))
		}
	}
	if lim.Unauthenticated && len(args) > unauthenticatedMaxArgs || len(args) > lim.MaxArgs || size > n {
		t.Fatalf("%d arguments of %d bytes out of %d", len(args), size, n)
	}
}

// checkRoundTrip encodes requests as client libraries do and parses them again.
func checkRoundTrip(t *testing.T, requests [][][]byte) {
	t.Helper()
	var w Writer
	var want [][][]byte
	for _, args := range requests {
		if len(args) == 0 {
			continue
		}
		want = append(want, args)
		w.Array(len(args))
		for _, a := range args {
			w.Bulk(a)
		}
	}
	again := parseCut(t, w.Bytes(), DefaultLimits(), func(left int) int { return left })
	checkRequests(t, 0, quoteAll(again.requests), quoteAll(want))
	if again.err != nil || again.taken != w.Len() {
		t.Errorf("encoded again: %d of %d bytes taken, error %v", again.taken, w.Len(), again.err)
	}
}

func cloneAll(args [][]byte) [][]byte {
	out := make([][]byte, len(args))
	for i, a := range args {
		out[i] = bytes.Clone(a)
	}
	return out
}

func quoteAll(requests [][][]byte) []string {
	var out []string
	for _, args := range requests {
		out = append(out, quote(args))
	}
	return out
}

// oracleRequests decodes in with another library. ok is false where in is not
// made of non-empty multi-bulk requests alone: there it follows other rules.
func oracleRequests(in []byte) (got []string, ok bool) {
	r := oracle.NewReader(bytes.NewReader(in))
	for rest := in; len(rest) > 0; {
		v, n, err := r.ReadValue()
		if err != nil || rest[0] != '*' || n > len(rest) || !plain(v, rest[:n]) {
			return nil, false
		}
		var args [][]byte
		for _, a := range v.Array() {
			args = append(args, a.Bytes())
		}
		got = append(got, quote(args))
		rest = rest[n:]
	}
	return got, true
}

// plain reports whether raw is exactly how v is written as a request.
func plain(v oracle.Value, raw []byte) bool {
	if v.Type() != oracle.Array || len(v.Array()) == 0 {
		return false
	}
	for _, a := range v.Array() {
		if a.Type() != oracle.BulkString || a.IsNull() {
			return false
		}
	}
	again, err := v.MarshalRESP()
	return err == nil && bytes.Equal(again, raw)
}

// TestWriterAgainstOracle reads back with another library what Writer wrote.
func TestWriterAgainstOracle(t *testing.T) {
	var w Writer
	w.Array(5)
	w.BulkString("a\r\nb")
	w.Int(-42)
	w.Error(ErrWrongType)
	w.OK()
	w.Null()
	v, n, err := oracle.NewReader(bytes.NewReader(w.Bytes())).ReadValue()
	if err != nil || n != w.Len() {
		t.Fatalf("read %d of %d bytes: %v", n, w.Len(), err)
	}
	a := v.Array()
	if len(a) != 5 {
		t.Fatalf("%d elements", len(a))
	}
	if a[0].String() != "a\r\nb" || a[1].Integer() != -42 || !a[4].IsNull() ||
		!strings.Contains(a[2].String(), "WRONGTYPE") || a[3].String() != "OK" {
		t.Errorf("got %v", a)
	}
}
