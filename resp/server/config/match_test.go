package config_test

import (
	"slices"
	"testing"

	"github.com/redoubtdb/redoubt/resp/server/config"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"*", "", true}, {"", "", true}, {"", "a", false}, {"a*c", "abbc", true}, {"a*c", "abb", false}, {"a?c", "abc", true}, {"a?c", "ac", false},
		{"[a-c]x", "bx", true}, {"[c-a]x", "bx", true}, {"[^a-c]x", "bx", false}, {"[^a-c]x", "dx", true}, {"[abc", "b", true}, {`\*`, "*", true}, {`\*`, "a", false},
		{`[\]]`, "]", true}, {"A", "a", true}, {"**a**", "bab", true}, {"a", "ab", false}, {"[", "x", false}, {"[^", "x", true}, {`a\`, `a\`, true},
	} {
		if got := config.Match(c.pattern, c.s, true); got != c.want {
			t.Errorf("Match(%q, %q) = %v", c.pattern, c.s, got)
		}
	}
	if config.Match("A", "a", false) {
		t.Error("case is ignored though it should not be")
	}
}

func TestSplitWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line string
		want []string
		ok   bool
	}{
		{"", []string{}, true}, {"  a  b\t", []string{"a", "b"}, true}, {`a"b c"`, []string{"ab c"}, true}, {`"a\x41\n\"" 'x\'y\n'`, []string{"aA\n\"", `x'y\n`}, true},
		{`"a"b`, nil, false}, {`"a`, nil, false}, {`'a`, nil, false}, {`'a\`, nil, false}, {`""`, []string{""}, true}, {`"\xZZ"`, []string{"xZZ"}, true}, {"'a' b", []string{"a", "b"}, true},
	} {
		got, ok := config.SplitWords(c.line)
		if ok != c.ok || ok && !slices.Equal(got, c.want) {
			t.Errorf("SplitWords(%q) = %q, %v", c.line, got, ok)
		}
	}
}
