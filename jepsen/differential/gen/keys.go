package gen

import (
	"strconv"

	"github.com/redoubtdb/redoubt/jepsen/differential/reply"
)

// TTLSlackMs is by how much times to live may differ: the servers are asked one after another.
const TTLSlackMs = 5000

func keysFamily() Family {
	return Family{Name: "keys", makes: []maker{
		{6, func(g *Gen) Step { return Step{Args: []string{"SET", g.Key(), g.Value()}} }},
		{2, func(g *Gen) Step { return Step{Args: append([]string{g.OneOf("DEL", "UNLINK")}, g.Keys(0, 2)...)} }},
		{3, func(g *Gen) Step { return Step{Args: append([]string{g.OneOf("EXISTS", "TOUCH")}, g.Keys(1, 4)...)} }},
		{3, func(g *Gen) Step { return Step{Args: []string{"TYPE", g.Key()}} }},
		{10, makeExpire},
		{4, func(g *Gen) Step { return Step{[]string{"TTL", g.Key()}, reply.Near(TTLSlackMs / 1000)} }},
		{4, func(g *Gen) Step { return Step{[]string{"PTTL", g.Key()}, reply.Near(TTLSlackMs)} }},
		{3, func(g *Gen) Step { return Step{[]string{"EXPIRETIME", g.Key()}, reply.Near(TTLSlackMs / 1000)} }},
		{3, func(g *Gen) Step { return Step{[]string{"PEXPIRETIME", g.Key()}, reply.Near(TTLSlackMs)} }},
		{2, func(g *Gen) Step { return Step{Args: []string{"PERSIST", g.Key()}} }},
		{4, func(g *Gen) Step { return Step{Args: []string{g.OneOf("RENAME", "RENAMENX"), g.Key(), g.Key()}} }},
		{5, makeCopy},
		{1, func(g *Gen) Step { return Step{[]string{"RANDOMKEY"}, reply.Alike} }},
		{2, func(g *Gen) Step { return Step{[]string{"KEYS", g.pattern()}, reply.Unordered} }},
		{4, makeScan},
		{2, func(g *Gen) Step { return Step{Args: []string{"DBSIZE"}} }},
		{1, makeFlush},
		{3, func(g *Gen) Step { return Step{Args: []string{"OBJECT", g.OneOf("ENCODING", "encoding"), g.Key()}} }},
		{1, func(g *Gen) Step {
			return Step{[]string{"OBJECT", g.OneOf("REFCOUNT", "IDLETIME"), g.Key()}, reply.Alike}
		}},
		{1, func(g *Gen) Step { return Step{Args: []string{"OBJECT", "FREQ", g.Key()}} }},
		{1, makeObjectError},
		{1, makeMemory},
	}}
}

func makeExpire(g *Gen) Step {
	name, when := g.expireTime()
	args := []string{name, g.Key(), when}
	for g.Often(40) {
		args = append(args, g.OneOf("NX", "XX", "GT", "LT", "nx", "gt", "FOO"))
	}
	return Step{Args: args}
}

// expireTime returns a command of EXPIRE's kind and its time.
func (g *Gen) expireTime() (name, when string) {
	if g.Often(12) {
		return g.OneOf("EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT"),
			g.OneOf("0", "-1", "abc", "9223372036854775807", "-9223372036854775808", "9223372036854775", "9223372036854776",
				"-9223372036854775", "-9223372036854776")
	}
	switch g.IntN(4) {
	case 0:
		return "EXPIRE", strconv.FormatInt(g.farTTL(), 10)
	case 1:
		return "PEXPIRE", strconv.FormatInt(g.farTTL()*1000, 10)
	case 2:
		return "EXPIREAT", strconv.FormatInt(g.farTime(), 10)
	}
	return "PEXPIREAT", strconv.FormatInt(g.farTime()*1000+7, 10)
}

func makeCopy(g *Gen) Step {
	args := []string{"COPY", g.Key(), g.Key()}
	for g.Often(50) {
		switch g.IntN(6) {
		case 0:
			args = append(args, "DB", g.OneOf("0", "1", "16", "-1", "abc", "4294967296"))
		case 1:
			args = append(args, g.OneOf("DB", "FOO"))
		default:
			args = append(args, g.MixedCase("REPLACE"))
		}
	}
	return Step{Args: args}
}

// pattern returns a glob; most of them match some of the keys.
func (g *Gen) pattern() string {
	if g.Often(50) {
		return g.OneOf("*", "k*", "k?{t}", "k[0-3]*", "k[^0-3]*", "*1*", "nope", "k1{t}", "**", "")
	}
	out := ""
	for range 1 + g.IntN(6) {
		out += g.OneOf("k", "*", "?", "[", "]", "^", "-", "1", "[0-9]", "[^1]", `\`, "{t}", "[^", "[1-", "*1")
	}
	return out
}

func makeScan(g *Gen) Step {
	args := []string{"SCAN", "0", "COUNT", "1000"}
	for g.Often(40) {
		switch g.IntN(5) {
		case 0:
			args = append(args, "MATCH", g.pattern())
		case 1:
			args = append(args, "type", g.OneOf("string", "STRING", "list", "hash", "set", "foo"))
		case 2:
			args = append(args, g.OneOf("COUNT", "MATCH", "FOO"))
		case 3:
			args = append(args, "COUNT", g.OneOf("0", "-1", "abc", "1000"))
		case 4:
			args[1] = g.OneOf("0", "+0", "", "abc", " 0", "0 ", "99999999999999999999")
		}
	}
	return Step{args, reply.Scanned}
}

func makeFlush(g *Gen) Step {
	return Step{Args: append([]string{g.OneOf("FLUSHALL", "FLUSHDB")}, g.Some(0, 2, func() string { return g.OneOf("SYNC", "async", "foo") })...)}
}

func makeObjectError(g *Gen) Step {
	return Step{Args: append([]string{"OBJECT"}, g.Some(0, 3, func() string { return g.OneOf("HELP", "foo", "ENCODING", "FREQ", g.Key()) })...)}
}

func makeMemory(g *Gen) Step {
	args := []string{"MEMORY", g.OneOf("USAGE", "usage", "HELP", "PURGE", "foo"), g.Key()}
	for g.Often(40) {
		args = append(args, g.OneOf("SAMPLES", "0", "5", "-1", "abc"))
	}
	return Step{args, reply.Alike}
}
