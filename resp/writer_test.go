package resp

import (
	"math"
	"testing"
)

func TestWriterElements(t *testing.T) {
	tests := []struct {
		name       string
		write      func(w *Writer)
		two, three string
	}{
		{"ok", (*Writer).OK, "+OK\r\n", "+OK\r\n"},
		{"simple", func(w *Writer) { w.SimpleString("a\r\nb") }, "+a  b\r\n", "+a  b\r\n"},
		{"error", func(w *Writer) { w.Error(ErrSyntax) }, "-ERR syntax error\r\n", "-ERR syntax error\r\n"},
		{"error lines", func(w *Writer) { w.Error("ERR a\nb\r") }, "-ERR a b \r\n", "-ERR a b \r\n"},
		{"errorf", func(w *Writer) { w.Errorf(ErrWrongArityF, "get") },
			"-ERR wrong number of arguments for 'get' command\r\n", "-ERR wrong number of arguments for 'get' command\r\n"},
		{"int", func(w *Writer) { w.Int(7) }, ":7\r\n", ":7\r\n"},
		{"int min", func(w *Writer) { w.Int(math.MinInt64) }, ":-9223372036854775808\r\n", ":-9223372036854775808\r\n"},
		{"bulk", func(w *Writer) { w.Bulk([]byte("a\r\nb")) }, "$4\r\na\r\nb\r\n", "$4\r\na\r\nb\r\n"},
		{"bulk nil", func(w *Writer) { w.Bulk(nil) }, "$0\r\n\r\n", "$0\r\n\r\n"},
		{"bulk string", func(w *Writer) { w.BulkString("0123456789") }, "$10\r\n0123456789\r\n", "$10\r\n0123456789\r\n"},
		{"bulk int", func(w *Writer) { w.BulkInt(-15) }, "$3\r\n-15\r\n", "$3\r\n-15\r\n"},
		{"null", (*Writer).Null, "$-1\r\n", "_\r\n"},
		{"null array", (*Writer).NullArray, "*-1\r\n", "_\r\n"},
		{"true", func(w *Writer) { w.Bool(true) }, ":1\r\n", "#t\r\n"},
		{"false", func(w *Writer) { w.Bool(false) }, ":0\r\n", "#f\r\n"},
		{"array", func(w *Writer) { w.Array(12) }, "*12\r\n", "*12\r\n"},
		{"map", func(w *Writer) { w.Map(2) }, "*4\r\n", "%2\r\n"},
		{"set", func(w *Writer) { w.Set(2) }, "*2\r\n", "~2\r\n"},
		{"push", func(w *Writer) { w.Push(3) }, "*3\r\n", ">3\r\n"},
		{"verbatim", func(w *Writer) { w.Verbatim("txt", "hi") }, "$2\r\nhi\r\n", "=6\r\ntxt:hi\r\n"},
		{"big number", func(w *Writer) { w.BigNumber("-123") }, "$4\r\n-123\r\n", "(-123\r\n"},
		{"double", func(w *Writer) { w.Double(0.5) }, "$3\r\n0.5\r\n", ",0.5\r\n"},
		{"raw", func(w *Writer) { w.Raw([]byte(":1\r\n")) }, ":1\r\n", ":1\r\n"},
		{"insert array", func(w *Writer) { w.Int(1); at := w.Len(); w.Int(2); w.Int(3); w.InsertArray(at, 2) },
			":1\r\n*2\r\n:2\r\n:3\r\n", ":1\r\n*2\r\n:2\r\n:3\r\n"},
		{"insert empty", func(w *Writer) { w.InsertArray(0, 0) }, "*0\r\n", "*0\r\n"},
		{"insert map", func(w *Writer) { w.Int(2); w.Int(3); w.InsertMap(0, 1) }, "*2\r\n:2\r\n:3\r\n", "%1\r\n:2\r\n:3\r\n"},
		{"insert set", func(w *Writer) { w.Int(2); w.InsertSet(0, 1) }, "*1\r\n:2\r\n", "~1\r\n:2\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var w Writer
			tt.write(&w)
			if got := string(w.Bytes()); got != tt.two {
				t.Errorf("RESP2: got %q, want %q", got, tt.two)
			}
			w.Reset()
			w.SetProto(3)
			tt.write(&w)
			if got := string(w.Bytes()); got != tt.three {
				t.Errorf("RESP3: got %q, want %q", got, tt.three)
			}
			w.Reset()
			w.SetMute(true)
			tt.write(&w)
			if w.Len() != 0 {
				t.Errorf("muted: got %q", w.Bytes())
			}
		})
	}
}

// The wanted texts are what redis-server 7.0.15 answers to ZSCORE.
func TestDoubleAsRedis(t *testing.T) {
	tests := []struct {
		f    float64
		want string
	}{
		{0, "0"}, {3, "3"}, {-17, "-17"}, {0.1, "0.10000000000000001"}, {0.5, "0.5"},
		{3.14, "3.1400000000000001"}, {100000, "100000"}, {123456.5, "123456.5"},
		{1e-5, "1.0000000000000001e-05"}, {0.0001, "0.0001"}, {1e16, "10000000000000000"}, {1e17, "1e+17"}, {1e20, "1e+20"},
		{123456789012345678, "1.2345678901234568e+17"}, {12345678901234567, "12345678901234568"},
		{math.MaxFloat64, "1.7976931348623157e+308"}, {math.SmallestNonzeroFloat64, "4.9406564584124654e-324"},
		{math.Inf(1), "inf"}, {math.Inf(-1), "-inf"}, {math.NaN(), "nan"},
	}
	for _, tt := range tests {
		if got := string(AppendDouble(nil, tt.f)); got != tt.want {
			t.Errorf("%g: got %s, want %s", tt.f, got, tt.want)
		}
	}
}

func TestWriterBuffer(t *testing.T) {
	var w Writer
	if w.Proto() != 2 {
		t.Errorf("zero value speaks RESP%d", w.Proto())
	}
	w.Int(1)
	mark := w.Len()
	w.Int(2)
	w.Truncate(mark)
	if got := string(w.Bytes()); got != ":1\r\n" {
		t.Errorf("after Truncate: %q", got)
	}
	sent := w.Detach(nil)
	w.Int(3)
	if string(sent) != ":1\r\n" || string(w.Bytes()) != ":3\r\n" {
		t.Errorf("after Detach: %q and %q", sent, w.Bytes())
	}
	w.SetProto(3)
	w.Reset()
	if w.Len() != 0 || w.Proto() != 3 {
		t.Errorf("after Reset: %d bytes, RESP%d", w.Len(), w.Proto())
	}
}

func TestWriterDoesNotAllocate(t *testing.T) {
	var w Writer
	value := make([]byte, 100)
	n := testing.AllocsPerRun(100, func() {
		w.Reset()
		w.Bulk(value)
		w.Int(123456)
		w.Double(3.25)
		w.Error(ErrWrongType)
		w.Array(100)
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Beyond its limit a Writer takes nothing more, and says so; what it had stays.
func TestWriterLimit(t *testing.T) {
	for name, write := range map[string]func(w *Writer){
		"bulk": func(w *Writer) { w.BulkString("0123456789") }, "bytes": func(w *Writer) { w.Bulk([]byte("0123456789")) },
		"integer": func(w *Writer) { w.Int(1234567890) }, "status": func(w *Writer) { w.OK() }, "error": func(w *Writer) { w.Error(ErrSyntax) },
		"raw": func(w *Writer) { w.Raw([]byte("+0123456789\r\n")) }, "null": func(w *Writer) { w.Null() }, "double": func(w *Writer) { w.Double(0.1) },
		"verbatim": func(w *Writer) { w.Verbatim("txt", "abc") }, "map": func(w *Writer) { w.Map(1) }, "late array": func(w *Writer) { w.InsertArray(0, 3) },
	} {
		for _, proto := range []int{2, 3} {
			var w, one Writer
			w.SetProto(proto)
			one.SetProto(proto)
			w.SetLimit(1000)
			write(&one)
			for range 2000 {
				write(&w)
			}
			if !w.Overflowed() || w.Len() < 1000 || w.Len() > 1000+one.Len() {
				t.Errorf("%s: %d bytes, overflowed: %t", name, w.Len(), w.Overflowed())
			}
			w.Reset()
			w.SetMute(false)
			if write(&w); w.Len() != 0 || !w.Overflowed() {
				t.Errorf("%s: %d bytes behind a reply that is missing", name, w.Len())
			}
		}
	}
	var w Writer
	for range 2000 {
		w.BulkString("0123456789")
	}
	if w.Overflowed() || w.Len() != 2000*17 {
		t.Errorf("without a limit: %d bytes", w.Len())
	}
}
