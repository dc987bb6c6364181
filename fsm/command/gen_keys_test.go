package command_test

import "strconv"

const ttlSlackMs = 5000

func keysFamily() family {
	return family{name: "keys", makes: []maker{
		{6, func(g *gen) step { return step{args: []string{"SET", g.key(), g.value()}} }},
		{2, func(g *gen) step { return step{args: append([]string{g.oneOf("DEL", "UNLINK")}, g.keys(0, 2)...)} }},
		{3, func(g *gen) step { return step{args: append([]string{g.oneOf("EXISTS", "TOUCH")}, g.keys(1, 4)...)} }},
		{3, func(g *gen) step { return step{args: []string{"TYPE", g.key()}} }},
		{10, makeExpire},
		{4, func(g *gen) step { return step{[]string{"TTL", g.key()}, near(ttlSlackMs / 1000)} }},
		{4, func(g *gen) step { return step{[]string{"PTTL", g.key()}, near(ttlSlackMs)} }},
		{3, func(g *gen) step { return step{[]string{"EXPIRETIME", g.key()}, near(ttlSlackMs / 1000)} }},
		{3, func(g *gen) step { return step{[]string{"PEXPIRETIME", g.key()}, near(ttlSlackMs)} }},
		{2, func(g *gen) step { return step{args: []string{"PERSIST", g.key()}} }},
		{4, func(g *gen) step { return step{args: []string{g.oneOf("RENAME", "RENAMENX"), g.key(), g.key()}} }},
		{5, makeCopy},
		{1, func(g *gen) step { return step{[]string{"RANDOMKEY"}, alike} }},
		{2, func(g *gen) step { return step{[]string{"KEYS", g.pattern()}, unordered} }},
		{4, makeScan},
		{2, func(g *gen) step { return step{args: []string{"DBSIZE"}} }},
		{1, makeFlush},
		{3, func(g *gen) step { return step{args: []string{"OBJECT", g.oneOf("ENCODING", "encoding"), g.key()}} }},
		{1, func(g *gen) step { return step{[]string{"OBJECT", g.oneOf("REFCOUNT", "IDLETIME"), g.key()}, alike} }},
		{1, func(g *gen) step { return step{args: []string{"OBJECT", "FREQ", g.key()}} }},
		{1, makeObjectError},
		{1, makeMemory},
	}}
}

func makeExpire(g *gen) step {
	name, when := g.expireTime()
	args := []string{name, g.key(), when}
	for g.often(40) {
		args = append(args, g.oneOf("NX", "XX", "GT", "LT", "nx", "gt", "FOO"))
	}
	return step{args: args}
}

// expireTime returns a command of EXPIRE's kind and its time.
func (g *gen) expireTime() (name, when string) {
	if g.often(12) {
		return g.oneOf("EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT"),
			g.oneOf("0", "-1", "abc", "9223372036854775807", "-9223372036854775808", "9223372036854775", "9223372036854776",
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

func makeCopy(g *gen) step {
	args := []string{"COPY", g.key(), g.key()}
	for g.often(50) {
		switch g.IntN(6) {
		case 0:
			args = append(args, "DB", g.oneOf("0", "1", "16", "-1", "abc", "4294967296"))
		case 1:
			args = append(args, g.oneOf("DB", "FOO"))
		default:
			args = append(args, g.mixedCase("REPLACE"))
		}
	}
	return step{args: args}
}

// pattern returns a glob; most of them match some of the keys.
func (g *gen) pattern() string {
	if g.often(50) {
		return g.oneOf("*", "k*", "k?{t}", "k[0-3]*", "k[^0-3]*", "*1*", "nope", "k1{t}", "**", "")
	}
	out := ""
	for range 1 + g.IntN(6) {
		out += g.oneOf("k", "*", "?", "[", "]", "^", "-", "1", "[0-9]", "[^1]", `\`, "{t}", "[^", "[1-", "*1")
	}
	return out
}

func makeScan(g *gen) step {
	args := []string{"SCAN", "0", "COUNT", "1000"}
	for g.often(40) {
		switch g.IntN(5) {
		case 0:
			args = append(args, "MATCH", g.pattern())
		case 1:
			args = append(args, "type", g.oneOf("string", "STRING", "list", "hash", "set", "foo"))
		case 2:
			args = append(args, g.oneOf("COUNT", "MATCH", "FOO"))
		case 3:
			args = append(args, "COUNT", g.oneOf("0", "-1", "abc", "1000"))
		case 4:
			args[1] = g.oneOf("0", "+0", "", "abc", " 0", "0 ", "99999999999999999999")
		}
	}
	return step{args, scanned}
}

func makeFlush(g *gen) step {
	return step{args: append([]string{g.oneOf("FLUSHALL", "FLUSHDB")}, g.some(0, 2, func() string { return g.oneOf("SYNC", "async", "foo") })...)}
}

func makeObjectError(g *gen) step {
	return step{args: append([]string{"OBJECT"}, g.some(0, 3, func() string { return g.oneOf("HELP", "foo", "ENCODING", "FREQ", g.key()) })...)}
}

func makeMemory(g *gen) step {
	args := []string{"MEMORY", g.oneOf("USAGE", "usage", "HELP", "PURGE", "foo"), g.key()}
	for g.often(40) {
		args = append(args, g.oneOf("SAMPLES", "0", "5", "-1", "abc"))
	}
	return step{args, alike}
}
