package main

import (
	"fmt"
	"slices"
	"strconv"
)

// failoverRow is the measurements of one kind of failover of one system.
type failoverRow struct {
	system string
	title  string
	pauses []float64 // milliseconds
	acked  int       // writes
	lost   int       // of these
}

// lostIn counts the acknowledged writes that were lost in all.
func lostIn(rows []failoverRow) (lost int) {
	for _, r := range rows {
		lost += r.lost
	}
	return lost
}

// byKind puts the rows of one kind of failover side by side, the kinds in their order.
func byKind(rows []failoverRow) (sorted []failoverRow) {
	for _, kind := range failoverKinds() {
		for _, r := range rows {
			if r.title == kind.title {
				sorted = append(sorted, r)
			}
		}
	}
	return sorted
}

// failoverTable is the result in Markdown.
func failoverTable(rows []failoverRow) string {
	var cells [][]string
	for _, r := range rows {
		cells = append(cells, []string{
			r.title + ": " + r.system, strconv.Itoa(len(r.pauses)),
			fmt.Sprintf("%.0f", median(r.pauses)), fmt.Sprintf("%.0f", slices.Max(r.pauses)),
			thousands(float64(r.acked)), thousands(float64(r.lost)),
		})
	}
	return markdown([]string{"failover", "number", "median, ms", "worst, ms", "writes acknowledged", "of these lost"}, cells)
}
