package command

import "github.com/redoubtdb/redoubt/fsm/keyspace"

// Redis keeps one copy of each of the smallest integers and counts references to
// it no more; OBJECT REFCOUNT shows this number for them.
const (
	sharedIntegers = 10000
	sharedRefcount = 1<<31 - 1
)

const errNoLFU = "ERR An LFU maxmemory policy is not selected, access frequency not tracked. " +
	"Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."

func keysObjectSpecs() []*Spec {
	return []*Spec{
		{
			Name: "object", Arity: -2,
			ACL: []string{"slow"}, Since: "2.2.3", Group: "generic",
			Summary:    "A container for object introspection commands",
			Complexity: "Depends on subcommand.",
			Subs: []*Spec{
				{
					Name: "object|encoding", Container: "object", Arity: 3, Flags: ReadOnly,
					FirstKey: 2, LastKey: 2, Step: 1, KeyFlags: "RO",
					ACL: []string{"keyspace", "read", "slow"}, Since: "2.2.3", Group: "generic",
					Summary:    "Inspect the internal encoding of a Redis object",
					Complexity: "O(1)",
					Tips:       []string{"nondeterministic_output"},
					Run:        runObjectEncoding,
				},
				{
					Name: "object|freq", Container: "object", Arity: 3, Flags: ReadOnly,
					FirstKey: 2, LastKey: 2, Step: 1, KeyFlags: "RO",
					ACL: []string{"keyspace", "read", "slow"}, Since: "4.0.0", Group: "generic",
					Summary:    "Get the logarithmic access frequency counter of a Redis object",
					Complexity: "O(1)",
					Tips:       []string{"nondeterministic_output"},
					Run:        runObjectFreq,
				},
				{
					Name: "object|help", Container: "object", Arity: 2, Flags: Loading | Stale,
					ACL: []string{"keyspace", "slow"}, Since: "6.2.0", Group: "generic",
					Summary:    "Show helpful text about the different subcommands",
					Complexity: "O(1)",
					Run:        runObjectHelp,
				},
				{
					Name: "object|idletime", Container: "object", Arity: 3, Flags: ReadOnly,
					FirstKey: 2, LastKey: 2, Step: 1, KeyFlags: "RO",
					ACL: []string{"keyspace", "read", "slow"}, Since: "2.2.3", Group: "generic",
					Summary:    "Get the time since a Redis object was last accessed",
					Complexity: "O(1)",
					Tips:       []string{"nondeterministic_output"},
					Run:        runObjectIdletime,
				},
				{
					Name: "object|refcount", Container: "object", Arity: 3, Flags: ReadOnly,
					FirstKey: 2, LastKey: 2, Step: 1, KeyFlags: "RO",
					ACL: []string{"keyspace", "read", "slow"}, Since: "2.2.3", Group: "generic",
					Summary:    "Get the number of references to the value of the key",
					Complexity: "O(1)",
					Tips:       []string{"nondeterministic_output"},
					Run:        runObjectRefcount,
				},
			},
		},
	}
}

func runObjectEncoding(c *Ctx) {
	if v := objectArg(c); v != nil {
		c.W.BulkString(v.Encoding())
	}
}

func runObjectFreq(c *Ctx) {
	if objectArg(c) != nil {
		c.W.Error(errNoLFU)
	}
}

// runObjectIdletime always replies 0: reads do not go through the log, so that
// the members could not agree on when a key was used last.
func runObjectIdletime(c *Ctx) {
	if objectArg(c) != nil {
		c.W.Int(0)
	}
}

func runObjectRefcount(c *Ctx) {
	v := objectArg(c)
	switch {
	case v == nil:
	case isSharedInteger(v):
		c.W.Int(sharedRefcount)
	default:
		c.W.Int(1)
	}
}

// objectArg returns the value of the key asked about; if there is none, nil is
// replied.
func objectArg(c *Ctx) keyspace.Value {
	v := c.Get(c.Args[2])
	if v == nil {
		c.W.Null()
	}
	return v
}

func isSharedInteger(v keyspace.Value) bool {
	s, ok := v.(*keyspace.String)
	if !ok || s.Sticky() {
		return false
	}
	n, ok := ParseInt(s.Bytes())
	return ok && 0 <= n && n < sharedIntegers
}

func runObjectHelp(c *Ctx) {
	writeHelp(c, "OBJECT",
		"ENCODING <key>",
		"    Return the kind of internal representation used in order to store the value",
		"    associated with a <key>.",
		"FREQ <key>",
		"    Return the access frequency index of the <key>. The returned integer is",
		"    proportional to the logarithm of the recent access frequency of the key.",
		"IDLETIME <key>",
		"    Return the idle time of the <key>, that is the approximated number of",
		"    seconds elapsed since the last access to the key.",
		"REFCOUNT <key>",
		"    Return the number of references of the value associated with the specified",
		"    <key>.",
	)
}

// writeHelp replies with the lines between the head and foot that every HELP has.
func writeHelp(c *Ctx, container string, lines ...string) {
	c.W.Array(len(lines) + 3)
	c.W.SimpleString(container + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
	for _, l := range lines {
		c.W.SimpleString(l)
	}
	c.W.SimpleString("HELP")
	c.W.SimpleString("    Prints this help.")
}
