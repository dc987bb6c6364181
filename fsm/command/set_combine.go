package command

import (
	"slices"

	"github.com/redoubtdb/redoubt/fsm/keyspace"
	"github.com/redoubtdb/redoubt/resp"
)

func setCombineSpecs() []*Spec {
	return []*Spec{
		{
			Name: "sinter", Arity: -2, Flags: ReadOnly,
			FirstKey: 1, LastKey: -1, Step: 1, KeyFlags: "RO access",
			ACL: []string{"read", "set", "slow"}, Since: "1.0.0", Group: "set",
			Summary:    "Intersect multiple sets",
			Complexity: "O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets.",
			Tips:       []string{"nondeterministic_output_order"},
			Run:        runSinter,
		},
		{
			Name: "sunion", Arity: -2, Flags: ReadOnly,
			FirstKey: 1, LastKey: -1, Step: 1, KeyFlags: "RO access",
			ACL: []string{"read", "set", "slow"}, Since: "1.0.0", Group: "set",
			Summary:    "Add multiple sets",
			Complexity: "O(N) where N is the total number of elements in all given sets.",
			Tips:       []string{"nondeterministic_output_order"},
			Run:        runSunion,
		},
		{
			Name: "sdiff", Arity: -2, Flags: ReadOnly,
			FirstKey: 1, LastKey: -1, Step: 1, KeyFlags: "RO access",
			ACL: []string{"read", "set", "slow"}, Since: "1.0.0", Group: "set",
			Summary:    "Subtract multiple sets",
			Complexity: "O(N) where N is the total number of elements in all given sets.",
			Tips:       []string{"nondeterministic_output_order"},
			Run:        runSdiff,
		},
		{
			Name: "sinterstore", Arity: -3, Flags: Write | DenyOOM,
			FirstKey: 1, LastKey: -1, Step: 1,
			KeySpecs: []KeySpec{
				{Flags: "RW update", Index: 1, Step: 1},
				{Flags: "RO access", Index: 2, Last: -1, Step: 1},
			},
			ACL: []string{"write", "set", "slow"}, Since: "1.0.0", Group: "set",
			Summary:    "Intersect multiple sets and store the resulting set in a key",
			Complexity: "O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets.",
			Run:        runSinterstore,
		},
		{
			Name: "sunionstore", Arity: -3, Flags: Write | DenyOOM,
			FirstKey: 1, LastKey: -1, Step: 1,
			KeySpecs: []KeySpec{
				{Flags: "OW update", Index: 1, Step: 1},
				{Flags: "RO access", Index: 2, Last: -1, Step: 1},
			},
			ACL: []string{"write", "set", "slow"}, Since: "1.0.0", Group: "set",
			Summary:    "Add multiple sets and store the resulting set in a key",
			Complexity: "O(N) where N is the total number of elements in all given sets.",
			Run:        runSunionstore,
		},
		{
			Name: "sdiffstore", Arity: -3, Flags: Write | DenyOOM,
			FirstKey: 1, LastKey: -1, Step: 1,
			KeySpecs: []KeySpec{
				{Flags: "OW update", Index: 1, Step: 1},
				{Flags: "RO access", Index: 2, Last: -1, Step: 1},
			},
			ACL: []string{"write", "set", "slow"}, Since: "1.0.0", Group: "set",
			Summary:    "Subtract multiple sets and store the resulting set in a key",
			Complexity: "O(N) where N is the total number of elements in all given sets.",
			Run:        runSdiffstore,
		},
		{
			Name: "sintercard", Arity: -3, Flags: ReadOnly | MovableKeys,
			KeySpecs: []KeySpec{
				{Flags: "RO access", Index: 1, KeyNum: true, FirstKey: 1, Step: 1},
			},
			Keys: keysAfterCount,
			ACL:  []string{"read", "set", "slow"}, Since: "7.0.0", Group: "set",
			Summary:    "Intersect multiple sets and return the cardinality of the result",
			Complexity: "O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets.",
			Run:        runSintercard,
		},
	}
}

// Error text of SINTERCARD.
const errLimitNegative = "ERR LIMIT can't be negative"

// combine makes one set of several, of which some may be nil: missing keys. The
// result is new, and shares nothing with its operands but elements.
type combine func(sets []*keyspace.Set) *keyspace.Set

func runSinter(c *Ctx)      { replyCombined(c, intersect) }
func runSunion(c *Ctx)      { replyCombined(c, unite) }
func runSdiff(c *Ctx)       { replyCombined(c, subtract) }
func runSinterstore(c *Ctx) { storeCombined(c, intersect) }
func runSunionstore(c *Ctx) { storeCombined(c, unite) }
func runSdiffstore(c *Ctx)  { storeCombined(c, subtract) }

func replyCombined(c *Ctx, f combine) {
	if sets, ok := getSets(c, c.Args[1:]); ok {
		writeMembers(c, f(sets))
	}
}

func storeCombined(c *Ctx, f combine) {
	key := c.Args[1]
	sets, ok := getSets(c, c.Args[2:])
	if !ok {
		return
	}
	s := f(sets)
	if s.Len() == 0 {
		c.Del(key)
	} else {
		c.Put(key, s)
	}
	c.W.Int(int64(s.Len()))
}

// getSets returns the sets at keys, nil for those that are missing.
func getSets(c *Ctx, keys [][]byte) ([]*keyspace.Set, bool) {
	sets := make([]*keyspace.Set, len(keys))
	for i, key := range keys {
		var ok bool
		if sets[i], ok = GetSet(c, key); !ok {
			return nil, false
		}
	}
	return sets, true
}

func intersect(sets []*keyspace.Set) *keyspace.Set {
	out := keyspace.NewSet()
	eachCommon(sets, func(m []byte) bool {
		out.Add(m)
		return true
	})
	return out
}

// eachCommon calls fn for every member that all sets have until it returns
// false. It walks over the smallest set.
func eachCommon(sets []*keyspace.Set, fn func(m []byte) bool) {
	if slices.Contains(sets, nil) {
		return
	}
	bySize := slices.Clone(sets)
	slices.SortStableFunc(bySize, func(a, b *keyspace.Set) int { return a.Len() - b.Len() })
	bySize[0].Each(func(m []byte) bool {
		for _, s := range bySize[1:] {
			if !s.Has(m) {
				return true
			}
		}
		return fn(m)
	})
}

func unite(sets []*keyspace.Set) *keyspace.Set {
	out := keyspace.NewSet()
	for _, s := range sets {
		if s != nil {
			s.Each(func(m []byte) bool {
				out.Add(m)
				return true
			})
		}
	}
	return out
}

func subtract(sets []*keyspace.Set) *keyspace.Set {
	out := keyspace.NewSet()
	if sets[0] == nil {
		return out
	}
	others := slices.DeleteFunc(slices.Clone(sets[1:]), func(s *keyspace.Set) bool { return s == nil })
	sets[0].Each(func(m []byte) bool {
		if !slices.ContainsFunc(others, func(s *keyspace.Set) bool { return s.Has(m) }) {
			out.Add(m)
		}
		return true
	})
	return out
}

func runSintercard(c *Ctx) {
	keys, limit, ok := parseIntercard(c)
	if !ok {
		return
	}
	sets, ok := getSets(c, keys)
	if !ok {
		return
	}
	n := int64(0)
	eachCommon(sets, func([]byte) bool {
		n++
		return n != limit
	})
	c.W.Int(n)
}

// parseIntercard reads "numkeys key [key ...] [LIMIT limit]"; limit 0 is none.
func parseIntercard(c *Ctx) (keys [][]byte, limit int64, ok bool) {
	const first = 2
	n, isInt := ParseInt(c.Args[1])
	switch {
	case !isInt || n < 1:
		c.W.Error(resp.ErrNumKeys)
		return nil, 0, false
	case n > int64(len(c.Args)-first):
		c.W.Error(resp.ErrNumKeysTooBig)
		return nil, 0, false
	}
	keys = c.Args[first : first+n]
	for rest := c.Args[first+n:]; len(rest) > 0; rest = rest[2:] {
		if len(rest) == 1 || !EqualFold(rest[0], "LIMIT") {
			c.W.Error(resp.ErrSyntax)
			return nil, 0, false
		}
		if limit, isInt = ParseInt(rest[1]); !isInt || limit < 0 {
			c.W.Error(errLimitNegative)
			return nil, 0, false
		}
	}
	return keys, limit, true
}
