package command

import (
	"github.com/redoubtdb/redoubt/fsm/keyspace"
	"github.com/redoubtdb/redoubt/resp"
)

func stringEditSpecs() []*Spec {
	return []*Spec{
		{
			Name: "append", Arity: 3, Flags: Write | DenyOOM | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW insert",
			ACL: []string{"write", "string", "fast"}, Since: "2.0.0", Group: "string",
			Summary: "Append a value to a key",
			Complexity: "O(1). The amortized time complexity is O(1) assuming the appended value is small and the already " +
				"present value is of any size, since the dynamic string library used by Redis will double the free space " +
				"available on every reallocation.",
			Run: runAppend,
		},
		{
			Name: "setrange", Arity: 4, Flags: Write | DenyOOM,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW update",
			ACL: []string{"write", "string", "slow"}, Since: "2.2.0", Group: "string",
			Summary: "Overwrite part of a string at key starting at the specified offset",
			Complexity: "O(1), not counting the time taken to copy the new string in place. Usually, this string is very " +
				"small so the amortized complexity is O(1). Otherwise, complexity is O(M) with M being the length of the " +
				"value argument.",
			Run: runSetrange,
		},
		{
			Name: "mset", Arity: -3, Flags: Write | DenyOOM,
			FirstKey: 1, LastKey: -1, Step: 2, KeyFlags: "OW update",
			ACL: []string{"write", "string", "slow"}, Since: "1.0.1", Group: "string",
			Summary:    "Set multiple keys to multiple values",
			Complexity: "O(N) where N is the number of keys to set.",
			Tips:       []string{"request_policy:multi_shard", "response_policy:all_succeeded"},
			Run:        runMset,
		},
		{
			Name: "msetnx", Arity: -3, Flags: Write | DenyOOM,
			FirstKey: 1, LastKey: -1, Step: 2, KeyFlags: "OW insert",
			ACL: []string{"write", "string", "slow"}, Since: "1.0.1", Group: "string",
			Summary:    "Set multiple keys to multiple values, only if none of the keys exist",
			Complexity: "O(N) where N is the number of keys to set.",
			Tips:       []string{"request_policy:multi_shard", "response_policy:agg_min"},
			Run:        runMsetnx,
		},
	}
}

func runAppend(c *Ctx) {
	key, tail := c.Args[1], c.Args[2]
	s, ok := EditString(c, key)
	switch {
	case !ok:
		return
	case s == nil:
		c.PutString(key, tail, 0)
		c.W.Int(int64(len(tail)))
		return
	case !stringFits(c, int64(s.Len()), int64(len(tail))):
		return
	}
	s.Append(tail)
	c.Touched(key)
	c.W.Int(int64(s.Len()))
}

func runSetrange(c *Ctx) {
	key, part := c.Args[1], c.Args[3]
	offset, ok := intArg(c, c.Args[2])
	if !ok {
		return
	}
	if offset < 0 {
		c.W.Error(resp.ErrOffsetRange)
		return
	}
	s, ok := EditString(c, key)
	if !ok {
		return
	}
	if len(part) == 0 {
		c.W.Int(stringLen(s))
		return
	}
	if !stringFits(c, offset, int64(len(part))) {
		return
	}
	if s == nil {
		s = keyspace.NewString(nil)
		s.SetRange(int(offset), part)
		c.Put(key, s)
	} else {
		s.SetRange(int(offset), part)
		c.Touched(key)
	}
	c.W.Int(int64(s.Len()))
}

func runMset(c *Ctx) {
	if len(c.Args)%2 == 0 {
		c.W.Errorf(resp.ErrWrongArityF, "mset")
		return
	}
	putPairs(c, c.Args[1:])
	c.W.OK()
}

func runMsetnx(c *Ctx) {
	if len(c.Args)%2 == 0 {
		c.W.Errorf(resp.ErrWrongArityF, "msetnx")
		return
	}
	for i := 1; i < len(c.Args); i += 2 {
		if c.Get(c.Args[i]) != nil {
			c.W.Int(0)
			return
		}
	}
	putPairs(c, c.Args[1:])
	c.W.Int(1)
}

// putPairs stores key after value, key after value.
func putPairs(c *Ctx, pairs [][]byte) {
	for i := 0; i < len(pairs); i += 2 {
		c.PutString(pairs[i], pairs[i+1], 0)
	}
}

// stringFits reports whether a string that ends more bytes after offset is short
// enough; if not the error is written. Neither number is negative.
func stringFits(c *Ctx, offset, more int64) bool {
	if offset > maxStringBytes-more {
		c.W.Error(resp.ErrStringTooLong)
		return false
	}
	return true
}

func stringLen(s *keyspace.String) int64 {
	if s == nil {
		return 0
	}
	return int64(s.Len())
}
