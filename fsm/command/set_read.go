package command

import "github.com/redoubtdb/redoubt/fsm/keyspace"

func setReadSpecs() []*Spec {
	return []*Spec{
		{
			Name: "scard", Arity: 2, Flags: ReadOnly | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RO",
			ACL: []string{"read", "set", "fast"}, Since: "1.0.0", Group: "set",
			Summary:    "Get the number of members in a set",
			Complexity: "O(1)",
			Run:        runScard,
		},
		{
			Name: "sismember", Arity: 3, Flags: ReadOnly | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RO",
			ACL: []string{"read", "set", "fast"}, Since: "1.0.0", Group: "set",
			Summary:    "Determine if a given value is a member of a set",
			Complexity: "O(1)",
			Run:        runSismember,
		},
		{
			Name: "smismember", Arity: -3, Flags: ReadOnly | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RO access",
			ACL: []string{"read", "set", "fast"}, Since: "6.2.0", Group: "set",
			Summary:    "Returns the membership associated with the given elements for a set",
			Complexity: "O(N) where N is the number of elements being checked for membership",
			Run:        runSmismember,
		},
		{
			Name: "smembers", Arity: 2, Flags: ReadOnly,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RO access",
			ACL: []string{"read", "set", "slow"}, Since: "1.0.0", Group: "set",
			Summary:    "Get all the members in a set",
			Complexity: "O(N) where N is the set cardinality.",
			Tips:       []string{"nondeterministic_output_order"},
			Run:        runSmembers,
		},
	}
}

// membersOf is s.Len for an s that may be nil.
func membersOf(s *keyspace.Set) int {
	if s == nil {
		return 0
	}
	return s.Len()
}

// isMember is s.Has for an s that may be nil, as the number replied.
func isMember(s *keyspace.Set, m []byte) int64 {
	if s != nil && s.Has(m) {
		return 1
	}
	return 0
}

func runScard(c *Ctx) {
	if s, ok := GetSet(c, c.Args[1]); ok {
		c.W.Int(int64(membersOf(s)))
	}
}

func runSismember(c *Ctx) {
	if s, ok := GetSet(c, c.Args[1]); ok {
		c.W.Int(isMember(s, c.Args[2]))
	}
}

func runSmismember(c *Ctx) {
	s, ok := GetSet(c, c.Args[1])
	if !ok {
		return
	}
	c.W.Array(len(c.Args) - 2)
	for _, m := range c.Args[2:] {
		c.W.Int(isMember(s, m))
	}
}

func runSmembers(c *Ctx) {
	if s, ok := GetSet(c, c.Args[1]); ok {
		writeMembers(c, s)
	}
}

// writeMembers replies with all members of s, which may be nil.
func writeMembers(c *Ctx, s *keyspace.Set) {
	c.W.Set(membersOf(s))
	if s != nil {
		s.Each(func(m []byte) bool {
			c.W.Bulk(m)
			return true
		})
	}
}
