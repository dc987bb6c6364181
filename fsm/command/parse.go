package command

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"github.com/redoubtdb/redoubt/resp"
)

const errIntRangeF = "ERR value is out of range, value must between %d and %d" // sic

// maxInt64Digits is the length of the longest int64 in decimal, sign included.
const maxInt64Digits = 20

// ParseInt reads a decimal int64 in the one spelling Redis accepts: no spaces,
// no plus sign, no leading zeros, no "-0".
func ParseInt(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > maxInt64Digits {
		return 0, false
	}
	if len(b) == 1 && b[0] == '0' {
		return 0, true
	}
	digits, limit, negative := b, uint64(math.MaxInt64), b[0] == '-'
	if negative {
		digits, limit = b[1:], uint64(math.MaxInt64)+1
	}
	if len(digits) == 0 || digits[0] == '0' {
		return 0, false
	}
	var n uint64
	for _, c := range digits {
		if c < '0' || c > '9' || n > limit/10 {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	if n > limit {
		return 0, false
	}
	if negative {
		return int64(-n), true
	}
	return int64(n), true
}

// ParseFloat reads a double as Redis does, that is as C's strtod: hexadecimal
// and infinities are fine; surrounding spaces, not-a-number, overflow, and
// underflow to zero are not.
func ParseFloat(b []byte) (float64, bool) {
	if bytes.IndexByte(b, '_') >= 0 {
		return 0, false // Go's digit separator
	}
	s := string(b)
	if isHex(s) && !strings.ContainsAny(s, "pP") {
		s += "p0" // C's exponent is optional
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || f == 0 && !isZero(s) {
		return 0, false
	}
	return f, true
}

// isHex reports whether the number s has a hexadecimal prefix.
func isHex(s string) bool {
	s = strings.TrimLeft(s, "+-")
	return len(s) > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X')
}

// isZero reports whether the digits of the well-formed number s are all zero.
func isZero(s string) bool {
	digits, exponent := "123456789", "eE"
	if isHex(s) {
		digits, exponent = "123456789abcdefABCDEF", "pP"
	}
	if i := strings.IndexAny(s, exponent); i >= 0 {
		s = s[:i]
	}
	return !strings.ContainsAny(s, digits)
}

// intArg reads an integer argument; if it is none the error is already written.
func intArg(c *Ctx, b []byte) (int64, bool) {
	n, ok := ParseInt(b)
	if !ok {
		c.W.Error(resp.ErrNotInteger)
	}
	return n, ok
}

// intArgIn reads an integer argument between low and high; if it is none the
// error is already written.
func intArgIn(c *Ctx, b []byte, low, high int64) (int64, bool) {
	n, ok := intArg(c, b)
	if ok && (n < low || n > high) {
		c.W.Errorf(errIntRangeF, low, high)
		return 0, false
	}
	return n, ok
}

// EqualFold reports whether arg is the keyword, in whatever case.
func EqualFold(arg []byte, keyword string) bool {
	if len(arg) != len(keyword) {
		return false
	}
	for i, c := range arg {
		if lower(c) != lower(keyword[i]) {
			return false
		}
	}
	return true
}
