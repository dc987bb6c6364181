package command

import (
	"github.com/redoubtdb/redoubt/fsm/keyspace"
	"github.com/redoubtdb/redoubt/resp"
)

func listMoveSpecs() []*Spec {
	return []*Spec{
		{
			Name: "lmove", Arity: 5, Flags: Write | DenyOOM,
			FirstKey: 1, LastKey: 2, Step: 1,
			KeySpecs: []KeySpec{
				{Flags: "RW access delete", Index: 1, Step: 1},
				{Flags: "RW insert", Index: 2, Step: 1},
			},
			ACL: []string{"write", "list", "slow"}, Since: "6.2.0", Group: "list",
			Summary:    "Pop an element from a list, push it to another list and return it",
			Complexity: "O(1)",
			Run:        runLmove,
		},
		{
			Name: "rpoplpush", Arity: 3, Flags: Write | DenyOOM,
			FirstKey: 1, LastKey: 2, Step: 1,
			KeySpecs: []KeySpec{
				{Flags: "RW access delete", Index: 1, Step: 1},
				{Flags: "RW insert", Index: 2, Step: 1},
			},
			ACL: []string{"write", "list", "slow"}, Since: "1.2.0", Group: "list",
			Summary:         "Remove the last element in a list, prepend it to another list and return it",
			Complexity:      "O(1)",
			DeprecatedSince: "6.2.0", ReplacedBy: "`LMOVE` with the `RIGHT` and `LEFT` arguments",
			Run: runRpoplpush,
		},
		{
			Name: "lmpop", Arity: -4, Flags: Write | MovableKeys,
			KeySpecs: []KeySpec{
				{Flags: "RW access delete", Index: 1, KeyNum: true, FirstKey: 1, Step: 1},
			},
			Keys: keysAfterCount,
			ACL:  []string{"write", "list", "slow"}, Since: "7.0.0", Group: "list",
			Summary:    "Pop elements from a list",
			Complexity: "O(N+M) where N is the number of provided keys and M is the number of elements returned.",
			Run:        runLmpop,
		},
	}
}

// Error text of the commands that pop from the first of several keys.
const errPopCount = "ERR count should be greater than 0"

func runLmove(c *Ctx) {
	from, ok := parseSide(c, c.Args[3])
	if !ok {
		return
	}
	to, ok := parseSide(c, c.Args[4])
	if !ok {
		return
	}
	moveElement(c, from, to)
}

func runRpoplpush(c *Ctx) { moveElement(c, right, left) }

func moveElement(c *Ctx, from, to listSide) {
	source, target := c.Args[1], c.Args[2]
	l, ok := GetList(c, source)
	switch {
	case !ok:
		return
	case l == nil:
		c.W.Null()
		return
	}
	if _, ok := GetList(c, target); !ok {
		return
	}
	l, _ = EditList(c, source)
	e := from.pop(l)
	if string(source) == string(target) {
		to.push(l, e)
		c.Touched(source)
	} else {
		settle(c, source, l, false)
		t, created, _ := editOrNew(c, target, keyspace.NewList)
		to.push(t, e)
		settle(c, target, t, created)
	}
	c.W.Bulk(e)
}

// popOptions are the arguments of LMPOP.
type popOptions struct {
	keys  [][]byte
	end   listSide
	count int64
}

func runLmpop(c *Ctx) {
	o, ok := parseListPop(c)
	if !ok {
		return
	}
	for _, key := range o.keys {
		l, ok := GetList(c, key)
		if !ok {
			return
		}
		if l != nil {
			c.W.Array(2)
			c.W.Bulk(key)
			popMany(c, key, o.end, o.count)
			return
		}
	}
	c.W.NullArray()
}

func parseListPop(c *Ctx) (o popOptions, ok bool) {
	const first = 2
	n, isInt := ParseInt(c.Args[1])
	if !isInt || n < 1 {
		c.W.Error(resp.ErrNumKeys)
		return o, false
	}
	if n >= int64(len(c.Args)-first) {
		c.W.Error(resp.ErrSyntax)
		return o, false
	}
	o.keys = c.Args[first : first+n]
	rest := c.Args[first+n:]
	if o.end, ok = parseSide(c, rest[0]); !ok {
		return o, false
	}
	o.count, ok = popCount(c, rest[1:])
	return o, ok
}

// popCount reads the rest of the arguments, which may be COUNT and a number.
func popCount(c *Ctx, rest [][]byte) (int64, bool) {
	switch {
	case len(rest) == 0:
		return 1, true
	case !EqualFold(rest[0], "COUNT") || len(rest) == 1:
		c.W.Error(resp.ErrSyntax)
		return 0, false
	}
	n, ok := ParseInt(rest[1])
	switch {
	case !ok || n < 1:
		c.W.Error(errPopCount)
	case len(rest) > 2:
		c.W.Error(resp.ErrSyntax)
	default:
		return n, true
	}
	return 0, false
}
