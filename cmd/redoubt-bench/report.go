package main

import (
	"encoding/csv"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// parseRate reads requests a second out of redis-benchmark's CSV: the command stands in the column "test",
// the rate in "rps". Older versions print no header, and these two columns alone.
func parseRate(text, command string) (float64, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		return 0, fmt.Errorf("redis-benchmark's output: %w", err)
	}
	test, rps := 0, 1
	for _, row := range rows {
		if i := slices.Index(row, "test"); i >= 0 {
			test, rps = i, slices.Index(row, "rps")
			continue
		}
		if rps < 0 || max(test, rps) >= len(row) || !strings.EqualFold(row[test], command) {
			continue
		}
		rate, err := strconv.ParseFloat(row[rps], 64)
		if err != nil || !(rate > 0) || math.IsInf(rate, 0) {
			return 0, fmt.Errorf("redis-benchmark tells %q requests a second", row[rps])
		}
		return rate, nil
	}
	return 0, fmt.Errorf("redis-benchmark's output has no row for %s: %q", command, text)
}

// measurements are numbers by peer and workload, one a round.
type measurements struct {
	unit   string
	format func(float64) string
	peers  []string
	bases  []int // which peer each is compared with
	titles []string
	values [][][]float64
}

// newMeasurements are of rates, and compare all peers with the first one.
func newMeasurements(peers []peer, workloads []workload) *measurements {
	m := &measurements{unit: "requests/s", format: thousands, bases: make([]int, len(peers)), values: make([][][]float64, len(peers))}
	for i, p := range peers {
		m.peers = append(m.peers, p.name)
		m.values[i] = make([][]float64, len(workloads))
	}
	for _, w := range workloads {
		m.titles = append(m.titles, w.title)
	}
	return m
}

func (m *measurements) add(peer, workload int, value float64) {
	m.values[peer][workload] = append(m.values[peer][workload], value)
}

// ratio compares a peer with its base: the median of the rounds' ratios, for only what was measured
// one after the other is comparable on a machine that others use too.
func (m *measurements) ratio(peer, workload int) string {
	ours, theirs := m.values[peer][workload], m.values[m.bases[peer]][workload]
	var ratios []float64
	for i := range ours {
		if theirs[i] > 0 {
			ratios = append(ratios, ours[i]/theirs[i])
		}
	}
	if len(ratios) == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", median(ratios))
}

// table is the result in Markdown: a row with the medians of each peer, and for all that are compared with another
// a row with ratios.
func (m *measurements) table() string {
	var rows [][]string
	for i, name := range m.peers {
		cells := []string{name}
		for j := range m.titles {
			cells = append(cells, m.format(median(m.values[i][j])))
		}
		rows = append(rows, cells)
	}
	for i, name := range m.peers {
		if m.bases[i] == i {
			continue
		}
		cells := []string{name + " / " + m.peers[m.bases[i]]}
		for j := range m.titles {
			cells = append(cells, m.ratio(i, j))
		}
		rows = append(rows, cells)
	}
	return markdown(append([]string{m.unit}, m.titles...), rows)
}

// markdown is a table whose first column is text and whose others are numbers.
func markdown(titles []string, rows [][]string) string {
	var b strings.Builder
	row(&b, titles)
	rule := []string{"---"}
	for range titles[1:] {
		rule = append(rule, "---:")
	}
	row(&b, rule)
	for _, cells := range rows {
		row(&b, cells)
	}
	return b.String()
}

func row(b *strings.Builder, cells []string) {
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

// median is the middle value, or the mean of the two in the middle; of nothing it is 0.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// thousands writes a rate as people read it: 64,700.
func thousands(rate float64) string {
	digits := strconv.FormatFloat(math.Round(rate), 'f', 0, 64)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}
