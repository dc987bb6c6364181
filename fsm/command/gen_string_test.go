package command_test

import (
	"strconv"
	"strings"
)

func stringFamily() family {
	return family{name: "string", makes: []maker{
		{6, func(g *gen) step { return step{args: []string{"GET", g.key()}} }},
		{10, makeSet},
		{3, func(g *gen) step { return step{args: []string{"SETNX", g.key(), g.value()}} }},
		{2, func(g *gen) step { return step{args: []string{"SETEX", g.key(), g.ttlText(1), g.value()}} }},
		{2, func(g *gen) step { return step{args: []string{"PSETEX", g.key(), g.ttlText(1000), g.value()}} }},
		{2, func(g *gen) step { return step{args: []string{"GETSET", g.key(), g.value()}} }},
		{1, func(g *gen) step { return step{args: []string{"GETDEL", g.key()}} }},
		{4, makeGetex},
		{3, func(g *gen) step { return step{args: append([]string{"MGET"}, g.keys(0, 4)...)} }},
		{3, func(g *gen) step { return step{args: g.pairs("MSET")} }},
		{3, func(g *gen) step { return step{args: g.pairs("MSETNX")} }},
		{4, func(g *gen) step { return step{args: []string{"APPEND", g.key(), g.value()}} }},
		{3, func(g *gen) step { return step{args: []string{"STRLEN", g.key()}} }},
		{4, func(g *gen) step {
			return step{args: []string{g.oneOf("GETRANGE", "SUBSTR"), g.key(), g.index(), g.index()}}
		}},
		{4, makeSetrange},
		{4, func(g *gen) step { return step{args: []string{g.oneOf("INCR", "DECR"), g.key()}} }},
		{5, func(g *gen) step { return step{args: []string{g.oneOf("INCRBY", "DECRBY"), g.key(), g.integer()}} }},
		{6, func(g *gen) step { return step{args: []string{"INCRBYFLOAT", g.key(), g.float()}} }},
		{2, func(g *gen) step { return step{args: []string{"SET", g.key(), g.float()}} }},
		{2, func(g *gen) step { return step{args: []string{"SET", g.key(), g.integer()}} }},
		{1, makeWrongArity},
		{1, makeUnknown},
	}}
}

func makeSet(g *gen) step {
	args := []string{"SET", g.key(), g.value()}
	for g.often(45) {
		args = append(args, g.setOption()...)
	}
	return step{args: args}
}

func (g *gen) setOption() []string {
	switch g.IntN(8) {
	case 0, 1:
		return g.expireOption()
	case 2:
		return []string{g.mixedCase("KEEPTTL")}
	case 3:
		return []string{g.mixedCase("GET")}
	case 4:
		return []string{g.oneOf("PERSIST", "FOO", "")}
	}
	return []string{g.mixedCase(g.oneOf("NX", "XX"))}
}

func (g *gen) expireOption() []string {
	switch g.IntN(6) {
	case 0:
		return []string{g.oneOf("EX", "PX", "EXAT", "PXAT")}
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
func (g *gen) ttlText(scale int64) string {
	if g.often(12) {
		return g.oneOf("0", "-1", "abc", "9223372036854775807", "-9223372036854775808", "9223372036854775", "9223372036854776", "1.5")
	}
	return strconv.FormatInt(g.farTTL()*scale, 10)
}

func makeGetex(g *gen) step {
	args := []string{"GETEX", g.key()}
	for g.often(40) {
		args = append(args, g.getexOption()...)
	}
	return step{args: args}
}

func (g *gen) getexOption() []string {
	switch g.IntN(6) {
	case 0:
		return []string{g.mixedCase("PERSIST")}
	case 1:
		return []string{g.oneOf("KEEPTTL", "NX", "GET", "x")}
	case 2:
		return []string{g.oneOf("EXAT", "PXAT"), g.oneOf("1", "1000000", "0", "-1")}
	}
	return g.expireOption()
}

// pairs returns a command with key after value, now and then one too few.
func (g *gen) pairs(name string) []string {
	args := []string{name}
	for range 1 + g.IntN(3) {
		args = append(args, g.key(), g.value())
	}
	if g.often(5) {
		args = append(args, g.key())
	}
	return args
}

// index returns an offset into a string.
func (g *gen) index() string {
	if g.often(10) {
		return g.integer()
	}
	return g.small()
}

func makeSetrange(g *gen) step {
	offset := strconv.Itoa(g.IntN(60))
	if g.often(10) {
		offset = g.oneOf("-1", "abc", "536870911", "536870912", "9223372036854775807")
	}
	value := g.word()
	if g.often(10) || len(offset) >= 9 {
		value = g.oneOf("", "xx")
	}
	return step{args: []string{"SETRANGE", g.key(), offset, value}}
}

func makeWrongArity(g *gen) step {
	name := g.oneOf("GET", "SET", "SETEX", "MGET", "MSET", "INCR", "INCRBY", "APPEND", "GETEX", "nosuchcommand")
	return step{args: append([]string{name}, g.some(0, 5, g.word)...)}
}

// makeUnknown makes requests of commands and subcommands that do not exist; the
// error quotes them, cut to a length.
func makeUnknown(g *gen) step {
	text := func() string {
		return g.oneOf("", "x", "a\x00b", "a\r\nb", "\xff", strings.Repeat("long", g.IntN(60)))
	}
	args := append([]string{"no" + text()}, g.some(0, 5, text)...)
	if g.often(30) {
		args = append([]string{g.oneOf("object", "Memory")}, "no"+text(), text())
	}
	return step{args: args}
}
