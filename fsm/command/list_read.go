package command

import (
	"github.com/redoubtdb/redoubt/fsm/keyspace"
	"github.com/redoubtdb/redoubt/resp"
)

func listReadSpecs() []*Spec {
	return []*Spec{
		{
			Name: "llen", Arity: 2, Flags: ReadOnly | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RO",
			ACL: []string{"read", "list", "fast"}, Since: "1.0.0", Group: "list",
			Summary:    "Get the length of a list",
			Complexity: "O(1)",
			Run:        runLlen,
		},
		{
			Name: "lindex", Arity: 3, Flags: ReadOnly,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RO access",
			ACL: []string{"read", "list", "slow"}, Since: "1.0.0", Group: "list",
			Summary:    "Get an element from a list by its index",
			Complexity: "O(N) where N is the number of elements to traverse to get to the element at index. This makes asking for the first or the last element of the list O(1).",
			Run:        runLindex,
		},
		{
			Name: "lrange", Arity: 4, Flags: ReadOnly,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RO access",
			ACL: []string{"read", "list", "slow"}, Since: "1.0.0", Group: "list",
			Summary:    "Get a range of elements from a list",
			Complexity: "O(S+N) where S is the distance of start offset from HEAD for small lists, from nearest end (HEAD or TAIL) for large lists; and N is the number of elements in the specified range.",
			Run:        runLrange,
		},
		{
			Name: "lpos", Arity: -3, Flags: ReadOnly,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RO access",
			ACL: []string{"read", "list", "slow"}, Since: "6.0.6", Group: "list",
			Summary:    "Return the index of matching elements on a list",
			Complexity: "O(N) where N is the number of elements in the list, for the average case. When searching for elements near the head or the tail of the list, or when the MAXLEN option is provided, the command may run in constant time.",
			Run:        runLpos,
		},
	}
}

// Error texts of LPOS.
const (
	errPosRank   = "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list"
	errPosCount  = "ERR COUNT can't be negative"
	errPosMaxLen = "ERR MAXLEN can't be negative"
)

func runLlen(c *Ctx) {
	l, ok := GetList(c, c.Args[1])
	switch {
	case !ok:
	case l == nil:
		c.W.Int(0)
	default:
		c.W.Int(int64(l.Len()))
	}
}

func runLindex(c *Ctx) {
	l, ok := GetList(c, c.Args[1])
	switch {
	case !ok:
		return
	case l == nil:
		c.W.Null()
		return
	}
	n, ok := intArg(c, c.Args[2])
	if !ok {
		return
	}
	if i, ok := elementAt(n, l.Len()); ok {
		c.W.Bulk(l.Index(i))
	} else {
		c.W.Null()
	}
}

// elementAt turns an index that may count from the end (-1 is the last element)
// into a position; false if there is no such element.
func elementAt(index int64, length int) (int, bool) {
	if index < 0 {
		index += int64(length)
	}
	return int(index), index >= 0 && index < int64(length)
}

func runLrange(c *Ctx) {
	from, ok := intArg(c, c.Args[2])
	if !ok {
		return
	}
	to, ok := intArg(c, c.Args[3])
	if !ok {
		return
	}
	l, ok := GetList(c, c.Args[1])
	switch {
	case !ok:
		return
	case l == nil:
		c.W.Array(0)
		return
	}
	first, last := span(from, to, l.Len())
	c.W.Array(last - first + 1)
	l.Range(first, last, func(_ int, e []byte) bool {
		c.W.Bulk(e)
		return true
	})
}

// span clips the range from..to, both included and both possibly counted from
// the end, to a sequence of n elements. An empty range has last == first-1.
func span(from, to int64, n int) (first, last int) {
	length := int64(n)
	if from < 0 {
		from = max(from+length, 0)
	}
	if to < 0 {
		to += length
	}
	to = min(to, length-1)
	if from > to {
		return 0, -1
	}
	return int(from), int(to)
}

// posOptions are the arguments of LPOS.
type posOptions struct {
	skip     int64 // matches to pass over
	backward bool
	count    int64 // matches wanted, 0 for all
	counted  bool  // COUNT was given: the reply is an array
	maxLen   int64 // elements to look at, 0 for all
}

func runLpos(c *Ctx) {
	o, ok := parsePos(c)
	if !ok {
		return
	}
	l, ok := GetList(c, c.Args[1])
	if !ok {
		return
	}
	var found []int
	if l != nil {
		found = o.search(l, c.Args[2])
	}
	switch {
	case o.counted:
		c.W.Array(len(found))
		for _, i := range found {
			c.W.Int(int64(i))
		}
	case len(found) > 0:
		c.W.Int(int64(found[0]))
	default:
		c.W.Null()
	}
}

func parsePos(c *Ctx) (o posOptions, ok bool) {
	o.count = 1
	for i := 3; i < len(c.Args); i += 2 {
		if i+1 == len(c.Args) {
			c.W.Error(resp.ErrSyntax)
			return o, false
		}
		if !o.parse(c, c.Args[i], c.Args[i+1]) {
			return o, false
		}
	}
	return o, true
}

func (o *posOptions) parse(c *Ctx, name, value []byte) bool {
	n, isInt := ParseInt(value)
	switch {
	case EqualFold(name, "RANK"):
		return o.setRank(c, n, isInt)
	case EqualFold(name, "COUNT"):
		o.count, o.counted = n, true
		if !isInt || n < 0 {
			c.W.Error(errPosCount)
			return false
		}
	case EqualFold(name, "MAXLEN"):
		o.maxLen = n
		if !isInt || n < 0 {
			c.W.Error(errPosMaxLen)
			return false
		}
	default:
		c.W.Error(resp.ErrSyntax)
		return false
	}
	return true
}

func (o *posOptions) setRank(c *Ctx, rank int64, isInt bool) bool {
	switch {
	case !isInt:
		c.W.Error(resp.ErrNotInteger)
		return false
	case rank == 0:
		c.W.Error(errPosRank)
		return false
	}
	o.backward = rank < 0
	o.skip = max(rank, -rank, 1) - 1 // the most negative one has no opposite
	return true
}

// search returns the positions of the matches, in the order they are found.
func (o *posOptions) search(l *keyspace.List, want []byte) (found []int) {
	skip, seen := o.skip, int64(0)
	visit := func(i int, e []byte) bool {
		if string(e) == string(want) {
			if skip > 0 {
				skip--
			} else {
				found = append(found, i)
			}
		}
		seen++
		return (o.count == 0 || int64(len(found)) < o.count) && (o.maxLen == 0 || seen < o.maxLen)
	}
	if !o.backward {
		l.Range(0, l.Len()-1, visit)
		return found
	}
	for i := l.Len() - 1; i >= 0 && visit(i, l.Index(i)); i-- {
	}
	return found
}
