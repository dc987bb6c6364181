package gen

import (
	"strconv"

	"github.com/redoubtdb/redoubt/jepsen/differential/reply"
)

func hashFamily() Family {
	return Family{Name: "hash", makes: []maker{
		{8, func(g *Gen) Step {
			return g.plain(append([]string{g.OneOf("HSET", "HMSET", "HSET"), g.Key()}, g.fieldValues(1, 6)...)...)
		}},
		{1, func(g *Gen) Step {
			return g.plain(append([]string{g.OneOf("HSET", "HMSET"), g.Key()}, g.Values(2, 5)...)...)
		}},
		{3, func(g *Gen) Step { return g.plain("HSETNX", g.Key(), g.Word(), g.Value()) }},
		{3, func(g *Gen) Step { return g.plain("HGET", g.Key(), g.Word()) }},
		{2, func(g *Gen) Step { return g.plain(append([]string{"HMGET", g.Key()}, g.Words(1, 5)...)...) }},
		{2, func(g *Gen) Step { return Step{[]string{"HGETALL", g.Key()}, reply.UnorderedPairs} }},
		{2, func(g *Gen) Step { return Step{[]string{g.OneOf("HKEYS", "HVALS"), g.Key()}, reply.Unordered} }},
		{4, func(g *Gen) Step { return g.plain(append([]string{"HDEL", g.Key()}, g.Words(1, 4)...)...) }},
		{2, func(g *Gen) Step { return g.plain("HLEN", g.Key()) }},
		{2, func(g *Gen) Step { return g.plain(g.OneOf("HEXISTS", "HSTRLEN"), g.Key(), g.Word()) }},
		{5, func(g *Gen) Step { return g.plain("HINCRBY", g.Key(), g.Word(), g.Integer()) }},
		{5, func(g *Gen) Step { return g.plain("HINCRBYFLOAT", g.Key(), g.Word(), g.Float()) }},
		{3, makeHrandfield},
		{2, func(g *Gen) Step { return makeCollectionScan(g, "HSCAN") }},
		{1, func(g *Gen) Step { return g.plain("DEL", g.Key()) }},
		{1, func(g *Gen) Step { return g.plain("SET", g.Key(), g.Value()) }},
	}}
}

func itoa(n int) string { return strconv.Itoa(n) }

// Words returns several of Word.
func (g *Gen) Words(least, most int) []string { return g.Some(least, most, g.Word) }

func (g *Gen) fieldValues(least, most int) []string {
	var out []string
	for range least + g.IntN(most-least+1) {
		out = append(out, g.Word(), g.Value())
	}
	return out
}

func makeHrandfield(g *Gen) Step {
	args := []string{"HRANDFIELD", g.Key()}
	if g.Often(80) {
		args = append(args, g.Count())
		if n, err := strconv.ParseInt(args[2], 10, 64); err == nil && n < -1000 && n > -9223372036854775808 {
			args[2] = "-5" // Redis would write for minutes
		}
	}
	if g.Often(40) {
		args = append(args, g.OneOf("WITHVALUES", "withvalues", "foo"))
	}
	return Step{args, reply.Alike}
}

// makeCollectionScan scans a hash or set in one call.
func makeCollectionScan(g *Gen, command string) Step {
	s := makeScan(g)
	args := append([]string{command, g.Key()}, s.Args[1:]...)
	if command == "HSCAN" {
		return Step{args, reply.ScannedPairs}
	}
	return Step{args, reply.Scanned}
}
