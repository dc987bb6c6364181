package command

import (
	"slices"

	"github.com/redoubtdb/redoubt/fsm/keyspace"
)

// hashSpecs returns the hash commands.
func hashSpecs() []*Spec {
	return slices.Concat(hashWriteSpecs(), hashReadSpecs(), hashCountSpecs(), hashRandSpecs(), hashScanSpecs())
}

func hashWriteSpecs() []*Spec {
	return []*Spec{
		{
			Name: "hset", Arity: -4, Flags: Write | DenyOOM | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW update",
			ACL: []string{"write", "hash", "fast"}, Since: "2.0.0", Group: "hash",
			Summary:    "Set the string value of a hash field",
			Complexity: "O(1) for each field/value pair added, so O(N) to add N field/value pairs when the command is called with multiple field/value pairs.",
			Run:        runHset,
		},
		{
			Name: "hmset", Arity: -4, Flags: Write | DenyOOM | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW update",
			ACL: []string{"write", "hash", "fast"}, Since: "2.0.0", Group: "hash",
			Summary:         "Set multiple hash fields to multiple values",
			Complexity:      "O(N) where N is the number of fields being set.",
			DeprecatedSince: "4.0.0", ReplacedBy: "`HSET` with multiple field-value pairs",
			Run: runHmset,
		},
		{
			Name: "hsetnx", Arity: 4, Flags: Write | DenyOOM | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW insert",
			ACL: []string{"write", "hash", "fast"}, Since: "2.0.0", Group: "hash",
			Summary:    "Set the value of a hash field, only if the field does not exist",
			Complexity: "O(1)",
			Run:        runHsetnx,
		},
		{
			Name: "hdel", Arity: -3, Flags: Write | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW delete",
			ACL: []string{"write", "hash", "fast"}, Since: "2.0.0", Group: "hash",
			Summary:    "Delete one or more hash fields",
			Complexity: "O(N) where N is the number of fields to be removed.",
			Run:        runHdel,
		},
	}
}

func runHset(c *Ctx) {
	if added, ok := setFields(c); ok {
		c.W.Int(int64(added))
	}
}

func runHmset(c *Ctx) {
	if _, ok := setFields(c); ok {
		c.W.OK()
	}
}

// setFields stores the field and value pairs of the arguments and returns how
// many fields are new. If it fails the error is written.
func setFields(c *Ctx) (added int, ok bool) {
	if len(c.Args)%2 == 1 {
		wrongArity(c)
		return 0, false
	}
	key := c.Args[1]
	h, created, ok := editOrNew(c, key, keyspace.NewHash)
	if !ok {
		return 0, false
	}
	for pairs := c.Args[2:]; len(pairs) > 0; pairs = pairs[2:] {
		if h.Set(pairs[0], pairs[1]) {
			added++
		}
	}
	settle(c, key, h, created)
	return added, true
}

func runHsetnx(c *Ctx) {
	key, field := c.Args[1], c.Args[2]
	h, ok := GetHash(c, key)
	if !ok {
		return
	}
	if h != nil {
		if _, there := h.Get(field); there {
			c.W.Int(0)
			return
		}
	}
	h, created, _ := editOrNew(c, key, keyspace.NewHash)
	h.Set(field, c.Args[3])
	settle(c, key, h, created)
	c.W.Int(1)
}

func runHdel(c *Ctx) {
	key := c.Args[1]
	h, ok := GetHash(c, key)
	if !ok {
		return
	}
	if h == nil || !slices.ContainsFunc(c.Args[2:], func(f []byte) bool { _, there := h.Get(f); return there }) {
		c.W.Int(0)
		return
	}
	h, _ = EditHash(c, key)
	removed := 0
	for _, field := range c.Args[2:] {
		if h.Delete(field) {
			removed++
		}
	}
	settle(c, key, h, false)
	c.W.Int(int64(removed))
}
