package command

import (
	"bytes"
	"strconv"

	"github.com/redoubtdb/redoubt/resp"
)

// defaultScanCount is how many positions SCAN and its kin visit without COUNT.
const defaultScanCount = 10

// scanOptions are the options of SCAN, HSCAN, SSCAN and ZSCAN.
type scanOptions struct {
	count int
	match []byte // nil: everything
	kind  []byte // TYPE, SCAN only; nil: every type
}

// parseScanCursor reads the cursor; if it is none the error is written. HSCAN and
// its kin look for the key between this and the options, as Redis does.
func parseScanCursor(c *Ctx, arg []byte) (uint64, bool) {
	digits, negative := bytes.CutPrefix(arg, []byte("-"))
	if !negative {
		digits = bytes.TrimPrefix(arg, []byte("+"))
	}
	if len(arg) == 0 {
		return 0, true // C's strtoul reads it as zero
	}
	n, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil {
		c.W.Error(resp.ErrInvalidCursor)
		return 0, false
	}
	if negative {
		n = -n
	}
	return n, true
}

// parseScanOptions reads MATCH, COUNT and, where withType, TYPE. If it fails the
// error is written.
func parseScanOptions(c *Ctx, args [][]byte, withType bool) (o scanOptions, ok bool) {
	o.count = defaultScanCount
	for ; len(args) >= 2; args = args[2:] {
		switch {
		case EqualFold(args[0], "COUNT"):
			n, ok := intArg(c, args[1])
			if !ok {
				return o, false
			}
			if n < 1 {
				c.W.Error(resp.ErrSyntax)
				return o, false
			}
			o.count = int(n)
		case EqualFold(args[0], "MATCH"):
			o.match = args[1]
		case EqualFold(args[0], "TYPE") && withType:
			o.kind = args[1]
		default:
			c.W.Error(resp.ErrSyntax)
			return o, false
		}
	}
	if len(args) > 0 {
		c.W.Error(resp.ErrSyntax)
		return o, false
	}
	return o, true
}

// matches reports whether the element or key passes MATCH.
func (o *scanOptions) matches(name []byte) bool {
	return o.match == nil || isAll(o.match) || Glob(o.match, name)
}

// isAll reports whether the pattern is a lone star, which matches even an empty
// name, as in Redis.
func isAll(pattern []byte) bool { return len(pattern) == 1 && pattern[0] == '*' }

// writeScan replies with the cursor and the elements, which may alias the key
// space.
func writeScan(c *Ctx, next uint64, elements [][]byte) {
	c.W.Array(2)
	c.W.BulkString(strconv.FormatUint(next, 10))
	c.W.Array(len(elements))
	for _, e := range elements {
		c.W.Bulk(e)
	}
}
