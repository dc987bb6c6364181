package command

import (
	"slices"

	"github.com/redoubtdb/redoubt/fsm/keyspace"
	"github.com/redoubtdb/redoubt/resp"
)

func listEditSpecs() []*Spec {
	return []*Spec{
		{
			Name: "lset", Arity: 4, Flags: Write | DenyOOM,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW update",
			ACL: []string{"write", "list", "slow"}, Since: "1.0.0", Group: "list",
			Summary:    "Set the value of an element in a list by its index",
			Complexity: "O(N) where N is the length of the list. Setting either the first or the last element of the list is O(1).",
			Run:        runLset,
		},
		{
			Name: "lrem", Arity: 4, Flags: Write,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW delete",
			ACL: []string{"write", "list", "slow"}, Since: "1.0.0", Group: "list",
			Summary:    "Remove elements from a list",
			Complexity: "O(N+M) where N is the length of the list and M is the number of elements removed.",
			Run:        runLrem,
		},
		{
			Name: "ltrim", Arity: 4, Flags: Write,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW delete",
			ACL: []string{"write", "list", "slow"}, Since: "1.0.0", Group: "list",
			Summary:    "Trim a list to the specified range",
			Complexity: "O(N) where N is the number of elements to be removed by the operation.",
			Run:        runLtrim,
		},
		{
			Name: "linsert", Arity: 5, Flags: Write | DenyOOM,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW insert",
			ACL: []string{"write", "list", "slow"}, Since: "2.2.0", Group: "list",
			Summary:    "Insert an element before or after another element in a list",
			Complexity: "O(N) where N is the number of elements to traverse before seeing the value pivot. This means that inserting somewhere on the left end on the list (head) can be considered O(1) and inserting somewhere on the right end (tail) is O(N).",
			Run:        runLinsert,
		},
	}
}

func runLset(c *Ctx) {
	key := c.Args[1]
	l, ok := GetList(c, key)
	switch {
	case !ok:
		return
	case l == nil:
		c.W.Error(resp.ErrNoSuchKey)
		return
	}
	n, ok := intArg(c, c.Args[2])
	if !ok {
		return
	}
	i, ok := elementAt(n, l.Len())
	if !ok {
		c.W.Error(resp.ErrIndexRange)
		return
	}
	l, _ = EditList(c, key)
	l.Set(i, c.Args[3])
	c.Touched(key)
	c.W.OK()
}

func runLrem(c *Ctx) {
	count, ok := intArg(c, c.Args[2])
	if !ok {
		return
	}
	key := c.Args[1]
	l, ok := GetList(c, key)
	if !ok {
		return
	}
	var at []int
	if l != nil {
		at = matches(l, c.Args[3], count)
	}
	if len(at) > 0 {
		l, _ = EditList(c, key)
		for _, i := range at {
			l.Remove(i)
		}
		settle(c, key, l, false)
	}
	c.W.Int(int64(len(at)))
}

// matches returns where count elements equal e, from the tail if count is
// negative, all if it is 0: highest position first, so that the elements can be
// removed in this order.
func matches(l *keyspace.List, e []byte, count int64) []int {
	var at []int
	enough := func() bool { return count > 0 && int64(len(at)) == count }
	if count >= 0 {
		l.Range(0, l.Len()-1, func(i int, x []byte) bool {
			if string(x) == string(e) {
				at = append(at, i)
			}
			return !enough()
		})
		slices.Reverse(at)
		return at
	}
	for i := l.Len() - 1; i >= 0 && int64(len(at)) != -count; i-- { // the most negative one means all
		if string(l.Index(i)) == string(e) {
			at = append(at, i)
		}
	}
	return at
}

func runLtrim(c *Ctx) {
	from, ok := intArg(c, c.Args[2])
	if !ok {
		return
	}
	to, ok := intArg(c, c.Args[3])
	if !ok {
		return
	}
	key := c.Args[1]
	l, ok := GetList(c, key)
	if !ok {
		return
	}
	if l != nil {
		if first, last := span(from, to, l.Len()); last-first+1 < l.Len() {
			l, _ = EditList(c, key)
			l.Trim(first, last)
			settle(c, key, l, false)
		}
	}
	c.W.OK()
}

func runLinsert(c *Ctx) {
	after := EqualFold(c.Args[2], "AFTER")
	if !after && !EqualFold(c.Args[2], "BEFORE") {
		c.W.Error(resp.ErrSyntax)
		return
	}
	key := c.Args[1]
	l, ok := GetList(c, key)
	switch {
	case !ok:
		return
	case l == nil:
		c.W.Int(0)
		return
	}
	at := matches(l, c.Args[3], 1)
	if len(at) == 0 {
		c.W.Int(-1)
		return
	}
	l, _ = EditList(c, key)
	if after {
		l.InsertAfter(at[0], c.Args[4])
	} else {
		l.InsertBefore(at[0], c.Args[4])
	}
	c.Touched(key)
	c.W.Int(int64(l.Len()))
}
