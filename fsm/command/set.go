package command

import (
	"slices"

	"github.com/redoubtdb/redoubt/fsm/keyspace"
)

// setSpecs returns the set commands.
func setSpecs() []*Spec {
	return slices.Concat(setWriteSpecs(), setReadSpecs(), setRandSpecs(), setCombineSpecs(), setScanSpecs())
}

func setWriteSpecs() []*Spec {
	return []*Spec{
		{
			Name: "sadd", Arity: -3, Flags: Write | DenyOOM | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW insert",
			ACL: []string{"write", "set", "fast"}, Since: "1.0.0", Group: "set",
			Summary:    "Add one or more members to a set",
			Complexity: "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.",
			Run:        runSadd,
		},
		{
			Name: "srem", Arity: -3, Flags: Write | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW delete",
			ACL: []string{"write", "set", "fast"}, Since: "1.0.0", Group: "set",
			Summary:    "Remove one or more members from a set",
			Complexity: "O(N) where N is the number of members to be removed.",
			Run:        runSrem,
		},
		{
			Name: "smove", Arity: 4, Flags: Write | Fast,
			FirstKey: 1, LastKey: 2, Step: 1,
			KeySpecs: []KeySpec{
				{Flags: "RW access delete", Index: 1, Step: 1},
				{Flags: "RW insert", Index: 2, Step: 1},
			},
			ACL: []string{"write", "set", "fast"}, Since: "1.0.0", Group: "set",
			Summary:    "Move a member from one set to another",
			Complexity: "O(1)",
			Run:        runSmove,
		},
	}
}

func runSadd(c *Ctx) {
	key := c.Args[1]
	s, ok := GetSet(c, key)
	if !ok {
		return
	}
	if s != nil && !slices.ContainsFunc(c.Args[2:], func(m []byte) bool { return !s.Has(m) }) {
		c.W.Int(0)
		return
	}
	s, created, _ := editOrNew(c, key, keyspace.NewSet)
	added := 0
	for _, m := range c.Args[2:] {
		if s.Add(m) {
			added++
		}
	}
	settle(c, key, s, created)
	c.W.Int(int64(added))
}

func runSrem(c *Ctx) {
	key := c.Args[1]
	s, ok := GetSet(c, key)
	if !ok {
		return
	}
	if s == nil || !slices.ContainsFunc(c.Args[2:], s.Has) {
		c.W.Int(0)
		return
	}
	s, _ = EditSet(c, key)
	removed := 0
	for _, m := range c.Args[2:] {
		if s.Remove(m) {
			removed++
		}
	}
	settle(c, key, s, false)
	c.W.Int(int64(removed))
}

func runSmove(c *Ctx) {
	source, target, member := c.Args[1], c.Args[2], c.Args[3]
	from := c.Get(source)
	if from == nil {
		c.W.Int(0) // whatever the target is
		return
	}
	s, ok := GetSet(c, source)
	if !ok {
		return
	}
	t, ok := GetSet(c, target)
	switch {
	case !ok:
		return
	case !s.Has(member):
		c.W.Int(0)
		return
	case string(source) == string(target):
		c.W.Int(1)
		return
	}
	s, _ = EditSet(c, source)
	s.Remove(member)
	settle(c, source, s, false)
	if t == nil || !t.Has(member) {
		t, created, _ := editOrNew(c, target, keyspace.NewSet)
		t.Add(member)
		settle(c, target, t, created)
	}
	c.W.Int(1)
}
