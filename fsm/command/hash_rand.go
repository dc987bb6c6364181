package command

import (
	"math"

	"github.com/redoubtdb/redoubt/fsm/keyspace"
	"github.com/redoubtdb/redoubt/resp"
)

func hashRandSpecs() []*Spec {
	return []*Spec{
		{
			Name: "hrandfield", Arity: -2, Flags: ReadOnly,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RO access",
			ACL: []string{"read", "hash", "slow"}, Since: "6.2.0", Group: "hash",
			Summary:    "Get one or multiple random fields from a hash",
			Complexity: "O(N) where N is the number of fields returned",
			Tips:       []string{"nondeterministic_output"},
			Run:        runHrandfield,
		},
	}
}

// errLongRange is the answer to the one int64 that has no opposite.
const errLongRange = "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"

func runHrandfield(c *Ctx) {
	if len(c.Args) > 2 {
		hrandfields(c)
		return
	}
	h, ok := GetHash(c, c.Args[1])
	switch {
	case !ok:
	case h == nil:
		c.W.Null()
	default:
		field, _ := h.At(c.Rand.Intn(h.Len()))
		c.W.Bulk(field)
	}
}

// hrandfields serves HRANDFIELD with a count.
func hrandfields(c *Ctx) {
	count, ok := signedCount(c, c.Args[2])
	if !ok {
		return
	}
	withValues := len(c.Args) == 4 && EqualFold(c.Args[3], "WITHVALUES")
	switch {
	case len(c.Args) > 3 && !withValues:
		c.W.Error(resp.ErrSyntax)
		return
	case withValues && max(count, -count) > math.MaxInt64/2:
		c.W.Error(resp.ErrOutOfRange)
		return
	}
	h, ok := GetHash(c, c.Args[1])
	if !ok {
		return
	}
	write := func(i int) { writePair(c, h, i, withValues) }
	if withValues && c.W.Proto() == 2 {
		pick(c, fieldsOf(h), count, 2, write)
	} else {
		pick(c, fieldsOf(h), count, 1, write)
	}
}

// writePair writes the pair at position i: in RESP3 the two in an array of their own.
func writePair(c *Ctx, h *keyspace.Hash, i int, withValue bool) {
	field, value := h.At(i)
	if !withValue {
		c.W.Bulk(field)
		return
	}
	if c.W.Proto() == 3 {
		c.W.Array(2)
	}
	c.W.Bulk(field)
	c.W.Bulk(value)
}

// signedCount reads the count of the commands that take random elements: a
// negative one asks for that many, repeats allowed.
func signedCount(c *Ctx, arg []byte) (int64, bool) {
	n, ok := intArg(c, arg)
	if ok && n == math.MinInt64 {
		c.W.Error(errLongRange)
		return 0, false
	}
	return n, ok
}

// maxRepeats bounds the reply to a negative count: Redis would write until its
// memory ends, and here one entry would take every member down.
const maxRepeats = 10_000_000 // elements

// pick replies with an array of random elements of n, written by write; each
// stands for width array elements.
func pick(c *Ctx, n int, count int64, width int, write func(i int)) {
	switch {
	case n == 0 || count == 0:
		c.W.Array(0)
	case count < -maxRepeats:
		c.W.Error(resp.ErrOutOfRange)
	case count < 0:
		c.W.Array(int(-count) * width)
		for range -count {
			write(c.Rand.Intn(n))
		}
	case count >= int64(n):
		c.W.Array(n * width)
		for i := range n {
			write(i)
		}
	default:
		c.W.Array(int(count) * width)
		for _, i := range sample(c.Rand, n, int(count)) {
			write(i)
		}
	}
}
