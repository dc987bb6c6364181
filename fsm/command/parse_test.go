package command

import (
	"math"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

func TestParseInt(t *testing.T) {
	good := map[string]int64{
		"0": 0, "1": 1, "-1": -1, "10": 10, "9223372036854775807": math.MaxInt64, "-9223372036854775808": math.MinInt64,
	}
	for text, want := range good {
		if got, ok := ParseInt([]byte(text)); !ok || got != want {
			t.Errorf("%q: got %d, %v", text, got, ok)
		}
	}
	for _, text := range []string{
		"", "-", "+", "+1", " 1", "1 ", "01", "-01", "-0", "00", "1.0", "1e3", "0x1", "abc", "1a", "--1", "1-",
		"9223372036854775808", "-9223372036854775809", "18446744073709551616", "99999999999999999999", "-99999999999999999999",
		"100000000000000000000",
	} {
		if got, ok := ParseInt([]byte(text)); ok {
			t.Errorf("%q: got %d", text, got)
		}
	}
}

// TestParseIntIsCanonical: exactly the texts that strconv would print are read.
func TestParseIntIsCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(
			rapid.StringMatching(`[-+]?[0-9]{1,21}`),
			rapid.Map(rapid.Int64(), func(n int64) string { return strconv.FormatInt(n, 10) }),
			rapid.StringMatching(`-?(9223372036854775[0-9]{3}|1844674407370955[0-9]{4})`),
		).Draw(t, "text")
		n, err := strconv.ParseInt(text, 10, 64)
		want := err == nil && strconv.FormatInt(n, 10) == text
		got, ok := ParseInt([]byte(text))
		if ok != want || ok && got != n {
			t.Fatalf("%q: got %d, %v; want %d, %v", text, got, ok, n, want)
		}
	})
}

func TestParseFloat(t *testing.T) {
	good := map[string]float64{
		"0": 0, "1": 1, "-1.5": -1.5, "+2": 2, ".5": .5, "5.": 5, "1e3": 1000, "1E-2": 0.01, "inf": math.Inf(1), "-Infinity": math.Inf(-1),
		"0x10": 16, "0x1.8p1": 3, "-0x.8": -0.5, "0e999": 0, "00012.50": 12.5, "0x0": 0, "4.9e-324": 4.9e-324,
	}
	for text, want := range good {
		if got, ok := ParseFloat([]byte(text)); !ok || got != want {
			t.Errorf("%q: got %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{
		"", " 1", "1 ", "1_0", "0x1_0", "nan", "NaN", "-nan", "1e", "e5", ".", "0x", "1x", "--1", "1e400", "-1e400", "1e-400", "0x1p-2000",
		"abc", "1,5", "1.5.2", "in", "infinit",
	} {
		if got, ok := ParseFloat([]byte(text)); ok {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

func TestEqualFold(t *testing.T) {
	tests := []struct {
		arg, keyword string
		want         bool
	}{
		{"GET", "GET", true}, {"get", "GET", true}, {"gEt", "GET", true}, {"", "", true}, {"GE", "GET", false}, {"GETX", "GET", false},
		{"G@T", "GET", false}, {"string", "STRING", true}, {"{", "[", false},
	}
	for _, tt := range tests {
		if got := EqualFold([]byte(tt.arg), tt.keyword); got != tt.want {
			t.Errorf("%q, %q: got %v", tt.arg, tt.keyword, got)
		}
	}
}

func TestAddInt(t *testing.T) {
	tests := []struct {
		a, b, sum int64
		ok        bool
	}{
		{1, 2, 3, true}, {1, -2, -1, true}, {0, 0, 0, true}, {math.MaxInt64, 0, math.MaxInt64, true}, {math.MaxInt64, 1, 0, false},
		{math.MinInt64, -1, 0, false}, {math.MinInt64, math.MaxInt64, -1, true}, {math.MinInt64, math.MinInt64, 0, false},
		{math.MaxInt64, math.MaxInt64, 0, false}, {0, math.MinInt64, math.MinInt64, true}, {-1, math.MinInt64, 0, false},
	}
	for _, tt := range tests {
		if sum, ok := AddInt(tt.a, tt.b); ok != tt.ok || ok && sum != tt.sum {
			t.Errorf("%d + %d: got %d, %v", tt.a, tt.b, sum, ok)
		}
	}
}

func TestAddLongDouble(t *testing.T) {
	tests := []struct{ a, b, sum string }{
		{"0.1", "0.2", "0.3"}, {"3.0", "1.1", "4.1"}, {"1e19", "1", "10000000000000000001"}, {"1.5", "-1.5", "0"},
		// The mantissa has 64 bits: 2^64 + 1 rounds to even.
		{"18446744073709551616", "1", "18446744073709551616"}, {"18446744073709551616", "3", "18446744073709551620"},
		{"1", "0.00000000000000000005", "1"}, {"-0", "0", "0"}, {"0x10", "0x.8p0", "16.5"}, {"1e-30", "0", "0"}, {"-1e-30", "0", "0"},
	}
	for _, tt := range tests {
		if sum, problem := AddLongDouble([]byte(tt.a), []byte(tt.b)); problem != "" || string(sum) != tt.sum {
			t.Errorf("%s + %s: got %s %s, want %s", tt.a, tt.b, sum, problem, tt.sum)
		}
	}
}
