package syntax

import (
	"errors"
	"math"
	"strings"
	"testing"

	glua "github.com/yuin/gopher-lua"
)

func TestParseNumber(t *testing.T) {
	for text, want := range map[string]float64{
		"10": 10, "010": 10, " 12\n": 12, "0x10": 16, "0XfF": 255, ".5": 0.5, "5.": 5, "1e3": 1000, "1E-2": 0.01,
		"-7": -7, "+7": 7, "-0x1": -1, "inf": math.Inf(1), "-inf": math.Inf(-1), "1e999": math.Inf(1),
	} {
		if got, ok := ParseNumber(text); !ok || got != want {
			t.Errorf("%q: %v %v, want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", " ", "x", "1x", "0x", "1_000", "--1", "+-1", "1 2", "1e", "0b1", "0x1_0", "."} {
		if got, ok := ParseNumber(text); ok {
			t.Errorf("%q is %v", text, got)
		}
	}
}

func TestChunkName(t *testing.T) {
	long := strings.Repeat("x", 100)
	for name, want := range map[string]string{
		"@user_script": "user_script", "=(load)": "(load)", "return 1": `[string "return 1"]`,
		"a\nb": `[string "a..."]`, "": `[string ""]`, long: `[string "` + long[:45] + `..."]`,
		"@" + long: "..." + long[:56], "=" + long: long[:59],
	} {
		if got := ChunkName(name); got != want {
			t.Errorf("%.20q: %q, want %q", name, got, want)
		}
	}
}

// What is too large or too deep is refused before the compiler sees it.
func TestLimits(t *testing.T) {
	many := func(n int, s string) string { return strings.Repeat(s, n) }
	for _, source := range []string{
		many(MaxSource+1, " "),
		"return " + many(300, "(") + "1" + many(300, ")"),
		"return " + many(1000, "not "),
		"return " + many(1000, "{") + many(1000, "}"),
		many(300, "do ") + many(300, "end "),
		many(300, "local function f() ") + many(300, "end "),
		"return " + many(10_000, "x+") + "1",
		"return x" + many(10_000, ".y"),
		"return f" + many(10_000, "()"),
		"if x then" + many(5000, " elseif x then") + " end",
		"return {" + many(30_000, "1,") + "}",
		"return {" + many(100, "[x]=1,") + "}",
		many(201, "local a = 1 "),
		many(100, "a,") + "a = 1",
	} {
		if _, err := Parse(source, "=x"); err == nil {
			t.Errorf("%.60q is accepted", source)
		}
	}
}

// The places in a chunk name their operands.
func TestSites(t *testing.T) {
	chunk, err := Parse("local a\nlocal function f()\n  return a.b.c(g)\nend", "=x")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, s := range chunk.Sites {
		for _, n := range s.Names {
			found[n] = s.Line
		}
	}
	for _, name := range []string{"upvalue 'a'", "field 'b'", "field 'c'"} {
		if found[name] != 3 {
			t.Errorf("%s is at line %d: %v", name, found[name], found)
		}
	}
}

// Whatever the source, there is an error or a program that compiles.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"return 1", "local a, b = b, a", "for i = 1, 2 do end", "a.b[c]:d{...}", "--[==[ x ]==] return [[y]]", "x = 'a\\065\\\n'",
		"repeat local x until x", "if a then elseif b then else end", "local function f(...) return ... end", "return {[1]=2, a=3; 4}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		chunk, err := Parse(source, "=fuzz")
		if err != nil {
			var bad *Error
			if !errors.As(err, &bad) {
				t.Fatalf("%q: %T", source, err)
			}
			return
		}
		if _, err := glua.Compile(chunk.Main, "fuzz"); err != nil && !strings.Contains(err.Error(), "too many") && !strings.Contains(err.Error(), "overflow") {
			t.Fatalf("%q: %v", source, err)
		}
	})
}
