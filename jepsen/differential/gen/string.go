package gen

import (
	"strconv"
	"strings"
)

func stringFamily() Family {
	return Family{Name: "string", makes: []maker{
		{6, func(g *Gen) Step { return Step{Args: []string{"GET", g.Key()}} }},
		{10, makeSet},
		{3, func(g *Gen) Step { return Step{Args: []string{"SETNX", g.Key(), g.Value()}} }},
		{2, func(g *Gen) Step { return Step{Args: []string{"SETEX", g.Key(), g.ttlText(1), g.Value()}} }},
		{2, func(g *Gen) Step { return Step{Args: []string{"PSETEX", g.Key(), g.ttlText(1000), g.Value()}} }},
		{2, func(g *Gen) Step { return Step{Args: []string{"GETSET", g.Key(), g.Value()}} }},
		{1, func(g *Gen) Step { return Step{Args: []string{"GETDEL", g.Key()}} }},
		{4, makeGetex},
		{3, func(g *Gen) Step { return Step{Args: append([]string{"MGET"}, g.Keys(0, 4)...)} }},
		{3, func(g *Gen) Step { return Step{Args: g.pairs("MSET")} }},
		{3, func(g *Gen) Step { return Step{Args: g.pairs("MSETNX")} }},
		{4, func(g *Gen) Step { return Step{Args: []string{"APPEND", g.Key(), g.Value()}} }},
		{3, func(g *Gen) Step { return Step{Args: []string{"STRLEN", g.Key()}} }},
		{4, func(g *Gen) Step {
			return Step{Args: []string{g.OneOf("GETRANGE", "SUBSTR"), g.Key(), g.index(), g.index()}}
		}},
		{4, makeSetrange},
		{4, func(g *Gen) Step { return Step{Args: []string{g.OneOf("INCR", "DECR"), g.Key()}} }},
		{5, func(g *Gen) Step { return Step{Args: []string{g.OneOf("INCRBY", "DECRBY"), g.Key(), g.Integer()}} }},
		{6, func(g *Gen) Step { return Step{Args: []string{"INCRBYFLOAT", g.Key(), g.Float()}} }},
		{2, func(g *Gen) Step { return Step{Args: []string{"SET", g.Key(), g.Float()}} }},
		{2, func(g *Gen) Step { return Step{Args: []string{"SET", g.Key(), g.Integer()}} }},
		{1, makeWrongArity},
		{1, makeUnknown},
	}}
}

func makeSet(g *Gen) Step {
	args := []string{"SET", g.Key(), g.Value()}
	for g.Often(45) {
		args = append(args, g.setOption()...)
	}
	return Step{Args: args}
}

func (g *Gen) setOption() []string {
	switch g.IntN(8) {
	case 0, 1:
		return g.expireOption()
	case 2:
		return []string{g.MixedCase("KEEPTTL")}
	case 3:
		return []string{g.MixedCase("GET")}
	case 4:
		return []string{g.OneOf("PERSIST", "FOO", "")}
	}
	return []string{g.MixedCase(g.OneOf("NX", "XX"))}
}

func (g *Gen) expireOption() []string {
	switch g.IntN(6) {
	case 0:
		return []string{g.OneOf("EX", "PX", "EXAT", "PXAT")}
	case 1:
		return []string{"EXAT", strconv.FormatInt(g.farTime(), 10)}
	case 2:
		return []string{"PXAT", strconv.FormatInt(g.farTime()*1000, 10)}
	case 3:
		return []string{"px", g.ttlText(1000)}
	}
	return []string{"EX", g.ttlText(1)}
}

// ttlText returns a time to live in units of 1/scale seconds, sometimes a bad one.
func (g *Gen) ttlText(scale int64) string {
	if g.Often(12) {
		return g.OneOf("0", "-1", "abc", "9223372036854775807", "-9223372036854775808", "9223372036854775", "9223372036854776", "1.5")
	}
	return strconv.FormatInt(g.farTTL()*scale, 10)
}

func makeGetex(g *Gen) Step {
	args := []string{"GETEX", g.Key()}
	for g.Often(40) {
		args = append(args, g.getexOption()...)
	}
	return Step{Args: args}
}

func (g *Gen) getexOption() []string {
	switch g.IntN(6) {
	case 0:
		return []string{g.MixedCase("PERSIST")}
	case 1:
		return []string{g.OneOf("KEEPTTL", "NX", "GET", "x")}
	case 2:
		return []string{g.OneOf("EXAT", "PXAT"), g.OneOf("1", "1000000", "0", "-1")}
	}
	return g.expireOption()
}

// pairs returns a command with key after value, now and then one too few.
func (g *Gen) pairs(name string) []string {
	args := []string{name}
	for range 1 + g.IntN(3) {
		args = append(args, g.Key(), g.Value())
	}
	if g.Often(5) {
		args = append(args, g.Key())
	}
	return args
}

// index returns an offset into a string.
func (g *Gen) index() string {
	if g.Often(10) {
		return g.Integer()
	}
	return g.Small()
}

func makeSetrange(g *Gen) Step {
	offset := strconv.Itoa(g.IntN(60))
	if g.Often(10) {
		offset = g.OneOf("-1", "abc", "536870911", "536870912", "9223372036854775807")
	}
	value := g.Word()
	if g.Often(10) || len(offset) >= 9 {
		value = g.OneOf("", "xx")
	}
	return Step{Args: []string{"SETRANGE", g.Key(), offset, value}}
}

func makeWrongArity(g *Gen) Step {
	name := g.OneOf("GET", "SET", "SETEX", "MGET", "MSET", "INCR", "INCRBY", "APPEND", "GETEX", "nosuchcommand")
	return Step{Args: append([]string{name}, g.Some(0, 5, g.Word)...)}
}

// makeUnknown makes requests of commands and subcommands that do not exist; the
// error quotes them, cut to a length.
func makeUnknown(g *Gen) Step {
	text := func() string {
		return g.OneOf("", "x", "a\x00b", "a\r\nb", "\xff", strings.Repeat("long", g.IntN(60)))
	}
	args := append([]string{"no" + text()}, g.Some(0, 5, text)...)
	if g.Often(30) {
		args = append([]string{g.OneOf("object", "Memory")}, "no"+text(), text())
	}
	return Step{Args: args}
}
