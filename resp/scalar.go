package resp

import (
	"math"
	"strconv"
)

// doubleDigits is the precision Redis 7.0 prints doubles with ("%.17g").
const doubleDigits = 17

// Double writes f: in RESP2 a bulk string, in RESP3 a double. The digits are
// those of Redis 7.0, which prints 17 significant ones (0.1 is
// 0.10000000000000001), and inf, -inf, nan.
func (w *Writer) Double(f float64) {
	if w.full() {
		return
	}
	if w.resp3 {
		w.buf = append(AppendDouble(append(w.buf, ','), f), '\r', '\n')
		return
	}
	var digits [maxDouble]byte
	w.Bulk(AppendDouble(digits[:0], f))
}

// maxDouble is the longest text of a double: -1.2345678901234567e-308.
const maxDouble = 32

// AppendDouble appends the text Redis 7.0 prints for f in replies.
func AppendDouble(b []byte, f float64) []byte {
	switch {
	case math.IsInf(f, 1):
		return append(b, "inf"...)
	case math.IsInf(f, -1):
		return append(b, "-inf"...)
	case math.IsNaN(f):
		return append(b, "nan"...)
	}
	return strconv.AppendFloat(b, f, 'g', doubleDigits, 64)
}

// Verbatim writes text with a three-letter format ("txt", "mkd"): in RESP2 the
// text alone as a bulk string.
func (w *Writer) Verbatim(format, s string) {
	if !w.resp3 {
		w.BulkString(s)
		return
	}
	if len(format) != 3 {
		panic("resp: a verbatim string's format has three letters: " + format)
	}
	if w.full() {
		return
	}
	w.header('=', int64(len(format)+1+len(s)))
	w.buf = append(append(append(w.buf, format...), ':'), s...)
	w.buf = append(w.buf, '\r', '\n')
}

// BigNumber writes a decimal integer of any size: in RESP2 a bulk string.
func (w *Writer) BigNumber(s string) {
	if w.resp3 {
		w.line('(', s)
		return
	}
	w.BulkString(s)
}
