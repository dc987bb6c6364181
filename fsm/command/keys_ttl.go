package command

func keysTTLSpecs() []*Spec {
	return []*Spec{
		{
			Name: "ttl", Arity: 2, Flags: ReadOnly | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RO access",
			ACL: []string{"keyspace", "read", "fast"}, Since: "1.0.0", Group: "generic",
			Summary:    "Get the time to live for a key in seconds",
			Complexity: "O(1)",
			Tips:       []string{"nondeterministic_output"},
			Run:        runTTL,
		},
		{
			Name: "pttl", Arity: 2, Flags: ReadOnly | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RO access",
			ACL: []string{"keyspace", "read", "fast"}, Since: "2.6.0", Group: "generic",
			Summary:    "Get the time to live for a key in milliseconds",
			Complexity: "O(1)",
			Tips:       []string{"nondeterministic_output"},
			Run:        runPttl,
		},
		{
			Name: "expiretime", Arity: 2, Flags: ReadOnly | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RO access",
			ACL: []string{"keyspace", "read", "fast"}, Since: "7.0.0", Group: "generic",
			Summary:    "Get the expiration Unix timestamp for a key",
			Complexity: "O(1)",
			Run:        runExpiretime,
		},
		{
			Name: "pexpiretime", Arity: 2, Flags: ReadOnly | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RO access",
			ACL: []string{"keyspace", "read", "fast"}, Since: "7.0.0", Group: "generic",
			Summary:    "Get the expiration Unix timestamp for a key in milliseconds",
			Complexity: "O(1)",
			Run:        runPexpiretime,
		},
	}
}

// What TTL and its kin reply instead of a time.
const (
	ttlNoKey  = -2
	ttlNoTime = -1
)

func runTTL(c *Ctx)         { writeTTL(c, c.Now, true) }
func runPttl(c *Ctx)        { writeTTL(c, c.Now, false) }
func runExpiretime(c *Ctx)  { writeTTL(c, 0, true) }
func runPexpiretime(c *Ctx) { writeTTL(c, 0, false) }

// writeTTL replies with the expire time counted from since, in rounded seconds or
// in milliseconds.
func writeTTL(c *Ctx, since int64, seconds bool) {
	at, found := c.ExpireAt(c.Args[1])
	switch {
	case !found:
		c.W.Int(ttlNoKey)
	case at == 0:
		c.W.Int(ttlNoTime)
	case seconds:
		c.W.Int(int64((uint64(max(at-since, 0)) + 500) / 1000))
	default:
		c.W.Int(max(at-since, 0))
	}
}
