package reply

import (
	"bytes"
	"slices"
	"strconv"
)

// Compare reports whether our reply is as good as Redis'.
type Compare func(want, got Value) bool

// Exact wants the same bytes. It is the default, and what nearly everything uses.
func Exact(want, got Value) bool { return bytes.Equal(want.Raw, got.Raw) }

// Unordered wants the same elements in any order, for replies that list what
// Redis keeps in a hash table. Pairs of a map stay together.
func Unordered(want, got Value) bool {
	return want.Kind == got.Kind && slices.Equal(sorted(want), sorted(got))
}

// UnorderedPairs is Unordered for RESP2's flat lists of field after value.
func UnorderedPairs(want, got Value) bool {
	if want.Kind == '*' {
		want.Kind, got.Kind = '%', kindOf(got, '*', '%')
	}
	return Unordered(want, got)
}

// Scanned compares two whole scans: the elements in any order, the cursors equal.
func Scanned(want, got Value) bool {
	if len(want.Elems) != 2 || len(got.Elems) != 2 {
		return Exact(want, got)
	}
	return Exact(want.Elems[0], got.Elems[0]) && Unordered(want.Elems[1], got.Elems[1])
}

// Near wants integers that differ by no more than slack, for times to live.
func Near(slack int64) Compare {
	return func(want, got Value) bool {
		a, errA := strconv.ParseInt(want.Text, 10, 64)
		b, errB := strconv.ParseInt(got.Text, 10, 64)
		if want.Kind != ':' || got.Kind != ':' || errA != nil || errB != nil || a < 0 || b < 0 {
			return Exact(want, got)
		}
		return max(a-b, b-a) <= slack
	}
}

// Alike wants the same type, error text and nullness, but not the same content: for
// random choices.
func Alike(want, got Value) bool {
	if want.Kind == '-' || want.Null {
		return Exact(want, got)
	}
	return want.Kind == got.Kind && want.Null == got.Null && len(want.Elems) == len(got.Elems)
}

func kindOf(v Value, from, to byte) byte {
	if v.Kind == from {
		return to
	}
	return v.Kind
}

// ScannedPairs is Scanned for a list of field after value.
func ScannedPairs(want, got Value) bool {
	if len(want.Elems) != 2 || len(got.Elems) != 2 {
		return Exact(want, got)
	}
	return Exact(want.Elems[0], got.Elems[0]) && UnorderedPairs(want.Elems[1], got.Elems[1])
}

// sorted returns the raw elements, or pairs of a map, in order.
func sorted(v Value) []string {
	step := 1
	if v.Kind == '%' {
		step = 2
	}
	if len(v.Elems) == 0 {
		return []string{string(v.Raw)}
	}
	var out []string
	for chunk := range slices.Chunk(v.Elems, step) {
		text := ""
		for _, e := range chunk {
			text += string(e.Raw)
		}
		out = append(out, text)
	}
	slices.Sort(out)
	return out
}
