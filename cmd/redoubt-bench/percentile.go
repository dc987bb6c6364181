package main

import (
	"fmt"
	"math"
	"time"
)

// percentile is the smallest value that at least the given share of all do not exceed. The values are sorted; of none it is 0.
func percentile(sorted []time.Duration, share float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(share * float64(len(sorted))))
	return sorted[min(len(sorted), max(1, rank))-1]
}

// percentileCells are the middle, the tail and the end of what was measured, in milliseconds.
func percentileCells(sorted []time.Duration) []string {
	var cells []string
	for _, share := range []float64{0.5, 0.99, 0.999, 1} {
		cells = append(cells, milliseconds(percentile(sorted, share)))
	}
	return cells
}

func percentileTitles() []string { return []string{"p50, ms", "p99, ms", "p99.9, ms", "max, ms"} }

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()*1000) }
