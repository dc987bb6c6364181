package lua

import (
	"math"
	"strconv"

	glua "github.com/yuin/gopher-lua"

	"github.com/redoubtdb/redoubt/fsm/lua/syntax"
)

// formatNumber prints a number as Lua does ("%.14g").
func formatNumber(f float64) string { return formatGeneral(f, 14) }

// formatGeneral prints a number as C's "%.<digits>g".
func formatGeneral(f float64, digits int) string {
	switch {
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	case math.IsNaN(f):
		return "-nan" // as Redis on x86 prints 0/0; not all processors set the sign
	}
	return strconv.FormatFloat(f, 'g', digits, 64)
}

// canonical returns the one not-a-number for all of them: which bits a processor
// sets differs, and the bytes of a number may be stored.
func canonical(f float64) float64 {
	if math.IsNaN(f) {
		return math.NaN()
	}
	return f
}

// isStringLike reports whether a value is a string or a number, which Lua turns
// into one where a string is needed.
func isStringLike(v glua.LValue) bool {
	switch v.(type) {
	case glua.LString, glua.LNumber:
		return true
	}
	return false
}

// plainString returns a string or number as a string, anything else as nothing.
func plainString(v glua.LValue) string {
	switch v := v.(type) {
	case glua.LString:
		return string(v)
	case glua.LNumber:
		return formatNumber(float64(v))
	}
	return ""
}

// toNumber returns a number, or a string that reads as one.
func toNumber(v glua.LValue) (float64, bool) {
	switch v := v.(type) {
	case glua.LNumber:
		return float64(v), true
	case glua.LString:
		return syntax.ParseNumber(string(v))
	}
	return 0, false
}

// toInt64 cuts a number as x86 does, on every machine: what does not fit becomes
// the most negative integer.
func toInt64(f float64) int64 {
	const limit = 1 << 63
	if f >= limit || f < -limit || math.IsNaN(f) {
		return math.MinInt64
	}
	return int64(f)
}

// toInt is toInt64 for positions and counts, cut to what is far beyond any.
func toInt(f float64) int {
	const far = 1 << 40
	return int(max(-far, min(far, toInt64(f))))
}
