package command

import (
	"bytes"
	"math/big"
	"strconv"
	"strings"

	"github.com/redoubtdb/redoubt/resp"
)

// INCRBYFLOAT and HINCRBYFLOAT calculate in C's long double, which on x86-64 has
// a 64-bit mantissa and a 15-bit exponent. A big.Float of that precision rounds
// alike, so replies equal Redis' to the last digit, and on every architecture.

// Limits of x86's long double and of Redis' conversions.
const (
	longDoubleBits     = 64
	longDoubleMaxExp   = 16384  // a mantissa in [0.5, 1) times 2^16384 is the largest
	longDoubleMinExp   = -16445 // below the smallest denormal
	longDoubleTextMax  = 5*1024 - 1
	longDoubleDecimals = 17    // digits after the point that are printed
	decimalExpMax      = 20000 // beyond it a text of longDoubleTextMax is zero or infinite
)

// AddLongDouble adds two numbers given as text and returns the sum's text. If
// that cannot be done the second result is the text of the error reply.
func AddLongDouble(a, b []byte) (sum []byte, problem string) {
	x, ok := parseLongDouble(a)
	if !ok {
		return nil, resp.ErrNotFloat
	}
	y, ok := parseLongDouble(b)
	if !ok {
		return nil, resp.ErrNotFloat
	}
	if x.IsInf() || y.IsInf() {
		return nil, resp.ErrNaNOrInfinity
	}
	z := new(big.Float).SetPrec(longDoubleBits).Add(x, y)
	if tooLarge(z) {
		return nil, resp.ErrNaNOrInfinity
	}
	return formatLongDouble(z), ""
}

func tooLarge(x *big.Float) bool { return x.IsInf() || x.MantExp(nil) > longDoubleMaxExp }

// formatLongDouble prints x with 17 decimals and drops the zeros at the end.
func formatLongDouble(x *big.Float) []byte {
	text := x.Append(nil, 'f', longDoubleDecimals)
	text = bytes.TrimSuffix(bytes.TrimRight(text, "0"), []byte("."))
	if string(text) == "-0" {
		return text[1:]
	}
	return text
}

// parseLongDouble reads what C's strtold reads, without spaces and not-a-number.
// It refuses what overflows, and what is so small that it would become zero.
func parseLongDouble(b []byte) (*big.Float, bool) {
	if len(b) == 0 || len(b) > longDoubleTextMax {
		return nil, false
	}
	text, negative := cutSign(string(b))
	x, ok := parseMagnitude(strings.ToLower(text))
	if !ok {
		return nil, false
	}
	if negative {
		x.Neg(x)
	}
	return x, true
}

func cutSign(s string) (rest string, negative bool) {
	switch {
	case strings.HasPrefix(s, "-"):
		return s[1:], true
	case strings.HasPrefix(s, "+"):
		return s[1:], false
	}
	return s, false
}

func parseMagnitude(s string) (*big.Float, bool) {
	if s == "inf" || s == "infinity" {
		return new(big.Float).SetInf(false), true
	}
	base, mark := 10, "e"
	if strings.HasPrefix(s, "0x") {
		base, mark, s = 16, "p", s[2:]
	}
	digits, exp, ok := cutExponent(s, mark)
	if !ok {
		return nil, false
	}
	whole, decimals, _ := strings.Cut(digits, ".")
	mantissa, ok := parseDigits(whole+decimals, base)
	if !ok {
		return nil, false
	}
	if mantissa.Sign() == 0 {
		return new(big.Float).SetPrec(longDoubleBits), true
	}
	if exp < -decimalExpMax || exp > decimalExpMax {
		return nil, false
	}
	x := scale(mantissa, base, exp, len(decimals))
	if tooLarge(x) || x.MantExp(nil) < longDoubleMinExp {
		return nil, false
	}
	return x, true
}

// cutExponent splits off an exponent, which is 0 if there is none. One too large
// for an int is as good as the largest.
func cutExponent(s, mark string) (digits string, exp int, ok bool) {
	digits, tail, found := strings.Cut(s, mark)
	if !found {
		return digits, 0, true
	}
	magnitude, negative := cutSign(tail)
	if magnitude == "" || strings.Trim(magnitude, "0123456789") != "" {
		return "", 0, false
	}
	exp, err := strconv.Atoi(magnitude)
	if err != nil {
		exp = decimalExpMax + 1
	}
	if negative {
		exp = -exp
	}
	return digits, exp, true
}

// parseDigits reads an unsigned integer; unlike big.Int alone it takes no sign
// and no underscore.
func parseDigits(s string, base int) (*big.Int, bool) {
	if s == "" || strings.Trim(s, "0123456789abcdef") != "" {
		return nil, false
	}
	return new(big.Int).SetString(s, base)
}

// scale returns mantissa * base^-decimals * b^exp rounded once, where b is 10 for
// decimal numbers and 2 for hexadecimal ones.
func scale(mantissa *big.Int, base, exp, decimals int) *big.Float {
	x := new(big.Float).SetPrec(longDoubleBits)
	if base == 16 {
		x.SetInt(mantissa)
		return x.SetMantExp(x, exp-4*decimals)
	}
	exp -= decimals
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(exp, -exp))), nil)
	if exp >= 0 {
		return x.SetInt(power.Mul(power, mantissa))
	}
	// Exact operands, so that the quotient is rounded only once.
	return x.Quo(new(big.Float).SetInt(mantissa), new(big.Float).SetInt(power))
}
