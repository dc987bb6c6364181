package resp

import (
	"bytes"
	"strings"
	"testing"

	oracle "github.com/tidwall/resp"
)

// FuzzParser checks that how bytes are cut into packets changes nothing, that
// the Parser never takes more than it was given, and, where the input is made
// of plain multi-bulk requests, that an independent decoder reads the same.
func FuzzParser(f *testing.F) {
	for _, seed := range []string{
		"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n",
		"*1\r\n$4\r\nPING\r\n*0\r\nPING\r\nECHO \"a\\x41\" 'b'\r\n",
		"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$10\r\n0123456789\r\n",
		"*-1\r\n*1\r\n$-1\r\n", "*2147483647\r\n$536870912\r\n",
	} {
		f.Add([]byte(seed), 1)
	}
	f.Fuzz(func(t *testing.T, in []byte, step int) {
		lim := Limits{MaxArgs: 100, MaxBulk: 1000, MaxInline: 500}
		step = max(1, min(step, len(in)))
		whole, taken, err := parseInSteps(string(in), len(in)+1, lim)
		parts, takenInParts, errInParts := parseInSteps(string(in), step, lim)
		checkRequests(t, step, parts, whole)
		if taken > len(in) || taken != takenInParts {
			t.Errorf("took %d of %d bytes, %d in parts", taken, len(in), takenInParts)
		}
		if message(err) != message(errInParts) {
			t.Errorf("error %q, %q in parts", message(err), message(errInParts))
		}
		if want, ok := oracleRequests(in[:taken]); ok {
			checkRequests(t, 0, whole, want)
		}
	})
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
