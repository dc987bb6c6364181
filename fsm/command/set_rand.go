package command

import (
	"github.com/redoubtdb/redoubt/resp"
)

func setRandSpecs() []*Spec {
	return []*Spec{
		{
			Name: "srandmember", Arity: -2, Flags: ReadOnly,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RO access",
			ACL: []string{"read", "set", "slow"}, Since: "1.0.0", Group: "set",
			Summary:    "Get one or multiple random members from a set",
			Complexity: "Without the count argument O(1), otherwise O(N) where N is the absolute value of the passed count.",
			Tips:       []string{"nondeterministic_output"},
			Run:        runSrandmember,
		},
		{
			Name: "spop", Arity: -2, Flags: Write | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW access delete",
			ACL: []string{"write", "set", "fast"}, Since: "1.0.0", Group: "set",
			Summary:    "Remove and return one or multiple random members from a set",
			Complexity: "Without the count argument O(1), otherwise O(N) where N is the value of the passed count.",
			Tips:       []string{"nondeterministic_output"},
			Run:        runSpop,
		},
	}
}

func runSrandmember(c *Ctx) {
	switch {
	case len(c.Args) > 3:
		c.W.Error(resp.ErrSyntax)
		return
	case len(c.Args) == 3:
		srandmembers(c)
		return
	}
	s, ok := GetSet(c, c.Args[1])
	switch {
	case !ok:
	case s == nil:
		c.W.Null()
	default:
		c.W.Bulk(s.At(c.Rand.Intn(s.Len())))
	}
}

// srandmembers serves SRANDMEMBER with a count.
func srandmembers(c *Ctx) {
	count, ok := signedCount(c, c.Args[2])
	if !ok {
		return
	}
	if s, ok := GetSet(c, c.Args[1]); ok {
		pick(c, membersOf(s), count, 1, func(i int) { c.W.Bulk(s.At(i)) })
	}
}

func runSpop(c *Ctx) {
	key := c.Args[1]
	switch {
	case len(c.Args) > 3:
		c.W.Error(resp.ErrSyntax)
		return
	case len(c.Args) == 3:
		spopMany(c)
		return
	}
	s, ok := EditSet(c, key)
	switch {
	case !ok:
	case s == nil:
		c.W.Null()
	default:
		m := s.At(c.Rand.Intn(s.Len()))
		s.Remove(m)
		settle(c, key, s, false)
		c.W.Bulk(m)
	}
}

// spopMany serves SPOP with a count.
func spopMany(c *Ctx) {
	key := c.Args[1]
	count, ok := ParseInt(c.Args[2])
	if !ok || count < 0 {
		c.W.Error(resp.ErrNotPositive)
		return
	}
	s, ok := GetSet(c, key)
	switch {
	case !ok:
		return
	case s == nil || count == 0:
		c.W.Set(0)
		return
	case count >= int64(s.Len()):
		writeMembers(c, s)
		c.Del(key)
		return
	}
	s, _ = EditSet(c, key)
	c.W.Set(int(count))
	for range count {
		m := s.At(c.Rand.Intn(s.Len()))
		s.Remove(m)
		c.W.Bulk(m)
	}
	c.Touched(key)
}
