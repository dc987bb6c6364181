package slotmap

import (
	"fmt"
	"iter"
	"strconv"
	"strings"
)

// Range is a run of slots, both ends included.
type Range struct {
	Start uint16 `json:"start"`
	End   uint16 `json:"end"`
}

// Len is the number of slots in the range.
func (r Range) Len() int { return int(r.End) - int(r.Start) + 1 }

// String writes a range as CLUSTER NODES does: "5" or "0-5460".
func (r Range) String() string {
	if r.Start == r.End {
		return strconv.Itoa(int(r.Start))
	}
	return fmt.Sprintf("%d-%d", r.Start, r.End)
}

// valid tells whether the range is in order and inside the slot space.
func (r Range) valid() bool { return r.Start <= r.End && r.End < SlotCount }

// RangesOf collects slots, in any order and with repetitions, into sorted ranges.
func RangesOf(slots []uint16) []Range {
	var set [SlotCount]bool
	for _, s := range slots {
		if s < SlotCount {
			set[s] = true
		}
	}
	var out []Range
	for i := range uint16(SlotCount) {
		if set[i] {
			out = extend(out, Range{Start: i, End: i})
		}
	}
	return out
}

// slotsOf walks over the slots of ranges.
func slotsOf(ranges []Range) iter.Seq[uint16] {
	return func(yield func(uint16) bool) {
		for _, r := range ranges {
			for i := int(r.Start); i <= int(r.End); i++ {
				if !yield(uint16(i)) {
					return
				}
			}
		}
	}
}

// extend adds a range that lies behind all of ranges.
func extend(ranges []Range, r Range) []Range {
	if n := len(ranges); n > 0 && int(ranges[n-1].End)+1 == int(r.Start) {
		ranges[n-1].End = r.End
		return ranges
	}
	return append(ranges, r)
}

// formatRanges writes ranges separated by commas; parseRanges reads that.
func formatRanges(ranges []Range) string {
	words := make([]string, len(ranges))
	for i, r := range ranges {
		words[i] = r.String()
	}
	return strings.Join(words, ",")
}

func parseRanges(s string) ([]Range, error) {
	if s == "" {
		return nil, nil
	}
	var out []Range
	for word := range strings.SplitSeq(s, ",") {
		first, last, dash := strings.Cut(word, "-")
		if !dash {
			last = first
		}
		start, err1 := strconv.ParseUint(first, 10, 16)
		end, err2 := strconv.ParseUint(last, 10, 16)
		r := Range{Start: uint16(start), End: uint16(end)}
		if err1 != nil || err2 != nil || !r.valid() {
			return nil, fmt.Errorf("%w: %q", ErrBadRange, word)
		}
		out = append(out, r)
	}
	return out, nil
}
