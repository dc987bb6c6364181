package main

import (
	"strings"
	"testing"
)

func TestMemoryCells(t *testing.T) {
	const mib = 1 << 20
	bases := [][]footprint{{{10 * mib, 0}}, {{20 * mib, 0}}, {{10 * mib, 0}}}
	steps := [][]footprint{{{20 * mib, 20 * mib}}, {{35 * mib, 70 * mib}}, {{60 * mib, 69 * mib}}}
	if got, want := strings.Join(memoryCells(steps, bases, 0, mib), " "), "20 35 15 1.50 60 40 - 70"; got != want {
		t.Errorf("cells %s, want %s", got, want)
	}
}
