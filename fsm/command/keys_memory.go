package command

import "github.com/redoubtdb/redoubt/resp"

// recordBytes is about what a key takes besides its name and value.
const recordBytes = 48

func keysMemorySpecs() []*Spec {
	return []*Spec{
		{
			Name: "memory", Arity: -2,
			ACL: []string{"slow"}, Since: "4.0.0", Group: "server",
			Summary:    "A container for memory diagnostics commands",
			Complexity: "Depends on subcommand.",
			Subs: []*Spec{
				{
					Name: "memory|doctor", Container: "memory", Arity: 2,
					ACL: []string{"slow"}, Since: "4.0.0", Group: "server",
					Summary:    "Outputs memory problems report",
					Complexity: "O(1)",
					Tips:       []string{"nondeterministic_output", "request_policy:all_shards", "response_policy:special"},
					Run:        runMemoryDoctor,
				},
				{
					Name: "memory|help", Container: "memory", Arity: 2, Flags: Loading | Stale,
					ACL: []string{"slow"}, Since: "4.0.0", Group: "server",
					Summary:    "Show helpful text about the different subcommands",
					Complexity: "O(1)",
					Run:        runMemoryHelp,
				},
				{
					Name: "memory|malloc-stats", Container: "memory", Arity: 2,
					ACL: []string{"slow"}, Since: "4.0.0", Group: "server",
					Summary:    "Show allocator internal stats",
					Complexity: "Depends on how much memory is allocated, could be slow",
					Tips:       []string{"nondeterministic_output", "request_policy:all_shards", "response_policy:special"},
					Run:        runMemoryMallocStats,
				},
				{
					Name: "memory|purge", Container: "memory", Arity: 2,
					ACL: []string{"slow"}, Since: "4.0.0", Group: "server",
					Summary:    "Ask the allocator to release memory",
					Complexity: "Depends on how much memory is allocated, could be slow",
					Tips:       []string{"request_policy:all_shards", "response_policy:all_succeeded"},
					Run:        runMemoryPurge,
				},
				{
					Name: "memory|stats", Container: "memory", Arity: 2, Flags: AllSlots,
					ACL: []string{"slow"}, Since: "4.0.0", Group: "server",
					Summary:    "Show memory usage details",
					Complexity: "O(1)",
					Tips:       []string{"nondeterministic_output", "request_policy:all_shards", "response_policy:special"},
					Run:        runMemoryStats,
				},
				{
					Name: "memory|usage", Container: "memory", Arity: -3, Flags: ReadOnly,
					FirstKey: 2, LastKey: 2, Step: 1, KeyFlags: "RO",
					ACL: []string{"read", "slow"}, Since: "4.0.0", Group: "server",
					Summary:    "Estimate the memory usage of a key",
					Complexity: "O(N) where N is the number of samples.",
					Run:        runMemoryUsage,
				},
			},
		},
	}
}

func runMemoryUsage(c *Ctx) {
	if !checkMemoryUsageOptions(c, c.Args[3:]) {
		return
	}
	key := c.Args[2]
	v := c.Get(key)
	if v == nil {
		c.W.Null()
		return
	}
	c.W.Int(recordBytes + int64(len(key)) + v.Size())
}

// checkMemoryUsageOptions accepts SAMPLES without need of it: sizes are kept
// exactly. If it fails the error is written.
func checkMemoryUsageOptions(c *Ctx, args [][]byte) bool {
	for ; len(args) >= 2 && EqualFold(args[0], "SAMPLES"); args = args[2:] {
		n, ok := intArg(c, args[1])
		if !ok {
			return false
		}
		if n < 0 {
			break
		}
	}
	if len(args) > 0 {
		c.W.Error(resp.ErrSyntax)
	}
	return len(args) == 0
}

func runMemoryDoctor(c *Ctx) {
	c.W.Verbatim("txt", "This node knows of no trouble with its memory.\n")
}

func runMemoryMallocStats(c *Ctx) {
	c.W.BulkString("Stats not supported for the current allocator")
}

// runMemoryPurge does nothing: the runtime gives memory back by itself.
func runMemoryPurge(c *Ctx) { c.W.OK() }

// runMemoryStats tells what the key space knows about itself.
func runMemoryStats(c *Ctx) {
	c.W.Map(1)
	c.W.BulkString("keys.count")
	c.W.Int(int64(c.DB.Len()))
}

func runMemoryHelp(c *Ctx) {
	writeHelp(c, "MEMORY",
		"DOCTOR",
		"    Return memory problems reports.",
		"MALLOC-STATS",
		"    Return internal statistics report from the memory allocator.",
		"PURGE",
		"    Attempt to purge dirty pages for reclamation by the allocator.",
		"STATS",
		"    Return information about the memory usage of the server.",
		"USAGE <key> [SAMPLES <count>]",
		"    Return memory in bytes used by <key> and its value. Nested values are",
		"    sampled up to <count> times (default: 5, 0 means sample all).",
	)
}
