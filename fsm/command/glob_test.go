package command

import "testing"

func TestGlob(t *testing.T) {
	tests := []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true}, {"", "a", false}, {"*", "a", true}, {"*", "", false}, {"**", "", false},
		{"a", "a", true}, {"a", "b", false}, {"a*", "a", true}, {"*a", "ba", true}, {"*a", "ab", false},
		{"h?llo", "hello", true}, {"h?llo", "hllo", false}, {"h*llo", "heeello", true},
		{"*ab*ab", "abab", true}, {"*ab*ab", "ab", false}, {"*aab", "aaab", true}, {"a*b*c", "axxbyyc", true},
		{"h[ae]llo", "hallo", true}, {"h[ae]llo", "hillo", false}, {"h[^e]llo", "hallo", true}, {"h[^e]llo", "hello", false},
		{"h[a-c]llo", "hbllo", true}, {"h[c-a]llo", "hbllo", true}, {"h[a-c]llo", "hdllo", false},
		{`\*`, "*", true}, {`\*`, "a", false}, {`\`, `\`, true}, {`a\`, `a\`, true}, {`[\]]`, "]", true}, {`[\-z]`, "-", true},
		{"[abc", "b", true}, {"[abc", "d", false}, {"[", "a", false}, {"[^", "a", true}, {"[]", "]", false}, {"[^]", "x", true},
		{"[a-", "-", true}, {"[a-]", "]", true}, {"[a-]x", "^", true}, {"a**", "a", true}, {"?*", "x", true}, {"*?", "x", true},
		{"*[", "xx", false}, {"x*y", "x", false},
	}
	for _, tt := range tests {
		if got := Glob([]byte(tt.pattern), []byte(tt.s)); got != tt.want {
			t.Errorf("Glob(%q, %q) = %v, want %v", tt.pattern, tt.s, got, tt.want)
		}
	}
}
