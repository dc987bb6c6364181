package syntax

import (
	"math"
	"strconv"
	"strings"
)

// quoted reads a string in quotes.
func (x *lexer) quoted(quote byte) token {
	start := x.pos
	x.pos++
	var b strings.Builder
	for {
		if x.pos >= len(x.src) {
			x.fail("unfinished string", kindEOF.String())
		}
		switch c := x.src[x.pos]; {
		case isNewline(c):
			x.fail("unfinished string", x.src[start:x.pos])
		case c == '\\':
			x.escape(&b, start)
		case c == quote:
			x.pos++
			return token{kind: kindString, str: b.String(), text: x.src[start:x.pos], line: x.line}
		default:
			b.WriteByte(c)
			x.pos++
		}
	}
}

// escape reads a backslash and what belongs to it.
func (x *lexer) escape(b *strings.Builder, start int) {
	x.pos++
	if x.pos >= len(x.src) {
		return // the end is reported by quoted
	}
	c := x.src[x.pos]
	switch {
	case isNewline(c):
		x.newline()
		b.WriteByte('\n')
		return
	case isDigit(c):
		x.decimalEscape(b, start)
		return
	}
	if i := strings.IndexByte("abfnrtv", c); i >= 0 {
		c = "\a\b\f\n\r\t\v"[i]
	}
	b.WriteByte(c)
	x.pos++
}

func (x *lexer) decimalEscape(b *strings.Builder, start int) {
	n, before := 0, x.src[start:x.pos-1]
	for i := 0; i < 3 && isDigit(x.peek(0)); i++ {
		n = n*10 + int(x.src[x.pos]-'0')
		x.pos++
	}
	if n > math.MaxUint8 {
		x.fail("escape sequence too large", before)
	}
	b.WriteByte(byte(n))
}

// bracket reads the opening of a long string, "[" any number of "=" "[", and
// returns that number. If it is none the position does not move; an opening cut
// short is an error.
func (x *lexer) bracket() (level int, ok bool) {
	end := x.pos + 1
	for end < len(x.src) && x.src[end] == '=' {
		end++
	}
	level = end - x.pos - 1
	if end < len(x.src) && x.src[end] == '[' {
		x.pos = end + 1
		return level, true
	}
	if level > 0 && !strings.HasPrefix(x.src[max(x.pos-2, 0):], "--") {
		x.fail("invalid long string delimiter", x.src[x.pos:end])
	}
	return 0, false
}

// longText reads a long string or comment whose opening is already read.
func (x *lexer) longText(level, start int, comment bool) string {
	closing := "]" + strings.Repeat("=", level) + "]"
	if x.pos < len(x.src) && isNewline(x.src[x.pos]) {
		x.newline()
	}
	var b strings.Builder
	for x.pos < len(x.src) {
		rest := x.src[x.pos:]
		switch {
		case strings.HasPrefix(rest, closing):
			x.pos += len(closing)
			return b.String()
		case isNewline(rest[0]):
			x.newline()
			b.WriteByte('\n')
		default:
			b.WriteByte(rest[0])
			x.pos++
		}
	}
	what := "string"
	if comment {
		what = "comment"
	}
	x.fail("unfinished long "+what, kindEOF.String())
	return ""
}

// ParseNumber reads a number as Lua 5.1 does where a string is used as one:
// spaces around it, C's decimal and hexadecimal numbers, infinities. "010" is ten.
func ParseNumber(s string) (float64, bool) {
	s = strings.Trim(s, " \t\n\v\f\r")
	if strings.ContainsAny(s, "_") {
		return 0, false // Go's digit separator
	}
	digits := strings.TrimPrefix(strings.TrimPrefix(s, "-"), "+")
	if len(digits)+1 < len(s) {
		return 0, false // two signs
	}
	hexadecimal := len(digits) > 2 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X')
	if hexadecimal && !strings.ContainsAny(digits, "pP") {
		s += "p0" // C's exponent is optional
	}
	if nan(digits) {
		return math.NaN(), true
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(n, 0) {
		return 0, false
	}
	if err != nil && err.(*strconv.NumError).Err == strconv.ErrSyntax {
		return 0, false
	}
	return n, true
}

func nan(digits string) bool { return strings.EqualFold(digits, "nan") }

func itoa(n int) string { return strconv.Itoa(n) }
