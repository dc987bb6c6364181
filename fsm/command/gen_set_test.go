package command_test

import "strconv"

func setFamily() family {
	return family{name: "set", makes: []maker{
		{8, func(g *gen) step { return g.plain(append([]string{"SADD", g.key()}, g.members(0, 6)...)...) }},
		{3, func(g *gen) step { return g.plain(append([]string{"SREM", g.key()}, g.members(0, 4)...)...) }},
		{2, func(g *gen) step { return step{[]string{"SMEMBERS", g.key()}, unordered} }},
		{2, func(g *gen) step { return g.plain("SISMEMBER", g.key(), g.member()) }},
		{2, func(g *gen) step { return g.plain(append([]string{"SMISMEMBER", g.key()}, g.members(1, 4)...)...) }},
		{2, func(g *gen) step { return g.plain("SCARD", g.key()) }},
		{5, func(g *gen) step { return g.plain("SMOVE", g.key(), g.key(), g.member()) }},
		{5, func(g *gen) step {
			return step{append([]string{g.oneOf("SINTER", "SUNION", "SDIFF")}, g.keys(1, 4)...), unordered}
		}},
		{5, func(g *gen) step {
			return g.plain(append([]string{g.oneOf("SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE"), g.key()}, g.keys(1, 4)...)...)
		}},
		{4, makeIntercard},
		{3, makeSpop},
		{3, makeSrandmember},
		{2, func(g *gen) step { return makeCollectionScan(g, "SSCAN") }},
		{1, func(g *gen) step { return g.plain("DEL", g.key()) }},
		{1, func(g *gen) step { return g.plain("SET", g.key(), g.value()) }},
		{1, func(g *gen) step { return g.plain("OBJECT", "ENCODING", g.key()) }},
	}}
}

// member returns mostly one of a few integers, so that intsets occur too.
func (g *gen) member() string {
	if g.often(80) {
		return itoa(g.IntN(12))
	}
	return g.value()
}

func (g *gen) members(least, most int) []string { return g.some(least, most, g.member) }

func makeIntercard(g *gen) step {
	keys := g.keys(1, 3)
	args := append([]string{"SINTERCARD", g.numKeys(len(keys))}, keys...)
	for g.often(40) {
		args = append(args, g.oneOf("LIMIT", "limit", "FOO"))
		if !g.often(5) {
			args = append(args, g.count())
		}
	}
	return step{args: args}
}

// makeSpop takes all members or none: which ones else would be a matter of luck.
func makeSpop(g *gen) step {
	if g.often(20) {
		return g.plain("SPOP", g.key(), g.oneOf("-1", "abc", "0", ""))
	}
	if g.often(10) {
		return g.plain("SPOP", g.key(), "1", "2")
	}
	return step{[]string{"SPOP", g.key(), "1000"}, unordered}
}

func makeSrandmember(g *gen) step {
	args := append([]string{"SRANDMEMBER", g.key()}, g.some(0, 1, g.count)...)
	if len(args) == 3 {
		if n, err := strconv.ParseInt(args[2], 10, 64); err == nil && n < -1000 && n > -9223372036854775808 {
			args[2] = "-5" // Redis would write for minutes
		}
	}
	if g.often(5) {
		args = append(args, "1", "2")
	}
	return step{args, alike}
}
