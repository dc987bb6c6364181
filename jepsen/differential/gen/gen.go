// Package gen makes random requests, for tests that send the same ones to Redoubt and to
// a real redis-server.
//
// A family of commands has one file and one function that returns its Family. Whoever adds
// a data command adds a maker here: the unit test of fsm/command and the test of whole
// processes both draw from it. Each request comes with the way to compare its replies;
// what is deliberately different stands in Declared, with its reason.
package gen

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/redoubtdb/redoubt/jepsen/differential/reply"
)

// A Family makes random requests for one group of commands. To add one, write a file
// with a function like stringFamily and name it in Families.
type Family struct {
	Name  string
	makes []maker
}

// maker makes one kind of request. It is chosen weight times as often as one of
// weight 1.
type maker struct {
	weight int
	make   func(g *Gen) Step
}

// Step is one request and how its replies are compared (nil: exact).
type Step struct {
	Args    []string
	Compare reply.Compare
}

// Equal tells whether our reply is as good as Redis'.
func (s *Step) Equal(want, got reply.Value) bool {
	equal := s.Compare
	if equal == nil {
		equal = reply.Exact
	}
	return equal(want, got) || Declared(s.Args, want, got)
}

// Families lists the generators of data commands. They share keys, so that a run over
// all of them meets keys of the wrong type everywhere.
func Families() []Family {
	return []Family{
		stringFamily(),
		keysFamily(),
		listFamily(),
		hashFamily(),
		setFamily(),
	}
}

// All mixes everybody's commands over the same keys.
func All() Family {
	all := Family{Name: "all"}
	for _, f := range Families() {
		all.makes = append(all.makes, f.makes...)
	}
	return all
}

// Next makes a random request of the family.
func (f *Family) Next(g *Gen) Step {
	total := 0
	for _, m := range f.makes {
		total += m.weight
	}
	n := g.IntN(total)
	for _, m := range f.makes {
		if n -= m.weight; n < 0 {
			return m.make(g)
		}
	}
	panic("unreachable: weights add up to total")
}

// Keys that generators use. The hash tag puts them into one slot, as commands
// with several keys need it in a cluster.
const (
	KeyTag      = "{t}"
	KeyUniverse = 12
)

// Gen draws the random parts of requests. All draws come from one seed.
type Gen struct {
	*rand.Rand
	lastTTL int64
}

// New returns a source of requests that are the same for the same seed.
func New(seed uint64) *Gen { return &Gen{Rand: rand.New(rand.NewPCG(seed, seed))} }

// Key returns one of a few keys.
func (g *Gen) Key() string { return KeyName(g.IntN(KeyUniverse)) }

// KeyName is the name of key i of KeyUniverse.
func KeyName(i int) string { return "k" + strconv.Itoa(i) + KeyTag }

// Keys returns between least and most of them, not always different ones.
func (g *Gen) Keys(least, most int) []string {
	return g.Some(least, most, g.Key)
}

// Some draws between least and most things.
func (g *Gen) Some(least, most int, draw func() string) []string {
	out := make([]string, least+g.IntN(most-least+1))
	for i := range out {
		out[i] = draw()
	}
	return out
}

// OneOf returns one of the choices.
func (g *Gen) OneOf(choices ...string) string { return choices[g.IntN(len(choices))] }

// Often is true in p of 100 cases.
func (g *Gen) Often(p int) bool { return g.IntN(100) < p }

// Value returns a string of some kind: small or large numbers, text, binary.
func (g *Gen) Value() string {
	switch g.IntN(10) {
	case 0:
		return ""
	case 1, 2:
		return g.Integer()
	case 3:
		return g.Float()
	case 4:
		return string([]byte{byte(g.IntN(256)), 0, '\r', '\n', byte(g.IntN(256))})
	case 5:
		return strings.Repeat(g.OneOf("a", "xy", "é"), g.IntN(80))
	}
	return g.Word()
}

// Word returns one of a few short strings, so that equal ones meet.
func (g *Gen) Word() string { return g.OneOf("a", "b", "c", "d", "foo", "bar", "Foo", "hello world") }

// Small returns a small integer, now and then a negative one.
func (g *Gen) Small() string { return strconv.Itoa(g.IntN(14) - 4) }

// Integer returns the text of an integer, some of them huge or not quite one.
func (g *Gen) Integer() string {
	switch g.IntN(12) {
	case 0:
		return g.OneOf("9223372036854775807", "-9223372036854775808", "9223372036854775808", "-9223372036854775809",
			"99999999999999999999", "9999", "10000", "0", "-1")
	case 1:
		return g.OneOf("-0", "+1", " 1", "1 ", "01", "1.0", "", "abc", "0x10", "1e3", "--1")
	case 2:
		return strconv.FormatInt(int64(g.Uint64()), 10)
	}
	return strconv.Itoa(g.IntN(2000) - 1000)
}

// Float returns the text of a floating-point number, some of them odd.
func (g *Gen) Float() string {
	switch g.IntN(8) {
	case 0:
		return g.OneOf("inf", "-inf", "+Infinity", "nan", "1e400", "1e5000", "1e-5000", "-0", "0x1.8p3", "0x10", ".5", "5.", "1e", "1e+",
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

func (g *Gen) oneInt(choices ...int) int { return choices[g.IntN(len(choices))] }

// farTTL returns a time to live in seconds. No two are near each other, so that
// the moment at which a command runs never decides between them.
func (g *Gen) farTTL() int64 {
	const gap = 600
	g.lastTTL++
	return 100_000 + (g.lastTTL*7919%100_000)*gap
}

// farTime returns a unix time in seconds, long after all of farTTL.
func (g *Gen) farTime() int64 { return 4_000_000_000 + g.farTTL() }

// MixedCase returns the word in some case.
func (g *Gen) MixedCase(word string) string {
	if g.Often(80) {
		return word
	}
	return strings.ToLower(word)
}
