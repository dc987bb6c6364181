package gen

func listFamily() Family {
	return Family{Name: "list", makes: []maker{
		{8, func(g *Gen) Step {
			return g.plain(append([]string{g.OneOf("LPUSH", "RPUSH"), g.Key()}, g.Values(0, 6)...)...)
		}},
		{2, func(g *Gen) Step {
			return g.plain(append([]string{g.OneOf("LPUSHX", "RPUSHX"), g.Key()}, g.Values(1, 3)...)...)
		}},
		{4, func(g *Gen) Step {
			return g.plain(append([]string{g.OneOf("LPOP", "RPOP"), g.Key()}, g.Some(0, 1, g.Count)...)...)
		}},
		{1, func(g *Gen) Step { return g.plain("LPOP", g.Key(), "1", "2") }},
		{3, func(g *Gen) Step { return g.plain("LRANGE", g.Key(), g.index(), g.index()) }},
		{1, func(g *Gen) Step { return g.plain("LTRIM", g.Key(), g.index(), g.index()) }},
		{2, func(g *Gen) Step { return g.plain("LLEN", g.Key()) }},
		{2, func(g *Gen) Step { return g.plain("LINDEX", g.Key(), g.index()) }},
		{3, func(g *Gen) Step { return g.plain("LSET", g.Key(), g.index(), g.Value()) }},
		{3, func(g *Gen) Step { return g.plain("LREM", g.Key(), g.index(), g.Value()) }},
		{3, func(g *Gen) Step {
			return g.plain("LINSERT", g.Key(), g.OneOf("BEFORE", "AFTER", "after", "foo"), g.Value(), g.Value())
		}},
		{4, makeListMove},
		{5, makePos},
		{3, makeListPop},
		{1, func(g *Gen) Step { return g.plain("DEL", g.Key()) }},
		{1, func(g *Gen) Step { return g.plain("SET", g.Key(), g.Value()) }},
	}}
}

// plain is a request whose replies must be the same bytes.
func (g *Gen) plain(args ...string) Step { return Step{Args: args} }

// Values returns several of Value.
func (g *Gen) Values(least, most int) []string { return g.Some(least, most, g.Value) }

// Count returns the number of elements to pop.
func (g *Gen) Count() string {
	if g.Often(20) {
		return g.Integer()
	}
	return g.OneOf("0", "1", "2", "3", "10")
}

func (g *Gen) side() string {
	return g.OneOf("LEFT", "RIGHT", "LEFT", "RIGHT", "left", "right", "UP")
}

func makeListMove(g *Gen) Step {
	if g.Often(30) {
		return g.plain("RPOPLPUSH", g.Key(), g.Key())
	}
	return g.plain("LMOVE", g.Key(), g.Key(), g.side(), g.side())
}

func makePos(g *Gen) Step {
	args := []string{"LPOS", g.Key(), g.Value()}
	for g.Often(60) {
		args = append(args, g.OneOf("RANK", "COUNT", "MAXLEN", "rank", "RANK", "COUNT", "FOO"))
		if !g.Often(3) {
			args = append(args, g.index())
		}
	}
	return Step{Args: args}
}

func makeListPop(g *Gen) Step {
	keys := g.Keys(1, 3)
	args := append([]string{"LMPOP", g.numKeys(len(keys))}, keys...)
	if g.Often(95) {
		args = append(args, g.side())
	}
	for g.Often(40) {
		args = append(args, g.OneOf("COUNT", "count", "FOO"))
		if !g.Often(5) {
			args = append(args, g.Count())
		}
	}
	return Step{Args: args}
}

// numKeys returns n, now and then another number. It is never so small that
// keys would be taken for what follows them.
func (g *Gen) numKeys(n int) string {
	if g.Often(90) {
		return itoa(n)
	}
	return g.OneOf("0", "-1", "abc", "", "100", itoa(n+1), itoa(n+2), "9223372036854775807", "99999999999999999999")
}
