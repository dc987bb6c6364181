package command

import "github.com/redoubtdb/redoubt/fsm/keyspace"

func hashReadSpecs() []*Spec {
	return []*Spec{
		{
			Name: "hget", Arity: 3, Flags: ReadOnly | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RO access",
			ACL: []string{"read", "hash", "fast"}, Since: "2.0.0", Group: "hash",
			Summary:    "Get the value of a hash field",
			Complexity: "O(1)",
			Run:        runHget,
		},
		{
			Name: "hmget", Arity: -3, Flags: ReadOnly | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RO access",
			ACL: []string{"read", "hash", "fast"}, Since: "2.0.0", Group: "hash",
			Summary:    "Get the values of all the given hash fields",
			Complexity: "O(N) where N is the number of fields being requested.",
			Run:        runHmget,
		},
		{
			Name: "hgetall", Arity: 2, Flags: ReadOnly,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RO access",
			ACL: []string{"read", "hash", "slow"}, Since: "2.0.0", Group: "hash",
			Summary:    "Get all the fields and values in a hash",
			Complexity: "O(N) where N is the size of the hash.",
			Tips:       []string{"nondeterministic_output_order"},
			Run:        runHgetall,
		},
		{
			Name: "hkeys", Arity: 2, Flags: ReadOnly,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RO access",
			ACL: []string{"read", "hash", "slow"}, Since: "2.0.0", Group: "hash",
			Summary:    "Get all the fields in a hash",
			Complexity: "O(N) where N is the size of the hash.",
			Tips:       []string{"nondeterministic_output_order"},
			Run:        runHkeys,
		},
		{
			Name: "hvals", Arity: 2, Flags: ReadOnly,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RO access",
			ACL: []string{"read", "hash", "slow"}, Since: "2.0.0", Group: "hash",
			Summary:    "Get all the values in a hash",
			Complexity: "O(N) where N is the size of the hash.",
			Tips:       []string{"nondeterministic_output_order"},
			Run:        runHvals,
		},
		{
			Name: "hlen", Arity: 2, Flags: ReadOnly | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RO",
			ACL: []string{"read", "hash", "fast"}, Since: "2.0.0", Group: "hash",
			Summary:    "Get the number of fields in a hash",
			Complexity: "O(1)",
			Run:        runHlen,
		},
		{
			Name: "hexists", Arity: 3, Flags: ReadOnly | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RO",
			ACL: []string{"read", "hash", "fast"}, Since: "2.0.0", Group: "hash",
			Summary:    "Determine if a hash field exists",
			Complexity: "O(1)",
			Run:        runHexists,
		},
		{
			Name: "hstrlen", Arity: 3, Flags: ReadOnly | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RO",
			ACL: []string{"read", "hash", "fast"}, Since: "3.2.0", Group: "hash",
			Summary:    "Get the length of the value of a hash field",
			Complexity: "O(1)",
			Run:        runHstrlen,
		},
	}
}

func runHget(c *Ctx) {
	h, ok := GetHash(c, c.Args[1])
	if ok {
		writeField(c, h, c.Args[2])
	}
}

func runHmget(c *Ctx) {
	h, ok := GetHash(c, c.Args[1])
	if !ok {
		return
	}
	c.W.Array(len(c.Args) - 2)
	for _, field := range c.Args[2:] {
		writeField(c, h, field)
	}
}

// writeField replies with the field's value, null if there is none. h may be nil.
func writeField(c *Ctx, h *keyspace.Hash, field []byte) {
	if value, ok := fieldOf(h, field); ok {
		c.W.Bulk(value)
		return
	}
	c.W.Null()
}

// fieldOf is h.Get for an h that may be nil.
func fieldOf(h *keyspace.Hash, field []byte) ([]byte, bool) {
	if h == nil {
		return nil, false
	}
	return h.Get(field)
}

// fieldsOf is h.Len for an h that may be nil.
func fieldsOf(h *keyspace.Hash) int {
	if h == nil {
		return 0
	}
	return h.Len()
}

func runHgetall(c *Ctx) {
	h, ok := GetHash(c, c.Args[1])
	if !ok {
		return
	}
	c.W.Map(fieldsOf(h))
	if h != nil {
		h.Each(func(field, value []byte) bool {
			c.W.Bulk(field)
			c.W.Bulk(value)
			return true
		})
	}
}

func runHkeys(c *Ctx) { writeHalves(c, func(field, _ []byte) []byte { return field }) }
func runHvals(c *Ctx) { writeHalves(c, func(_, value []byte) []byte { return value }) }

// writeHalves replies with one half of each pair.
func writeHalves(c *Ctx, half func(field, value []byte) []byte) {
	h, ok := GetHash(c, c.Args[1])
	if !ok {
		return
	}
	c.W.Array(fieldsOf(h))
	if h != nil {
		h.Each(func(field, value []byte) bool {
			c.W.Bulk(half(field, value))
			return true
		})
	}
}

func runHlen(c *Ctx) {
	if h, ok := GetHash(c, c.Args[1]); ok {
		c.W.Int(int64(fieldsOf(h)))
	}
}

func runHexists(c *Ctx) {
	h, ok := GetHash(c, c.Args[1])
	if !ok {
		return
	}
	if _, there := fieldOf(h, c.Args[2]); there {
		c.W.Int(1)
	} else {
		c.W.Int(0)
	}
}

func runHstrlen(c *Ctx) {
	if h, ok := GetHash(c, c.Args[1]); ok {
		value, _ := fieldOf(h, c.Args[2])
		c.W.Int(int64(len(value)))
	}
}
