package command

import (
	"github.com/redoubtdb/redoubt/fsm/keyspace"
	"github.com/redoubtdb/redoubt/resp"
)

func stringSetSpecs() []*Spec {
	return []*Spec{
		{
			Name: "set", Arity: -3, Flags: Write | DenyOOM,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW access update variable_flags",
			KeyNotes: "RW and ACCESS due to the optional `GET` argument",
			ACL:      []string{"write", "string", "slow"}, Since: "1.0.0", Group: "string",
			Summary:    "Set the string value of a key",
			Complexity: "O(1)",
			Run:        runSet,
		},
		{
			Name: "setnx", Arity: 3, Flags: Write | DenyOOM | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "OW insert",
			ACL: []string{"write", "string", "fast"}, Since: "1.0.0", Group: "string",
			Summary:    "Set the value of a key, only if the key does not exist",
			Complexity: "O(1)",
			Run:        runSetnx,
		},
		{
			Name: "setex", Arity: 4, Flags: Write | DenyOOM,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "OW update",
			ACL: []string{"write", "string", "slow"}, Since: "2.0.0", Group: "string",
			Summary:    "Set the value and expiration of a key",
			Complexity: "O(1)",
			Run:        runSetex,
		},
		{
			Name: "psetex", Arity: 4, Flags: Write | DenyOOM,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "OW update",
			ACL: []string{"write", "string", "slow"}, Since: "2.6.0", Group: "string",
			Summary:    "Set the value and expiration in milliseconds of a key",
			Complexity: "O(1)",
			Run:        runPsetex,
		},
		{
			Name: "getset", Arity: 3, Flags: Write | DenyOOM | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW access update",
			ACL: []string{"write", "string", "fast"}, Since: "1.0.0", Group: "string",
			Summary:         "Set the string value of a key and return its old value",
			Complexity:      "O(1)",
			DeprecatedSince: "6.2.0", ReplacedBy: "`SET` with the `!GET` argument",
			Run: runGetset,
		},
		{
			Name: "getdel", Arity: 2, Flags: Write | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW access delete",
			ACL: []string{"write", "string", "fast"}, Since: "6.2.0", Group: "string",
			Summary:    "Get the value of a key and delete the key",
			Complexity: "O(1)",
			Run:        runGetdel,
		},
		{
			Name: "getex", Arity: -2, Flags: Write | Fast,
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW access update",
			KeyNotes: "RW and UPDATE because it changes the TTL",
			ACL:      []string{"write", "string", "fast"}, Since: "6.2.0", Group: "string",
			Summary:    "Get the value of a key and optionally set its expiration",
			Complexity: "O(1)",
			Run:        runGetex,
		},
	}
}

// setOptions are the options of SET and GETEX.
type setOptions struct {
	onlyNew, onlyOld bool // NX, XX
	get              bool
	keepTTL          bool
	persist          bool
	clock            clock // how expire is meant; noClock: no expire option
	expire           []byte
}

func runSet(c *Ctx) {
	o, ok := parseSetOptions(c.Args[3:], false)
	if !ok {
		c.W.Error(resp.ErrSyntax)
		return
	}
	deadline, ok := o.deadline(c, "set")
	if !ok {
		return
	}
	old := c.Get(c.Args[1])
	if o.get && !writeOld(c, old) {
		return
	}
	if o.onlyNew && old != nil || o.onlyOld && old == nil {
		if !o.get {
			c.W.Null()
		}
		return
	}
	if o.keepTTL {
		deadline, _ = c.ExpireAt(c.Args[1])
	}
	c.PutString(c.Args[1], c.Args[2], deadline)
	if !o.get {
		c.W.OK()
	}
}

func runSetnx(c *Ctx) {
	if c.Get(c.Args[1]) != nil {
		c.W.Int(0)
		return
	}
	c.PutString(c.Args[1], c.Args[2], 0)
	c.W.Int(1)
}

func runSetex(c *Ctx)  { setExpiring(c, "setex", inSeconds) }
func runPsetex(c *Ctx) { setExpiring(c, "psetex", inMillis) }

func setExpiring(c *Ctx, name string, k clock) {
	o := setOptions{clock: k, expire: c.Args[2]}
	deadline, ok := o.deadline(c, name)
	if !ok {
		return
	}
	c.PutString(c.Args[1], c.Args[3], deadline)
	c.W.OK()
}

func runGetset(c *Ctx) {
	if writeOld(c, c.Get(c.Args[1])) {
		c.PutString(c.Args[1], c.Args[2], 0)
	}
}

func runGetdel(c *Ctx) {
	if writeOld(c, c.Get(c.Args[1])) {
		c.Del(c.Args[1])
	}
}

func runGetex(c *Ctx) {
	o, ok := parseSetOptions(c.Args[2:], true)
	if !ok {
		c.W.Error(resp.ErrSyntax)
		return
	}
	s, ok := GetString(c, c.Args[1])
	if !ok {
		return
	}
	if s == nil {
		c.W.Null()
		return
	}
	deadline, ok := o.deadline(c, "getex")
	if !ok {
		return
	}
	c.W.Bulk(s.Bytes())
	switch {
	case o.clock.absolute() && deadline <= c.Now:
		c.Del(c.Args[1])
	case o.clock != noClock:
		c.SetExpireAt(c.Args[1], deadline)
	case o.persist:
		c.Persist(c.Args[1])
	}
}

// writeOld replies with the string that is about to be replaced. false: it is no
// string, and the error is written.
func writeOld(c *Ctx, old keyspace.Value) bool {
	s, ok := typed[*keyspace.String](c, old)
	if ok {
		writeString(c, s)
	}
	return ok
}

// parseSetOptions reads the options of SET, or of GETEX; false: a syntax error.
func parseSetOptions(args [][]byte, getex bool) (o setOptions, ok bool) {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		k := parseClock(arg)
		switch {
		case k != noClock:
			if o.keepTTL || o.persist || o.clock != noClock && o.clock != k || i+1 == len(args) {
				return o, false
			}
			i++
			o.clock, o.expire = k, args[i]
		case getex && EqualFold(arg, "PERSIST") && o.clock == noClock:
			o.persist = true
		case getex:
			return o, false
		case EqualFold(arg, "KEEPTTL") && o.clock == noClock:
			o.keepTTL = true
		case EqualFold(arg, "NX") && !o.onlyOld:
			o.onlyNew = true
		case EqualFold(arg, "XX") && !o.onlyNew:
			o.onlyOld = true
		case EqualFold(arg, "GET"):
			o.get = true
		default:
			return o, false
		}
	}
	return o, true
}

// deadline returns when the key shall expire, in ms, 0 for never. false: the
// expire option is no good, and the error is written.
func (o *setOptions) deadline(c *Ctx, name string) (int64, bool) {
	if o.clock == noClock {
		return 0, true
	}
	n, ok := intArg(c, o.expire)
	if !ok {
		return 0, false
	}
	ms, ok := o.clock.deadline(n, c.Now)
	if !ok || n <= 0 {
		c.W.Errorf(resp.ErrInvalidExpireF, name)
		return 0, false
	}
	return ms, true
}
