package command

import (
	"math"
	"strconv"

	"github.com/redoubtdb/redoubt/resp"
)

func stringCountSpecs() []*Spec {
	return []*Spec{
		{
			Name: "incr", Arity: 2, Flags: Write | DenyOOM | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW access update",
			ACL: []string{"write", "string", "fast"}, Since: "1.0.0", Group: "string",
			Summary:    "Increment the integer value of a key by one",
			Complexity: "O(1)",
			Run:        runIncr,
		},
		{
			Name: "decr", Arity: 2, Flags: Write | DenyOOM | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW access update",
			ACL: []string{"write", "string", "fast"}, Since: "1.0.0", Group: "string",
			Summary:    "Decrement the integer value of a key by one",
			Complexity: "O(1)",
			Run:        runDecr,
		},
		{
			Name: "incrby", Arity: 3, Flags: Write | DenyOOM | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW access update",
			ACL: []string{"write", "string", "fast"}, Since: "1.0.0", Group: "string",
			Summary:    "Increment the integer value of a key by the given amount",
			Complexity: "O(1)",
			Run:        runIncrby,
		},
		{
			Name: "decrby", Arity: 3, Flags: Write | DenyOOM | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW access update",
			ACL: []string{"write", "string", "fast"}, Since: "1.0.0", Group: "string",
			Summary:    "Decrement the integer value of a key by the given number",
			Complexity: "O(1)",
			Run:        runDecrby,
		},
		{
			Name: "incrbyfloat", Arity: 3, Flags: Write | DenyOOM | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW access update",
			ACL: []string{"write", "string", "fast"}, Since: "2.6.0", Group: "string",
			Summary:    "Increment the float value of a key by the given amount",
			Complexity: "O(1)",
			Run:        runIncrbyfloat,
		},
	}
}

func runIncr(c *Ctx) { addInt(c, 1) }
func runDecr(c *Ctx) { addInt(c, -1) }

func runIncrby(c *Ctx) {
	if by, ok := intArg(c, c.Args[2]); ok {
		addInt(c, by)
	}
}

func runDecrby(c *Ctx) {
	by, ok := intArg(c, c.Args[2])
	switch {
	case !ok:
	case by == math.MinInt64:
		c.W.Error(resp.ErrDecrOverflow)
	default:
		addInt(c, -by)
	}
}

// addInt adds by to the integer that the key holds, none being zero.
func addInt(c *Ctx, by int64) {
	s, ok := GetString(c, c.Args[1])
	if !ok {
		return
	}
	var n int64
	if s != nil {
		if n, ok = intArg(c, s.Bytes()); !ok {
			return
		}
	}
	sum, ok := AddInt(n, by)
	if !ok {
		c.W.Error(resp.ErrOverflow)
		return
	}
	var digits [maxInt64Digits]byte
	c.PutStringKeepTTL(c.Args[1], strconv.AppendInt(digits[:0], sum, 10))
	c.W.Int(sum)
}

// AddInt adds two integers; false: the sum does not fit.
func AddInt(a, b int64) (int64, bool) {
	sum := a + b
	return sum, (b < 0) == (sum < a)
}

func runIncrbyfloat(c *Ctx) {
	s, ok := GetString(c, c.Args[1])
	if !ok {
		return
	}
	text := []byte("0")
	if s != nil {
		text = s.Bytes()
	}
	sum, problem := AddLongDouble(text, c.Args[2])
	if problem != "" {
		c.W.Error(problem)
		return
	}
	c.W.Bulk(sum)
	c.PutStringKeepTTL(c.Args[1], sum)
}
