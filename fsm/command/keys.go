package command

import (
	"slices"

	"github.com/redoubtdb/redoubt/fsm/keyspace"
)

func keysSpecs() []*Spec {
	return slices.Concat(keysBasicSpecs(), keysMoveSpecs(), keysExpireSpecs(), keysTTLSpecs(),
		keysScanSpecs(), keysServerSpecs(), keysObjectSpecs(), keysMemorySpecs())
}

func keysBasicSpecs() []*Spec {
	return []*Spec{
		{
			Name: "del", Arity: -2, Flags: Write,
			FirstKey: 1, LastKey: -1, Step: 1, KeyFlags: "RM delete",
			ACL: []string{"keyspace", "write", "slow"}, Since: "1.0.0", Group: "generic",
			Summary: "Delete a key",
			Complexity: "O(N) where N is the number of keys that will be removed. When a key to remove holds a value other " +
				"than a string, the individual complexity for this key is O(M) where M is the number of elements in the " +
				"list, set, sorted set or hash. Removing a single key that holds a string value is O(1).",
			Tips: []string{"request_policy:multi_shard", "response_policy:agg_sum"},
			Run:  runDel,
		},
		{
			Name: "unlink", Arity: -2, Flags: Write | Fast,
			FirstKey: 1, LastKey: -1, Step: 1, KeyFlags: "RM delete",
			ACL: []string{"keyspace", "write", "fast"}, Since: "4.0.0", Group: "generic",
			Summary: "Delete a key asynchronously in another thread. Otherwise it is just as DEL, but non blocking.",
			Complexity: "O(1) for each key removed regardless of its size. Then the command does O(N) work in a different " +
				"thread in order to reclaim memory, where N is the number of allocations the deleted objects where " +
				"composed of.",
			Tips: []string{"request_policy:multi_shard", "response_policy:agg_sum"},
			Run:  runDel,
		},
		{
			Name: "exists", Arity: -2, Flags: ReadOnly | Fast,
			FirstKey: 1, LastKey: -1, Step: 1, KeyFlags: "RO",
			ACL: []string{"keyspace", "read", "fast"}, Since: "1.0.0", Group: "generic",
			Summary:    "Determine if a key exists",
			Complexity: "O(N) where N is the number of keys to check.",
			Tips:       []string{"request_policy:multi_shard", "response_policy:agg_sum"},
			Run:        runExists,
		},
		{
			Name: "type", Arity: 2, Flags: ReadOnly | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RO",
			ACL: []string{"keyspace", "read", "fast"}, Since: "1.0.0", Group: "generic",
			Summary:    "Determine the type stored at key",
			Complexity: "O(1)",
			Run:        runType,
		},
		{
			Name: "touch", Arity: -2, Flags: ReadOnly | Fast,
			FirstKey: 1, LastKey: -1, Step: 1, KeyFlags: "RO",
			ACL: []string{"keyspace", "read", "fast"}, Since: "3.2.1", Group: "generic",
			Summary:    "Alters the last access time of a key(s). Returns the number of existing keys specified.",
			Complexity: "O(N) where N is the number of keys that will be touched.",
			Tips:       []string{"request_policy:multi_shard", "response_policy:agg_sum"},
			Run:        runExists,
		},
	}
}

// runDel serves UNLINK too: memory is reclaimed in the background either way.
func runDel(c *Ctx) {
	n := int64(0)
	for _, key := range c.Args[1:] {
		if c.Del(key) {
			n++
		}
	}
	c.W.Int(n)
}

// runExists serves TOUCH too, since no access times are kept.
func runExists(c *Ctx) {
	n := int64(0)
	for _, key := range c.Args[1:] {
		if c.Get(key) != nil {
			n++
		}
	}
	c.W.Int(n)
}

func runType(c *Ctx) { c.W.SimpleString(typeName(c.Get(c.Args[1]))) }

// typeName is the word TYPE replies with.
func typeName(v keyspace.Value) string {
	if v == nil {
		return "none"
	}
	return v.Kind().String()
}
