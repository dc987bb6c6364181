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

// measurements are rates by peer and workload, one a round.
type measurements struct {
	peers     []peer
	workloads []workload
	rates     [][][]float64
}

func newMeasurements(peers []peer, workloads []workload) *measurements {
	m := &measurements{peers: peers, workloads: workloads, rates: make([][][]float64, len(peers))}
	for i := range m.rates {
		m.rates[i] = make([][]float64, len(workloads))
	}
	return m
}

func (m *measurements) add(peer, workload int, rate float64) {
	m.rates[peer][workload] = append(m.rates[peer][workload], rate)
}

// ratio compares a peer with the first one: the median of the rounds' ratios, for only what was measured
// one after the other is comparable on a machine that others use too.
func (m *measurements) ratio(peer, workload int) float64 {
	ours, theirs := m.rates[peer][workload], m.rates[0][workload]
	ratios := make([]float64, len(ours))
	for i := range ours {
		ratios[i] = ours[i] / theirs[i]
	}
	return median(ratios)
}

// table is the result in Markdown: a row with the median rates of each peer, and for all but the first one
// a row with ratios.
func (m *measurements) table() string {
	var b strings.Builder
	titles := []string{"requests/s"}
	rule := []string{"---"}
	for _, w := range m.workloads {
		titles, rule = append(titles, w.title), append(rule, "---:")
	}
	row(&b, titles)
	row(&b, rule)
	for i, p := range m.peers {
		cells := []string{p.name}
		for j := range m.workloads {
			cells = append(cells, thousands(median(m.rates[i][j])))
		}
		row(&b, cells)
	}
	for i, p := range m.peers[1:] {
		cells := []string{p.name + " / " + m.peers[0].name}
		for j := range m.workloads {
			cells = append(cells, fmt.Sprintf("%.2f", m.ratio(i+1, j)))
		}
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
