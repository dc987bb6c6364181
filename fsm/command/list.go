package command

import (
	"slices"

	"github.com/redoubtdb/redoubt/fsm/keyspace"
	"github.com/redoubtdb/redoubt/resp"
)

// listSpecs returns the list commands that do not block.
func listSpecs() []*Spec {
	return slices.Concat(listEndSpecs(), listReadSpecs(), listEditSpecs(), listMoveSpecs())
}

func listEndSpecs() []*Spec {
	return []*Spec{
		{
			Name: "lpush", Arity: -3, Flags: Write | DenyOOM | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW insert",
			ACL: []string{"write", "list", "fast"}, Since: "1.0.0", Group: "list",
			Summary:    "Prepend one or multiple elements to a list",
			Complexity: "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.",
			Run:        runLpush,
		},
		{
			Name: "rpush", Arity: -3, Flags: Write | DenyOOM | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW insert",
			ACL: []string{"write", "list", "fast"}, Since: "1.0.0", Group: "list",
			Summary:    "Append one or multiple elements to a list",
			Complexity: "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.",
			Run:        runRpush,
		},
		{
			Name: "lpushx", Arity: -3, Flags: Write | DenyOOM | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW insert",
			ACL: []string{"write", "list", "fast"}, Since: "2.2.0", Group: "list",
			Summary:    "Prepend an element to a list, only if the list exists",
			Complexity: "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.",
			Run:        runLpushx,
		},
		{
			Name: "rpushx", Arity: -3, Flags: Write | DenyOOM | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW insert",
			ACL: []string{"write", "list", "fast"}, Since: "2.2.0", Group: "list",
			Summary:    "Append an element to a list, only if the list exists",
			Complexity: "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.",
			Run:        runRpushx,
		},
		{
			Name: "lpop", Arity: -2, Flags: Write | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW access delete",
			ACL: []string{"write", "list", "fast"}, Since: "1.0.0", Group: "list",
			Summary:    "Remove and get the first elements in a list",
			Complexity: "O(N) where N is the number of elements returned",
			Run:        runLpop,
		},
		{
			Name: "rpop", Arity: -2, Flags: Write | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW access delete",
			ACL: []string{"write", "list", "fast"}, Since: "1.0.0", Group: "list",
			Summary:    "Remove and get the last elements in a list",
			Complexity: "O(N) where N is the number of elements returned",
			Run:        runRpop,
		},
	}
}

// listSide is an end of a list.
type listSide bool

const (
	left  listSide = false
	right listSide = true
)

// parseSide reads LEFT or RIGHT; if it is neither the error is written.
func parseSide(c *Ctx, arg []byte) (listSide, bool) {
	switch {
	case EqualFold(arg, "LEFT"):
		return left, true
	case EqualFold(arg, "RIGHT"):
		return right, true
	}
	c.W.Error(resp.ErrSyntax)
	return left, false
}

func (s listSide) push(l *keyspace.List, e []byte) {
	if s == left {
		l.PushFront(e)
	} else {
		l.PushBack(e)
	}
}

// pop removes an element of l, which must not be empty.
func (s listSide) pop(l *keyspace.List) []byte {
	e, ok := l.PopFront, s == left
	if !ok {
		e = l.PopBack
	}
	b, _ := e()
	return b
}

func runLpush(c *Ctx)  { pushEnd(c, left) }
func runRpush(c *Ctx)  { pushEnd(c, right) }
func runLpushx(c *Ctx) { pushExisting(c, left) }
func runRpushx(c *Ctx) { pushExisting(c, right) }
func runLpop(c *Ctx)   { popEnd(c, left) }
func runRpop(c *Ctx)   { popEnd(c, right) }

func pushEnd(c *Ctx, end listSide) {
	key := c.Args[1]
	l, created, ok := editOrNew(c, key, keyspace.NewList)
	if !ok {
		return
	}
	for _, e := range c.Args[2:] {
		end.push(l, e)
	}
	settle(c, key, l, created)
	c.W.Int(int64(l.Len()))
}

func pushExisting(c *Ctx, end listSide) {
	key := c.Args[1]
	l, ok := EditList(c, key)
	switch {
	case !ok:
		return
	case l == nil:
		c.W.Int(0)
		return
	}
	for _, e := range c.Args[2:] {
		end.push(l, e)
	}
	c.Touched(key)
	c.W.Int(int64(l.Len()))
}

// popEnd replies with one element, or with an array if a count is given.
func popEnd(c *Ctx, end listSide) {
	key := c.Args[1]
	count, counted := int64(1), len(c.Args) == 3
	if counted {
		n, ok := ParseInt(c.Args[2])
		if !ok || n < 0 {
			c.W.Error(resp.ErrNotPositive)
			return
		}
		count = n
	}
	if len(c.Args) > 3 {
		wrongArity(c)
		return
	}
	l, ok := GetList(c, key)
	switch {
	case !ok:
	case l == nil && counted:
		c.W.NullArray()
	case l == nil:
		c.W.Null()
	case counted:
		popMany(c, key, end, count)
	default:
		l, _ = EditList(c, key)
		c.W.Bulk(end.pop(l))
		settle(c, key, l, false)
	}
}

// popMany removes up to count elements of the list at key, which exists, and
// replies with their array.
func popMany(c *Ctx, key []byte, end listSide, count int64) {
	if count == 0 {
		c.W.Array(0)
		return
	}
	l, _ := EditList(c, key)
	n := int(min(count, int64(l.Len())))
	c.W.Array(n)
	for range n {
		c.W.Bulk(end.pop(l))
	}
	settle(c, key, l, false)
}

// wrongArity is for what the arity of the spec cannot tell.
func wrongArity(c *Ctx) {
	name := appendLower(nil, c.Args[0])
	c.W.Errorf(resp.ErrWrongArityF, name)
}
