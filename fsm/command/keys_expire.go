package command

import "github.com/redoubtdb/redoubt/resp"

// Errors of EXPIRE's options.
const (
	errExpireOptionF = "ERR Unsupported option %s"
	errExpireNX      = "ERR NX and XX, GT or LT options at the same time are not compatible"
	errExpireGTLT    = "ERR GT and LT options at the same time are not compatible"
)

func keysExpireSpecs() []*Spec {
	return []*Spec{
		{
			Name: "expire", Arity: -3, Flags: Write | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW update",
			ACL: []string{"keyspace", "write", "fast"}, Since: "1.0.0", Group: "generic",
			Summary:    "Set a key's time to live in seconds",
			Complexity: "O(1)",
			Run:        runExpire,
		},
		{
			Name: "pexpire", Arity: -3, Flags: Write | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW update",
			ACL: []string{"keyspace", "write", "fast"}, Since: "2.6.0", Group: "generic",
			Summary:    "Set a key's time to live in milliseconds",
			Complexity: "O(1)",
			Run:        runPexpire,
		},
		{
			Name: "expireat", Arity: -3, Flags: Write | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW update",
			ACL: []string{"keyspace", "write", "fast"}, Since: "1.2.0", Group: "generic",
			Summary:    "Set the expiration for a key as a UNIX timestamp",
			Complexity: "O(1)",
			Run:        runExpireat,
		},
		{
			Name: "pexpireat", Arity: -3, Flags: Write | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW update",
			ACL: []string{"keyspace", "write", "fast"}, Since: "2.6.0", Group: "generic",
			Summary:    "Set the expiration for a key as a UNIX timestamp specified in milliseconds",
			Complexity: "O(1)",
			Run:        runPexpireat,
		},
		{
			Name: "persist", Arity: 2, Flags: Write | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW update",
			ACL: []string{"keyspace", "write", "fast"}, Since: "2.2.0", Group: "generic",
			Summary:    "Remove the expiration from a key",
			Complexity: "O(1)",
			Run:        runPersist,
		},
	}
}

func runExpire(c *Ctx)    { expire(c, "expire", inSeconds) }
func runPexpire(c *Ctx)   { expire(c, "pexpire", inMillis) }
func runExpireat(c *Ctx)  { expire(c, "expireat", atSeconds) }
func runPexpireat(c *Ctx) { expire(c, "pexpireat", atMillis) }

func expire(c *Ctx, name string, k clock) {
	o, ok := parseExpireOptions(c, c.Args[3:])
	if !ok {
		return
	}
	n, ok := intArg(c, c.Args[2])
	if !ok {
		return
	}
	deadline, ok := k.deadline(n, c.Now)
	if !ok {
		c.W.Errorf(resp.ErrInvalidExpireF, name)
		return
	}
	old, found := c.ExpireAt(c.Args[1])
	switch {
	case !found || !o.allow(old, deadline):
		c.W.Int(0)
		return
	case deadline <= c.Now:
		c.Del(c.Args[1])
	default:
		c.SetExpireAt(c.Args[1], deadline)
	}
	c.W.Int(1)
}

// expireOptions say when EXPIRE may replace an expire time.
type expireOptions struct{ onlyNone, onlyExisting, onlyLater, onlySooner bool }

// allow reports whether the expire time old, 0 for none, may become deadline. A
// key without one counts as living for ever.
func (o expireOptions) allow(old, deadline int64) bool {
	switch {
	case o.onlyNone && old != 0,
		o.onlyExisting && old == 0,
		o.onlyLater && (old == 0 || deadline <= old),
		o.onlySooner && old != 0 && deadline >= old:
		return false
	}
	return true
}

// parseExpireOptions reads NX, XX, GT and LT; if it fails the error is written.
func parseExpireOptions(c *Ctx, args [][]byte) (o expireOptions, ok bool) {
	for _, arg := range args {
		switch {
		case EqualFold(arg, "NX"):
			o.onlyNone = true
		case EqualFold(arg, "XX"):
			o.onlyExisting = true
		case EqualFold(arg, "GT"):
			o.onlyLater = true
		case EqualFold(arg, "LT"):
			o.onlySooner = true
		default:
			c.W.Errorf(errExpireOptionF, clipC(arg, len(arg)))
			return o, false
		}
	}
	switch {
	case o.onlyNone && (o.onlyExisting || o.onlyLater || o.onlySooner):
		c.W.Error(errExpireNX)
		return o, false
	case o.onlyLater && o.onlySooner:
		c.W.Error(errExpireGTLT)
		return o, false
	}
	return o, true
}

func runPersist(c *Ctx) {
	if c.Persist(c.Args[1]) {
		c.W.Int(1)
	} else {
		c.W.Int(0)
	}
}
