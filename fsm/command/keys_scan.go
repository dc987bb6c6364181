package command

import (
	"math"

	"github.com/redoubtdb/redoubt/fsm/keyspace"
)

// randomKeyTries is how many expired keys RANDOMKEY meets before it goes looking
// for a live one in order.
const randomKeyTries = 100

func keysScanSpecs() []*Spec {
	return []*Spec{
		{
			Name: "keys", Arity: 2, Flags: ReadOnly | AllSlots,
			ACL: []string{"keyspace", "read", "slow", "dangerous"}, Since: "1.0.0", Group: "generic",
			Summary: "Find all keys matching the given pattern",
			Complexity: "O(N) with N being the number of keys in the database, under the assumption that the key names in " +
				"the database and the given pattern have limited length.",
			Tips: []string{"request_policy:all_shards", "nondeterministic_output_order"},
			Run:  runKeys,
		},
		{
			Name: "scan", Arity: -2, Flags: ReadOnly | AllSlots,
			ACL: []string{"keyspace", "read", "slow"}, Since: "2.8.0", Group: "generic",
			Summary: "Incrementally iterate the keys space",
			Complexity: "O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor " +
				"to return back to 0. N is the number of elements inside the collection.",
			Tips: []string{"nondeterministic_output", "request_policy:special"},
			Run:  runScan,
		},
		{
			Name: "randomkey", Arity: 1, Flags: ReadOnly | AllSlots,
			ACL: []string{"keyspace", "read", "slow"}, Since: "1.0.0", Group: "generic",
			Summary:    "Return a random key from the keyspace",
			Complexity: "O(1)",
			Tips:       []string{"request_policy:all_shards", "nondeterministic_output"},
			Run:        runRandomkey,
		},
	}
}

func runKeys(c *Ctx) {
	o := scanOptions{match: c.Args[1]}
	at, n := c.W.Len(), 0
	c.DB.Scan(0, math.MaxInt, func(key []byte, _ keyspace.Value, expire int64) {
		if o.matches(key) && !c.Hidden(expire) {
			c.W.Bulk(key)
			n++
		}
	})
	c.W.InsertArray(at, n)
}

func runScan(c *Ctx) {
	cursor, ok := parseScanCursor(c, c.Args[1])
	if !ok {
		return
	}
	o, ok := parseScanOptions(c, c.Args[2:], true)
	if !ok {
		return
	}
	var found [][]byte
	next := c.DB.Scan(cursor, o.count, func(key []byte, v keyspace.Value, expire int64) {
		if o.matches(key) && o.matchesType(v) && !c.Hidden(expire) {
			found = append(found, key)
		}
	})
	writeScan(c, next, found)
}

// matchesType reports whether the value passes TYPE; an unknown type matches none.
func (o *scanOptions) matchesType(v keyspace.Value) bool {
	return o.kind == nil || EqualFold(o.kind, typeName(v))
}

func runRandomkey(c *Ctx) {
	if key := randomKey(c); key != nil {
		c.W.Bulk(key)
	} else {
		c.W.Null()
	}
}

// randomKey returns a key that is not expired, nil if there is none.
func randomKey(c *Ctx) []byte {
	for range min(randomKeyTries, c.DB.Len()) {
		key, _, expire := c.DB.RandomKey(c.Rand.Intn(c.DB.Len()))
		if !c.Hidden(expire) {
			return key
		}
	}
	for rank := range c.DB.Len() {
		if key, _, expire := c.DB.RandomKey(rank); !c.Hidden(expire) {
			return key
		}
	}
	return nil
}
