package main

import (
	"strings"
	"testing"
	"time"
)

func TestPercentile(t *testing.T) {
	upTo := func(n int) (all []time.Duration) {
		for i := range n {
			all = append(all, time.Duration(i+1))
		}
		return all
	}
	for _, c := range []struct {
		n     int
		share float64
		want  time.Duration
	}{
		{0, 0.5, 0}, {1, 0.5, 1}, {1, 0.999, 1}, {2, 0.5, 1}, {3, 0.5, 2}, {100, 0.5, 50}, {100, 0.99, 99}, {100, 0.999, 100},
		{1000, 0.999, 999}, {1001, 0.999, 1000}, {10_000, 0.999, 9990}, {10_000, 1, 10_000}, {10, 0, 1},
	} {
		if got := percentile(upTo(c.n), c.share); got != c.want {
			t.Errorf("%v of %d values is %d, want %d", c.share, c.n, got, c.want)
		}
	}
	got := strings.Join(percentileCells([]time.Duration{time.Millisecond, 1500 * time.Microsecond, 2 * time.Second}), " ")
	if want := "1.50 2000.00 2000.00 2000.00"; got != want || len(percentileTitles()) != 4 {
		t.Errorf("cells %q, want %q", got, want)
	}
}
