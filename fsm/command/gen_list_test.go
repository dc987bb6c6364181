package command_test

func listFamily() family {
	return family{name: "list", makes: []maker{
		{8, func(g *gen) step {
			return g.plain(append([]string{g.oneOf("LPUSH", "RPUSH"), g.key()}, g.values(0, 6)...)...)
		}},
		{2, func(g *gen) step {
			return g.plain(append([]string{g.oneOf("LPUSHX", "RPUSHX"), g.key()}, g.values(1, 3)...)...)
		}},
		{4, func(g *gen) step {
			return g.plain(append([]string{g.oneOf("LPOP", "RPOP"), g.key()}, g.some(0, 1, g.count)...)...)
		}},
		{1, func(g *gen) step { return g.plain("LPOP", g.key(), "1", "2") }},
		{3, func(g *gen) step { return g.plain("LRANGE", g.key(), g.index(), g.index()) }},
		{1, func(g *gen) step { return g.plain("LTRIM", g.key(), g.index(), g.index()) }},
		{2, func(g *gen) step { return g.plain("LLEN", g.key()) }},
		{2, func(g *gen) step { return g.plain("LINDEX", g.key(), g.index()) }},
		{3, func(g *gen) step { return g.plain("LSET", g.key(), g.index(), g.value()) }},
		{3, func(g *gen) step { return g.plain("LREM", g.key(), g.index(), g.value()) }},
		{3, func(g *gen) step {
			return g.plain("LINSERT", g.key(), g.oneOf("BEFORE", "AFTER", "after", "foo"), g.value(), g.value())
		}},
		{4, makeListMove},
		{5, makePos},
		{3, makeListPop},
		{1, func(g *gen) step { return g.plain("DEL", g.key()) }},
		{1, func(g *gen) step { return g.plain("SET", g.key(), g.value()) }},
	}}
}

// plain is a request whose replies must be the same bytes.
func (g *gen) plain(args ...string) step { return step{args: args} }

func (g *gen) values(least, most int) []string { return g.some(least, most, g.value) }

// count returns the number of elements to pop.
func (g *gen) count() string {
	if g.often(20) {
		return g.integer()
	}
	return g.oneOf("0", "1", "2", "3", "10")
}

func (g *gen) side() string {
	return g.oneOf("LEFT", "RIGHT", "LEFT", "RIGHT", "left", "right", "UP")
}

func makeListMove(g *gen) step {
	if g.often(30) {
		return g.plain("RPOPLPUSH", g.key(), g.key())
	}
	return g.plain("LMOVE", g.key(), g.key(), g.side(), g.side())
}

func makePos(g *gen) step {
	args := []string{"LPOS", g.key(), g.value()}
	for g.often(60) {
		args = append(args, g.oneOf("RANK", "COUNT", "MAXLEN", "rank", "RANK", "COUNT", "FOO"))
		if !g.often(3) {
			args = append(args, g.index())
		}
	}
	return step{args: args}
}

func makeListPop(g *gen) step {
	keys := g.keys(1, 3)
	args := append([]string{"LMPOP", g.numKeys(len(keys))}, keys...)
	if g.often(95) {
		args = append(args, g.side())
	}
	for g.often(40) {
		args = append(args, g.oneOf("COUNT", "count", "FOO"))
		if !g.often(5) {
			args = append(args, g.count())
		}
	}
	return step{args: args}
}

// numKeys returns n, now and then another number. It is never so small that
// keys would be taken for what follows them.
func (g *gen) numKeys(n int) string {
	if g.often(90) {
		return itoa(n)
	}
	return g.oneOf("0", "-1", "abc", "", "100", itoa(n+1), itoa(n+2), "9223372036854775807", "99999999999999999999")
}
