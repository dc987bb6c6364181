package command

import (
	"strconv"

	"github.com/redoubtdb/redoubt/resp"
)

func keysServerSpecs() []*Spec {
	return []*Spec{
		{
			Name: "dbsize", Arity: 1, Flags: ReadOnly | Fast | AllSlots,
			ACL: []string{"keyspace", "read", "fast"}, Since: "1.0.0", Group: "server",
			Summary:    "Return the number of keys in the selected database",
			Complexity: "O(1)",
			Tips:       []string{"request_policy:all_shards", "response_policy:agg_sum"},
			Run:        runDbsize,
		},
		{
			Name: "flushall", Arity: -1, Flags: Write | AllSlots,
			ACL: []string{"keyspace", "write", "slow", "dangerous"}, Since: "1.0.0", Group: "server",
			Summary:    "Remove all keys from all databases",
			Complexity: "O(N) where N is the total number of keys in all databases",
			Tips:       []string{"request_policy:all_shards", "response_policy:all_succeeded"},
			Run:        runFlushall,
		},
		{
			Name: "flushdb", Arity: -1, Flags: Write | AllSlots,
			ACL: []string{"keyspace", "write", "slow", "dangerous"}, Since: "1.0.0", Group: "server",
			Summary:    "Remove all keys from the current database",
			Complexity: "O(N) where N is the number of keys in the selected database",
			Tips:       []string{"request_policy:all_shards", "response_policy:all_succeeded"},
			Run:        runFlushall,
		},
		{
			Name: "time", Arity: 1, Flags: Loading | Stale | Fast,
			ACL: []string{"fast"}, Since: "2.6.0", Group: "server",
			Summary:    "Return the current server time",
			Complexity: "O(1)",
			Tips:       []string{"nondeterministic_output"},
			Run:        runTime,
		},
	}
}

func runDbsize(c *Ctx) { c.W.Int(int64(c.DB.Len())) }

// runFlushall serves FLUSHDB too, since a cluster has one database. ASYNC and
// SYNC are the same here: memory is reclaimed in the background either way.
func runFlushall(c *Ctx) {
	args := c.Args[1:]
	if len(args) > 1 || len(args) == 1 && !EqualFold(args[0], "ASYNC") && !EqualFold(args[0], "SYNC") {
		c.W.Error(resp.ErrSyntax)
		return
	}
	c.mustApply()
	c.DB.Clear()
	c.W.OK()
}

// runTime replies with the context's time, which has milliseconds only, in
// seconds and microseconds.
func runTime(c *Ctx) {
	c.W.Array(2)
	c.W.BulkString(strconv.FormatInt(c.Now/1000, 10))
	c.W.BulkString(strconv.FormatInt(c.Now%1000*1000, 10))
}
