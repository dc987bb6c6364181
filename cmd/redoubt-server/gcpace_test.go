package main

import (
	"math"
	"runtime/metrics"
	"testing"
)

func TestGCPercent(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{
		{0, 800}, {1, 800}, {8 << 20, 800}, {16 << 20, 400}, {40 << 20, 160}, {64 << 20, 100}, {80 << 20, 100}, {1 << 40, 100}, {math.MaxUint64, 100},
	} {
		if got := gcPercent(c.live); got != c.want {
			t.Errorf("%d bytes live: %d %%, want %d", c.live, got, c.want)
		}
	}
}

// The runtime knows the number that the pace is made of.
func TestLiveHeapIsKnown(t *testing.T) {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	if metrics.Read(live); live[0].Value.Kind() != metrics.KindUint64 {
		t.Errorf("%s is of kind %d", live[0].Name, live[0].Value.Kind())
	}
}
