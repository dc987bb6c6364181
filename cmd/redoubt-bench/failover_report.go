package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// failoverRow is the measurements of one kind of failover.
type failoverRow struct {
	title  string
	pauses []float64 // milliseconds
}

// failoverTable is the result in Markdown.
func failoverTable(rows []failoverRow) string {
	var b strings.Builder
	row(&b, []string{"failover", "number", "median, ms", "worst, ms"})
	row(&b, []string{"---", "---:", "---:", "---:"})
	for _, r := range rows {
		row(&b, []string{
			r.title, strconv.Itoa(len(r.pauses)),
			fmt.Sprintf("%.0f", median(r.pauses)), fmt.Sprintf("%.0f", slices.Max(r.pauses)),
		})
	}
	return b.String()
}
