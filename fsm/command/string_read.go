package command

import "github.com/redoubtdb/redoubt/fsm/keyspace"

func stringReadSpecs() []*Spec {
	return []*Spec{
		{
			Name: "get", Arity: 2, Flags: ReadOnly | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RO access",
			ACL: []string{"read", "string", "fast"}, Since: "1.0.0", Group: "string",
			Summary:    "Get the value of a key",
			Complexity: "O(1)",
			Run:        runGet,
		},
		{
			Name: "strlen", Arity: 2, Flags: ReadOnly | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RO",
			ACL: []string{"read", "string", "fast"}, Since: "2.2.0", Group: "string",
			Summary:    "Get the length of the value stored in a key",
			Complexity: "O(1)",
			Run:        runStrlen,
		},
		{
			Name: "getrange", Arity: 4, Flags: ReadOnly,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RO access",
			ACL: []string{"read", "string", "slow"}, Since: "2.4.0", Group: "string",
			Summary: "Get a substring of the string stored at a key",
			Complexity: "O(N) where N is the length of the returned string. The complexity is ultimately determined by the " +
				"returned length, but because creating a substring from an existing string is very cheap, it can be " +
				"considered O(1) for small strings.",
			Run: runGetrange,
		},
		{
			Name: "substr", Arity: 4, Flags: ReadOnly,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RO access",
			ACL: []string{"read", "string", "slow"}, Since: "1.0.0", Group: "string",
			Summary: "Get a substring of the string stored at a key",
			Complexity: "O(N) where N is the length of the returned string. The complexity is ultimately determined by the " +
				"returned length, but because creating a substring from an existing string is very cheap, it can be " +
				"considered O(1) for small strings.",
			DeprecatedSince: "2.0.0", ReplacedBy: "`GETRANGE`",
			Run: runGetrange,
		},
		{
			Name: "mget", Arity: -2, Flags: ReadOnly | Fast,
			FirstKey: 1, LastKey: -1, Step: 1, KeyFlags: "RO access",
			ACL: []string{"read", "string", "fast"}, Since: "1.0.0", Group: "string",
			Summary:    "Get the values of all the given keys",
			Complexity: "O(N) where N is the number of keys to retrieve.",
			Tips:       []string{"request_policy:multi_shard"},
			Run:        runMget,
		},
	}
}

func runGet(c *Ctx) {
	if s, ok := GetString(c, c.Args[1]); ok {
		writeString(c, s)
	}
}

func runStrlen(c *Ctx) {
	s, ok := GetString(c, c.Args[1])
	switch {
	case !ok:
	case s == nil:
		c.W.Int(0)
	default:
		c.W.Int(int64(s.Len()))
	}
}

func runGetrange(c *Ctx) {
	start, ok := intArg(c, c.Args[2])
	if !ok {
		return
	}
	end, ok := intArg(c, c.Args[3])
	if !ok {
		return
	}
	s, ok := GetString(c, c.Args[1])
	switch {
	case !ok:
	case s == nil:
		c.W.Bulk(nil)
	default:
		from, to := byteRange(start, end, int64(s.Len()))
		c.W.Bulk(s.Bytes()[from:to])
	}
}

// byteRange turns a range with both ends included, negative counting from the
// end, into a half-open one within n bytes.
func byteRange(start, end, n int64) (from, to int64) {
	if start < 0 && end < 0 && start > end {
		return 0, 0 // also where both would be cut to the first byte
	}
	if start < 0 {
		start = max(start+n, 0)
	}
	if end < 0 {
		end = max(end+n, 0)
	}
	end = min(end, n-1)
	if start > end {
		return 0, 0
	}
	return start, end + 1
}

func runMget(c *Ctx) {
	c.W.Array(len(c.Args) - 1)
	for _, key := range c.Args[1:] {
		s, _ := c.Get(key).(*keyspace.String) // another type reads as nothing
		writeString(c, s)
	}
}

// writeString replies with the content of s, null if there is none.
func writeString(c *Ctx, s *keyspace.String) {
	if s == nil {
		c.W.Null()
		return
	}
	c.W.Bulk(s.Bytes())
}
