package gen

import (
	"crypto/sha1"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/redoubtdb/redoubt/jepsen/differential/reply"
)

// Scripts makes scripts that run data commands, and the commands around them. They are
// not among Families: package fsm/lua has generators for the language itself.
func Scripts() Family {
	return Family{Name: "scripts", makes: []maker{
		{10, makeForward},
		{10, makeScript},
		{4, makeEvalsha},
		{2, func(g *Gen) Step { return Step{Args: []string{"SCRIPT", "LOAD", g.body()}} }},
		{2, func(g *Gen) Step { return Step{Args: []string{"SCRIPT", "EXISTS", sha(g.body()), sha(g.body()), "x"}} }},
		{1, func(g *Gen) Step { return Step{Args: []string{"SCRIPT", "FLUSH", g.OneOf("SYNC", "ASYNC", "foo")}} }},
		{1, makeScriptError},
	}}
}

// forward are scripts that run the command in ARGV, each in another way.
func forward() []string {
	return []string{
		"return redis.call(unpack(ARGV))",
		"return redis.pcall(unpack(ARGV))",
		"local r = redis.pcall(unpack(ARGV)) if type(r) == 'table' and r.err then return {err = r.err} end return r",
		"redis.call(unpack(ARGV)) return redis.call('GET', KEYS[1])",
		"return {redis.pcall(unpack(ARGV)), redis.pcall('TYPE', KEYS[1])}",
	}
}

// strayed tells whether a request may name keys of other slots. A script of Redis may
// touch all slots of its node; here it has one.
func strayed(args []string) bool {
	switch strings.ToUpper(args[0]) {
	case "KEYS", "SCAN", "DBSIZE", "RANDOMKEY", "FLUSHALL", "FLUSHDB":
		return false
	}
	return !slices.ContainsFunc(args, func(a string) bool { return strings.HasSuffix(a, KeyTag) })
}

// makeForward makes a script that runs a random data command. All keys share a slot, so
// that it does not matter which of them are declared.
func makeForward(g *Gen) Step {
	all := All()
	inner := all.Next(g)
	for strayed(inner.Args) {
		inner = all.Next(g)
	}
	which := g.IntN(len(forward()))
	args := append([]string{g.OneOf("EVAL", "EVAL", "EVAL", "eval_ro"), forward()[which], "1", g.Key()}, inner.Args...)
	return Step{Args: args, Compare: func(want, got reply.Value) bool {
		if len(want.Elems) == 2 && len(got.Elems) == 2 && which == len(forward())-1 {
			return inner.Equal(want.Elems[0], got.Elems[0]) && reply.Exact(want.Elems[1], got.Elems[1])
		}
		return inner.Equal(want, got) || reply.Exact(want, got)
	}}
}

// body is a script that needs no arguments but a key; few enough that EVALSHA meets them.
func (g *Gen) body() string {
	return g.OneOf(
		"return 1", "return {KEYS[1], ARGV[1], #KEYS, #ARGV}", "return redis.call('INCR', KEYS[1])", "return redis.call('GET', KEYS[1])",
		"return redis.call('SET', KEYS[1], ARGV[1] or 'x')", "return redis.status_reply('FINE')", "return redis.error_reply('MY error')",
		"redis.call('SET', KEYS[1], 'a') redis.call('INCR', KEYS[1]) return 'not reached'", "redis.call('DEL', KEYS[1]) return redis.call('EXISTS', KEYS[1])",
		"redis.call('APPEND', KEYS[1], 'x') error('after a write')", "return {1, {2, {3, 'x', 3.9}}, false, true}", "return redis.sha1hex(KEYS[1])",
		"local n = 0 for _, k in ipairs(redis.call('KEYS', '*')) do n = n + 1 end return n", "return redis.call('DBSIZE')", "return cjson.encode({ARGV[1], #ARGV})",
		"if redis.call('SETNX', KEYS[1], 1) == 1 then return redis.call('PEXPIRE', KEYS[1], 100000000) else return redis.call('TYPE', KEYS[1]).ok end",
		"redis.setresp(3) return redis.call('HGETALL', KEYS[1])", "redis.setresp(3) return redis.call('GET', KEYS[1])", "redis.setresp(3) return {map = {a = 1}}", "return {double = 1.5}",
		"return 'unterminated", "return nosuch", "nosuch = 1", "#!lua flags=no-writes\nreturn redis.call('SET', KEYS[1], 1)", "#!lua\nreturn redis.call('STRLEN', KEYS[1])", "#!nosuch\nreturn 1",
		"return redis.call('nosuch')", "return redis.call('GET')", "return redis.call()", "return redis.pcall('GET', KEYS[1], 'x')", "return redis.call('EVAL', 'return 1', 0)",
	)
}

func makeScript(g *Gen) Step {
	return scriptStep(append([]string{g.OneOf("EVAL", "EVAL", "EVAL_RO"), g.body(), "1", g.Key()}, g.Words(0, 2)...))
}

func makeEvalsha(g *Gen) Step {
	name := sha(g.body())
	if g.Often(10) {
		name = g.OneOf(strings.ToUpper(name), name[1:], "", "x")
	}
	return scriptStep(append([]string{g.OneOf("EVALSHA", "EVALSHA", "EVALSHA_RO"), name, "1", g.Key()}, g.Words(0, 2)...))
}

// scriptStep compares maps and lists of hashes in any order.
func scriptStep(args []string) Step {
	return Step{Args: args, Compare: func(want, got reply.Value) bool {
		return reply.Exact(want, got) || reply.Unordered(want, got) || len(want.Elems) > 0 && reply.UnorderedPairs(want, got)
	}}
}

func makeScriptError(g *Gen) Step {
	args := []string{g.OneOf("EVAL", "EVAL_RO"), g.body(), g.OneOf("0", "-1", "abc", "2", "100", "1.5", "")}
	return Step{Args: append(args, g.Keys(0, 1)...)}
}

// sha is the name of a script.
func sha(body string) string {
	sum := sha1.Sum([]byte(body))
	return hex.EncodeToString(sum[:])
}
