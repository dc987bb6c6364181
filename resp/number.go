package resp

import "math"

// parseInt reads a decimal number the way the protocol writes it: an optional
// '-', digits without a leading zero, nothing else.
func parseInt(b []byte) (n int64, ok bool) {
	negative := len(b) > 0 && b[0] == '-'
	if negative {
		b = b[1:]
	}
	u, ok := parseDigits(b)
	switch {
	case !ok:
		return 0, false
	case !negative:
		return int64(u), u <= math.MaxInt64
	}
	return -int64(u), 1 <= u && u <= -math.MinInt64
}

func parseDigits(b []byte) (u uint64, ok bool) {
	const maxDigits = 19 // of an int64; they fit an uint64 whatever they are
	if len(b) == 0 || len(b) > maxDigits || (b[0] == '0' && len(b) > 1) {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		u = u*10 + uint64(c-'0')
	}
	return u, true
}
