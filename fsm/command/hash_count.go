package command

import (
	"strconv"

	"github.com/redoubtdb/redoubt/fsm/keyspace"
	"github.com/redoubtdb/redoubt/resp"
)

func hashCountSpecs() []*Spec {
	return []*Spec{
		{
			Name: "hincrby", Arity: 4, Flags: Write | DenyOOM | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW access update",
			ACL: []string{"write", "hash", "fast"}, Since: "2.0.0", Group: "hash",
			Summary:    "Increment the integer value of a hash field by the given number",
			Complexity: "O(1)",
			Run:        runHincrby,
		},
		{
			Name: "hincrbyfloat", Arity: 4, Flags: Write | DenyOOM | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW access update",
			ACL: []string{"write", "hash", "fast"}, Since: "2.6.0", Group: "hash",
			Summary:    "Increment the float value of a hash field by the given amount",
			Complexity: "O(1)",
			Run:        runHincrbyfloat,
		},
	}
}

const errNaNOrInfinityArg = "ERR value is NaN or Infinity"

func runHincrby(c *Ctx) {
	by, ok := intArg(c, c.Args[3])
	if !ok {
		return
	}
	key, field := c.Args[1], c.Args[2]
	h, ok := GetHash(c, key)
	if !ok {
		return
	}
	var old int64
	if value, there := fieldOf(h, field); there {
		if old, ok = ParseInt(value); !ok {
			c.W.Error(resp.ErrHashNotInteger)
			return
		}
	}
	sum, ok := AddInt(old, by)
	if !ok {
		c.W.Error(resp.ErrOverflow)
		return
	}
	putField(c, key, field, strconv.AppendInt(nil, sum, 10))
	c.W.Int(sum)
}

func runHincrbyfloat(c *Ctx) {
	by, ok := parseLongDouble(c.Args[3])
	if !ok {
		c.W.Error(resp.ErrNotFloat)
		return
	}
	if by.IsInf() {
		c.W.Error(errNaNOrInfinityArg)
		return
	}
	key, field := c.Args[1], c.Args[2]
	h, ok := GetHash(c, key)
	if !ok {
		return
	}
	old, there := fieldOf(h, field)
	if !there {
		old = []byte("0")
	}
	sum, problem := AddLongDouble(old, c.Args[3])
	switch problem {
	case "":
		putField(c, key, field, sum)
		c.W.Bulk(sum)
	case resp.ErrNotFloat:
		c.W.Error(resp.ErrHashNotFloat)
	default:
		c.W.Error(problem)
	}
}

// putField stores one field of the hash at key, which is a hash or missing.
func putField(c *Ctx, key, field, value []byte) {
	h, created, _ := editOrNew(c, key, keyspace.NewHash)
	h.Set(field, value)
	settle(c, key, h, created)
}
