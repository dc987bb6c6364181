package command_test

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// compare reports whether our reply is as good as Redis'.
type compare func(want, got reply) bool

// exact wants the same bytes. It is the default, and what nearly everything uses.
func exact(want, got reply) bool { return bytes.Equal(want.raw, got.raw) }

// unordered wants the same elements in any order, for replies that list what
// Redis keeps in a hash table. Pairs of a map stay together.
func unordered(want, got reply) bool {
	return want.kind == got.kind && slices.Equal(sorted(want), sorted(got))
}

// unorderedPairs is unordered for RESP2's flat lists of field after value.
func unorderedPairs(want, got reply) bool {
	if want.kind == '*' {
		want.kind, got.kind = '%', kindOf(got, '*', '%')
	}
	return unordered(want, got)
}

// scanned compares two whole scans: the elements in any order, the cursors equal.
func scanned(want, got reply) bool {
	if len(want.elems) != 2 || len(got.elems) != 2 {
		return exact(want, got)
	}
	return exact(want.elems[0], got.elems[0]) && unordered(want.elems[1], got.elems[1])
}

// near wants integers that differ by no more than slack, for times to live.
func near(slack int64) compare {
	return func(want, got reply) bool {
		a, errA := strconv.ParseInt(want.text, 10, 64)
		b, errB := strconv.ParseInt(got.text, 10, 64)
		if want.kind != ':' || got.kind != ':' || errA != nil || errB != nil || a < 0 || b < 0 {
			return exact(want, got)
		}
		return max(a-b, b-a) <= slack
	}
}

// alike wants the same type, error text and nullness, but not the same content: for
// random choices.
func alike(want, got reply) bool {
	if want.kind == '-' || want.null {
		return exact(want, got)
	}
	return want.kind == got.kind && want.null == got.null && len(want.elems) == len(got.elems)
}

// knownDifference tells where our reply may differ from Redis', and why.
func knownDifference(args []string, want, got reply) bool {
	switch {
	// The encoding of a whole number follows from its bytes with us. Redis keeps the
	// result of INCRBYFLOAT as text, until it is restarted.
	case len(args) == 3 && strings.EqualFold(args[0], "OBJECT") && strings.EqualFold(args[1], "ENCODING"):
		return want.text == "embstr" && got.text == "int"
	}
	return false
}

func kindOf(v reply, from, to byte) byte {
	if v.kind == from {
		return to
	}
	return v.kind
}

// sorted returns the raw elements, or pairs of a map, in order.
func sorted(v reply) []string {
	step := 1
	if v.kind == '%' {
		step = 2
	}
	if len(v.elems) == 0 {
		return []string{string(v.raw)}
	}
	var out []string
	for chunk := range slices.Chunk(v.elems, step) {
		text := ""
		for _, e := range chunk {
			text += string(e.raw)
		}
		out = append(out, text)
	}
	slices.Sort(out)
	return out
}
