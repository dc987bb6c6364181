package gen

import (
	"strconv"

	"github.com/redoubtdb/redoubt/jepsen/differential/reply"
)

func setFamily() Family {
	return Family{Name: "set", makes: []maker{
		{8, func(g *Gen) Step { return g.plain(append([]string{"SADD", g.Key()}, g.members(0, 6)...)...) }},
		{3, func(g *Gen) Step { return g.plain(append([]string{"SREM", g.Key()}, g.members(0, 4)...)...) }},
		{2, func(g *Gen) Step { return Step{[]string{"SMEMBERS", g.Key()}, reply.Unordered} }},
		{2, func(g *Gen) Step { return g.plain("SISMEMBER", g.Key(), g.member()) }},
		{2, func(g *Gen) Step { return g.plain(append([]string{"SMISMEMBER", g.Key()}, g.members(1, 4)...)...) }},
		{2, func(g *Gen) Step { return g.plain("SCARD", g.Key()) }},
		{5, func(g *Gen) Step { return g.plain("SMOVE", g.Key(), g.Key(), g.member()) }},
		{5, func(g *Gen) Step {
			return Step{append([]string{g.OneOf("SINTER", "SUNION", "SDIFF")}, g.Keys(1, 4)...), reply.Unordered}
		}},
		{5, func(g *Gen) Step {
			return g.plain(append([]string{g.OneOf("SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE"), g.Key()}, g.Keys(1, 4)...)...)
		}},
		{4, makeIntercard},
		{3, makeSpop},
		{3, makeSrandmember},
		{2, func(g *Gen) Step { return makeCollectionScan(g, "SSCAN") }},
		{1, func(g *Gen) Step { return g.plain("DEL", g.Key()) }},
		{1, func(g *Gen) Step { return g.plain("SET", g.Key(), g.Value()) }},
		{1, func(g *Gen) Step { return g.plain("OBJECT", "ENCODING", g.Key()) }},
	}}
}

// member returns mostly one of a few integers, so that intsets occur too.
func (g *Gen) member() string {
	if g.Often(80) {
		return itoa(g.IntN(12))
	}
	return g.Value()
}

func (g *Gen) members(least, most int) []string { return g.Some(least, most, g.member) }

func makeIntercard(g *Gen) Step {
	keys := g.Keys(1, 3)
	args := append([]string{"SINTERCARD", g.numKeys(len(keys))}, keys...)
	for g.Often(40) {
		args = append(args, g.OneOf("LIMIT", "limit", "FOO"))
		if !g.Often(5) {
			args = append(args, g.Count())
		}
	}
	return Step{Args: args}
}

// makeSpop takes all members or none: which ones else would be a matter of luck.
func makeSpop(g *Gen) Step {
	if g.Often(20) {
		return g.plain("SPOP", g.Key(), g.OneOf("-1", "abc", "0", ""))
	}
	if g.Often(10) {
		return g.plain("SPOP", g.Key(), "1", "2")
	}
	return Step{[]string{"SPOP", g.Key(), "1000"}, reply.Unordered}
}

func makeSrandmember(g *Gen) Step {
	args := append([]string{"SRANDMEMBER", g.Key()}, g.Some(0, 1, g.Count)...)
	if len(args) == 3 {
		if n, err := strconv.ParseInt(args[2], 10, 64); err == nil && n < -1000 && n > -9223372036854775808 {
			args[2] = "-5" // Redis would write for minutes
		}
	}
	if g.Often(5) {
		args = append(args, "1", "2")
	}
	return Step{args, reply.Alike}
}
