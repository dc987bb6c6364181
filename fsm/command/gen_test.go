package command_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// A family makes random requests for one group of commands. To add one, write a
// gen_<family>_test.go with a function like stringFamily and name it in families.
type family struct {
	name  string
	makes []maker
}

// maker makes one kind of request. It is chosen weight times as often as one of
// weight 1.
type maker struct {
	weight int
	make   func(g *gen) step
}

// step is one request and how its replies are compared (nil: exact).
type step struct {
	args    []string
	compare compare
}

// families lists everybody's generators. They share keys, so that a run over all
// of them meets keys of the wrong type everywhere.
func families() []family {
	return []family{
		stringFamily(),
		keysFamily(),
		listFamily(),
		hashFamily(),
		setFamily(),
	}
}

// Keys that generators use. The hash tag puts them into one slot, as commands
// with several keys need it in a cluster.
const (
	keyTag      = "{t}"
	keyUniverse = 12
)

// gen draws the random parts of requests. All draws come from one seed.
type gen struct {
	*rand.Rand
	lastTTL int64
}

func newGen(seed uint64) *gen { return &gen{Rand: rand.New(rand.NewPCG(seed, seed))} }

// key returns one of a few keys.
func (g *gen) key() string { return keyName(g.IntN(keyUniverse)) }

func keyName(i int) string { return "k" + strconv.Itoa(i) + keyTag }

func (g *gen) keys(least, most int) []string {
	return g.some(least, most, g.key)
}

// some draws between least and most things.
func (g *gen) some(least, most int, draw func() string) []string {
	out := make([]string, least+g.IntN(most-least+1))
	for i := range out {
		out[i] = draw()
	}
	return out
}

// oneOf returns one of the choices.
func (g *gen) oneOf(choices ...string) string { return choices[g.IntN(len(choices))] }

// often is true in p of 100 cases.
func (g *gen) often(p int) bool { return g.IntN(100) < p }

// value returns a string of some kind: small or large numbers, text, binary.
func (g *gen) value() string {
	switch g.IntN(10) {
	case 0:
		return ""
	case 1, 2:
		return g.integer()
	case 3:
		return g.float()
	case 4:
		return string([]byte{byte(g.IntN(256)), 0, '\r', '\n', byte(g.IntN(256))})
	case 5:
		return strings.Repeat(g.oneOf("a", "xy", "é"), g.IntN(80))
	}
	return g.word()
}

// word returns one of a few short strings, so that equal ones meet.
func (g *gen) word() string { return g.oneOf("a", "b", "c", "d", "foo", "bar", "Foo", "hello world") }

// small returns a small integer, now and then a negative one.
func (g *gen) small() string { return strconv.Itoa(g.IntN(14) - 4) }

// integer returns the text of an integer, some of them huge or not quite one.
func (g *gen) integer() string {
	switch g.IntN(12) {
	case 0:
		return g.oneOf("9223372036854775807", "-9223372036854775808", "9223372036854775808", "-9223372036854775809",
			"99999999999999999999", "9999", "10000", "0", "-1")
	case 1:
		return g.oneOf("-0", "+1", " 1", "1 ", "01", "1.0", "", "abc", "0x10", "1e3", "--1")
	case 2:
		return strconv.FormatInt(int64(g.Uint64()), 10)
	}
	return strconv.Itoa(g.IntN(2000) - 1000)
}

// float returns the text of a floating-point number, some of them odd.
func (g *gen) float() string {
	switch g.IntN(8) {
	case 0:
		return g.oneOf("inf", "-inf", "+Infinity", "nan", "1e400", "1e5000", "1e-5000", "-0", "0x1.8p3", "0x10", ".5", "5.", "1e", "1e+",
			"1_0", " 1", "1 ", "+.5e-2", "", ".", "e5", "00012.50", "1e4932", "1e-4940", "3.4e-4932")
	case 1:
		return fmt.Sprintf("%de%d", g.IntN(2000)-1000, g.IntN(60)-30)
	case 2:
		return strconv.FormatFloat(g.NormFloat64()*1e9, 'g', -1, 64)
	case 3:
		return strconv.FormatFloat(g.NormFloat64(), 'f', g.IntN(20), 64)
	}
	return strconv.FormatFloat(float64(g.IntN(20000)-10000)/float64(g.oneInt(1, 2, 3, 10, 100, 1000)), 'f', -1, 64)
}

func (g *gen) oneInt(choices ...int) int { return choices[g.IntN(len(choices))] }

// farTTL returns a time to live in seconds. No two are near each other, so that
// the moment at which a command runs never decides between them.
func (g *gen) farTTL() int64 {
	const gap = 600
	g.lastTTL++
	return 100_000 + (g.lastTTL*7919%100_000)*gap
}

// farTime returns a unix time in seconds, long after all of farTTL.
func (g *gen) farTime() int64 { return 4_000_000_000 + g.farTTL() }

// mixedCase returns the word in some case.
func (g *gen) mixedCase(word string) string {
	if g.often(80) {
		return word
	}
	return strings.ToLower(word)
}
