package command

import "math"

// clock is one of the ways in which a request gives an expire time.
type clock uint8

const (
	noClock   clock = iota
	inSeconds       // EX
	inMillis        // PX
	atSeconds       // EXAT
	atMillis        // PXAT
)

// parseClock reads an option's keyword; noClock if it is another one.
func parseClock(arg []byte) clock {
	switch {
	case EqualFold(arg, "EX"):
		return inSeconds
	case EqualFold(arg, "PX"):
		return inMillis
	case EqualFold(arg, "EXAT"):
		return atSeconds
	case EqualFold(arg, "PXAT"):
		return atMillis
	}
	return noClock
}

func (k clock) absolute() bool { return k == atSeconds || k == atMillis }
func (k clock) seconds() bool  { return k == inSeconds || k == atSeconds }

// deadline turns n into a time in ms since 1970; false if it does not fit.
func (k clock) deadline(n, now int64) (int64, bool) {
	if k.seconds() {
		if n > math.MaxInt64/1000 || n < math.MinInt64/1000 {
			return 0, false
		}
		n *= 1000
	}
	if k.absolute() {
		return n, true
	}
	if n > math.MaxInt64-now {
		return 0, false
	}
	return n + now, true
}
