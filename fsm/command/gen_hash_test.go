package command_test

import "strconv"

func hashFamily() family {
	return family{name: "hash", makes: []maker{
		{8, func(g *gen) step {
			return g.plain(append([]string{g.oneOf("HSET", "HMSET", "HSET"), g.key()}, g.fieldValues(1, 6)...)...)
		}},
		{1, func(g *gen) step {
			return g.plain(append([]string{g.oneOf("HSET", "HMSET"), g.key()}, g.values(2, 5)...)...)
		}},
		{3, func(g *gen) step { return g.plain("HSETNX", g.key(), g.word(), g.value()) }},
		{3, func(g *gen) step { return g.plain("HGET", g.key(), g.word()) }},
		{2, func(g *gen) step { return g.plain(append([]string{"HMGET", g.key()}, g.words(1, 5)...)...) }},
		{2, func(g *gen) step { return step{[]string{"HGETALL", g.key()}, unorderedPairs} }},
		{2, func(g *gen) step { return step{[]string{g.oneOf("HKEYS", "HVALS"), g.key()}, unordered} }},
		{4, func(g *gen) step { return g.plain(append([]string{"HDEL", g.key()}, g.words(1, 4)...)...) }},
		{2, func(g *gen) step { return g.plain("HLEN", g.key()) }},
		{2, func(g *gen) step { return g.plain(g.oneOf("HEXISTS", "HSTRLEN"), g.key(), g.word()) }},
		{5, func(g *gen) step { return g.plain("HINCRBY", g.key(), g.word(), g.integer()) }},
		{5, func(g *gen) step { return g.plain("HINCRBYFLOAT", g.key(), g.word(), g.float()) }},
		{3, makeHrandfield},
		{2, func(g *gen) step { return makeCollectionScan(g, "HSCAN") }},
		{1, func(g *gen) step { return g.plain("DEL", g.key()) }},
		{1, func(g *gen) step { return g.plain("SET", g.key(), g.value()) }},
	}}
}

func itoa(n int) string { return strconv.Itoa(n) }

func (g *gen) words(least, most int) []string { return g.some(least, most, g.word) }

func (g *gen) fieldValues(least, most int) []string {
	var out []string
	for range least + g.IntN(most-least+1) {
		out = append(out, g.word(), g.value())
	}
	return out
}

func makeHrandfield(g *gen) step {
	args := []string{"HRANDFIELD", g.key()}
	if g.often(80) {
		args = append(args, g.count())
		if n, err := strconv.ParseInt(args[2], 10, 64); err == nil && n < -1000 && n > -9223372036854775808 {
			args[2] = "-5" // Redis would write for minutes
		}
	}
	if g.often(40) {
		args = append(args, g.oneOf("WITHVALUES", "withvalues", "foo"))
	}
	return step{args, alike}
}

// makeCollectionScan scans a hash or set in one call.
func makeCollectionScan(g *gen, command string) step {
	s := makeScan(g)
	args := append([]string{command, g.key()}, s.args[1:]...)
	if command == "HSCAN" {
		return step{args, scannedPairs}
	}
	return step{args, scanned}
}

// scannedPairs is scanned for a list of field after value.
func scannedPairs(want, got reply) bool {
	if len(want.elems) != 2 || len(got.elems) != 2 {
		return exact(want, got)
	}
	return exact(want.elems[0], got.elems[0]) && unorderedPairs(want.elems[1], got.elems[1])
}
