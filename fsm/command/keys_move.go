package command

import (
	"bytes"
	"math"

	"github.com/redoubtdb/redoubt/resp"
)

// maxDatabases is how many databases COPY's DB option may name; only the first
// exists in a cluster.
const maxDatabases = 16

const errOtherDatabase = "ERR Copying to another database is not allowed in cluster mode"

func keysMoveSpecs() []*Spec {
	return []*Spec{
		{
			Name: "rename", Arity: 3, Flags: Write,
			FirstKey: 1, LastKey: 2, Step: 1,
			KeySpecs: []KeySpec{
				{Flags: "RW access delete", Index: 1, Last: 0, Step: 1},
				{Flags: "OW update", Index: 2, Last: 0, Step: 1},
			},
			ACL: []string{"keyspace", "write", "slow"}, Since: "1.0.0", Group: "generic",
			Summary:    "Rename a key",
			Complexity: "O(1)",
			Run:        runRename,
		},
		{
			Name: "renamenx", Arity: 3, Flags: Write | Fast,
			FirstKey: 1, LastKey: 2, Step: 1,
			KeySpecs: []KeySpec{
				{Flags: "RW access delete", Index: 1, Last: 0, Step: 1},
				{Flags: "OW insert", Index: 2, Last: 0, Step: 1},
			},
			ACL: []string{"keyspace", "write", "fast"}, Since: "1.0.0", Group: "generic",
			Summary:    "Rename a key, only if the new key does not exist",
			Complexity: "O(1)",
			Run:        runRenamenx,
		},
		{
			Name: "copy", Arity: -3, Flags: Write | DenyOOM,
			FirstKey: 1, LastKey: 2, Step: 1,
			KeySpecs: []KeySpec{
				{Flags: "RO access", Index: 1, Last: 0, Step: 1},
				{Flags: "OW update", Index: 2, Last: 0, Step: 1},
			},
			ACL: []string{"keyspace", "write", "slow"}, Since: "6.2.0", Group: "generic",
			Summary:    "Copy a key",
			Complexity: "O(N) worst case for collections, where N is the number of nested items. O(1) for string values.",
			Run:        runCopy,
		},
	}
}

func runRename(c *Ctx) {
	if _, found := rename(c, true); found {
		c.W.OK()
	}
}

func runRenamenx(c *Ctx) {
	renamed, found := rename(c, false)
	switch {
	case !found:
	case renamed:
		c.W.Int(1)
	default:
		c.W.Int(0)
	}
}

// rename gives the value of one key, and its expire time, to another key. If
// there is nothing to rename the error is written. A key renamed to itself stays
// untouched.
func rename(c *Ctx, replace bool) (renamed, found bool) {
	from, to := c.Args[1], c.Args[2]
	v := c.Get(from)
	if v == nil {
		c.W.Error(resp.ErrNoSuchKey)
		return false, false
	}
	if bytes.Equal(from, to) || !replace && c.Get(to) != nil {
		return false, true
	}
	expire, _ := c.ExpireAt(from)
	c.Del(from)
	c.PutExpireAt(to, v, expire)
	return true, true
}

// copyOptions are the options of COPY.
type copyOptions struct {
	replace  bool
	database int64
}

func runCopy(c *Ctx) {
	o, ok := parseCopyOptions(c, c.Args[3:])
	if !ok {
		return
	}
	from, to := c.Args[1], c.Args[2]
	switch {
	case o.database != 0:
		c.W.Error(errOtherDatabase)
		return
	case bytes.Equal(from, to):
		c.W.Error(resp.ErrSameObject)
		return
	}
	v := c.Get(from)
	if v == nil || !o.replace && c.Get(to) != nil {
		c.W.Int(0)
		return
	}
	expire, _ := c.ExpireAt(from)
	c.PutExpireAt(to, v.Clone(), expire)
	c.W.Int(1)
}

// parseCopyOptions reads REPLACE and DB; if it fails the error is written.
func parseCopyOptions(c *Ctx, args [][]byte) (o copyOptions, ok bool) {
	for i := 0; i < len(args); i++ {
		switch {
		case EqualFold(args[i], "REPLACE"):
			o.replace = true
		case EqualFold(args[i], "DB") && i+1 < len(args):
			i++
			if o.database, ok = databaseArg(c, args[i]); !ok {
				return o, false
			}
		default:
			c.W.Error(resp.ErrSyntax)
			return o, false
		}
	}
	return o, true
}

// databaseArg reads the number of a database; if it is none the error is written.
func databaseArg(c *Ctx, arg []byte) (int64, bool) {
	n, ok := intArgIn(c, arg, math.MinInt32, math.MaxInt32)
	if ok && (n < 0 || n >= maxDatabases) {
		c.W.Error(resp.ErrDBIndex)
		return 0, false
	}
	return n, ok
}
