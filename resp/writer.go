package resp

import (
	"fmt"
	"strconv"
)

// Writer encodes replies by appending to a buffer. The zero value is ready and
// speaks RESP2. A Writer is not safe for concurrent use.
//
// Aggregates (Array, Map, Set, Push) write their header only; the caller then
// writes the elements.
type Writer struct {
	buf   []byte
	limit int // of len(buf); 0: none
	resp3 bool
	mute  bool
	over  bool // the limit was exceeded; mute for good
}

// SetProto chooses the protocol version of what is written from now on: 3 is
// RESP3, everything else RESP2.
func (w *Writer) SetProto(v int) { w.resp3 = v == 3 }

// Proto returns the protocol version, 2 or 3.
func (w *Writer) Proto() int {
	if w.resp3 {
		return 3
	}
	return 2
}

// SetMute makes every method that appends do nothing (true) or work again
// (false). Members that apply an entry without a client to answer use it.
func (w *Writer) SetMute(on bool) { w.mute = on || w.over }

// Muted reports whether replies are dropped.
func (w *Writer) Muted() bool { return w.mute }

// SetLimit bounds what may wait in the Writer. Once n bytes or more are there, what follows is dropped, whatever
// becomes of those bytes, and Overflowed reports it: a reply is missing, so the client must not get any more.
// The reply that is being written then is cut at an element. 0 is no limit.
func (w *Writer) SetLimit(n int) { w.limit = n }

// Overflowed reports whether something was dropped because of the limit.
func (w *Writer) Overflowed() bool { return w.over }

// full tells whether nothing may be appended. limit-1 of no limit is larger than any length.
func (w *Writer) full() bool {
	return w.mute || uint(len(w.buf)) > uint(w.limit-1) && w.overflow()
}

func (w *Writer) overflow() bool {
	w.mute, w.over = true, true
	return true
}

// Bytes returns what was written. It aliases the Writer's buffer, and is valid
// until the next call that writes, truncates or resets.
func (w *Writer) Bytes() []byte { return w.buf }

// Len returns how many bytes were written.
func (w *Writer) Len() int { return len(w.buf) }

// Truncate drops everything after the first n bytes, taking back a reply that
// turned out wrong. It works on a muted Writer too.
func (w *Writer) Truncate(n int) { w.buf = w.buf[:n] }

// Reset drops everything written and keeps the buffer and the protocol.
func (w *Writer) Reset() { w.buf = w.buf[:0] }

// Detach hands the buffer over to the caller and leaves the Writer empty, for
// the one who must send it while new replies are being written. A buffer that
// is no longer needed may be given back as the argument.
func (w *Writer) Detach(next []byte) []byte {
	b := w.buf
	w.buf = next[:0]
	return b
}

// Raw appends b as it is. It must be whole protocol elements.
func (w *Writer) Raw(b []byte) {
	if !w.full() {
		w.buf = append(w.buf, b...)
	}
}

// OK writes the simple string OK.
func (w *Writer) OK() { w.rawString("+OK\r\n") }

// SimpleString writes s as a status reply. CR and LF become spaces.
func (w *Writer) SimpleString(s string) { w.line('+', s) }

// Error writes an error reply. The message starts with its code ("ERR ...",
// "WRONGTYPE ...") and without the '-'; CR and LF become spaces.
func (w *Writer) Error(msg string) { w.line('-', msg) }

// Errorf is Error with a format.
func (w *Writer) Errorf(format string, a ...any) {
	if !w.full() {
		w.Error(fmt.Sprintf(format, a...))
	}
}

// Int writes an integer reply.
func (w *Writer) Int(n int64) { w.header(':', n) }

// Bulk writes b as a bulk string; nil is the empty string, not null.
func (w *Writer) Bulk(b []byte) {
	if w.full() {
		return
	}
	w.appendHeader('$', int64(len(b)))
	w.buf = append(append(w.buf, b...), '\r', '\n')
}

// BulkString writes s as a bulk string.
func (w *Writer) BulkString(s string) {
	if w.full() {
		return
	}
	w.appendHeader('$', int64(len(s)))
	w.buf = append(append(w.buf, s...), '\r', '\n')
}

// BulkInt writes n as the bulk string of its decimal digits.
func (w *Writer) BulkInt(n int64) {
	var digits [20]byte
	w.Bulk(strconv.AppendInt(digits[:0], n, 10))
}

// Null writes the absent value: RESP2's null bulk string, RESP3's null.
func (w *Writer) Null() { w.either("$-1\r\n", "_\r\n") }

// NullArray writes the absent array: RESP2's null array, RESP3's null.
func (w *Writer) NullArray() { w.either("*-1\r\n", "_\r\n") }

// Bool writes a truth value: 1 or 0 in RESP2.
func (w *Writer) Bool(b bool) {
	if b {
		w.either(":1\r\n", "#t\r\n")
	} else {
		w.either(":0\r\n", "#f\r\n")
	}
}

// either writes two where the client speaks RESP2, three where RESP3.
func (w *Writer) either(two, three string) {
	if w.resp3 {
		w.rawString(three)
	} else {
		w.rawString(two)
	}
}

func (w *Writer) rawString(s string) {
	if !w.full() {
		w.buf = append(w.buf, s...)
	}
}

// header writes a type byte, a number and the line's end.
func (w *Writer) header(kind byte, n int64) {
	if !w.full() {
		w.appendHeader(kind, n)
	}
}

// appendHeader is header where there is room for certain.
func (w *Writer) appendHeader(kind byte, n int64) {
	if 0 <= n && n <= 9 {
		w.buf = append(w.buf, kind, byte('0'+n), '\r', '\n')
		return
	}
	w.buf = strconv.AppendInt(append(w.buf, kind), n, 10)
	w.buf = append(w.buf, '\r', '\n')
}

// line writes a type byte, s with its line breaks made spaces, and the line's end.
func (w *Writer) line(kind byte, s string) {
	if w.full() {
		return
	}
	start := len(w.buf) + 1
	w.buf = append(append(w.buf, kind), s...)
	for i := start; i < len(w.buf); i++ {
		if w.buf[i] == '\r' || w.buf[i] == '\n' {
			w.buf[i] = ' '
		}
	}
	w.buf = append(w.buf, '\r', '\n')
}
