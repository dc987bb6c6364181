package main

import (
	"strings"
	"testing"
)

func TestShares(t *testing.T) {
	for _, c := range []struct {
		masters int
		firsts  []int
	}{
		{1, []int{0, 16384}},
		{3, []int{0, 5461, 10923, 16384}},
		{4, []int{0, 4096, 8192, 12288, 16384}},
	} {
		for i, want := range c.firsts {
			if got := firstSlot(&settings{masters: c.masters}, i); got != want {
				t.Errorf("%d masters: share %d begins at %d, want %d", c.masters, i, got, want)
			}
		}
	}
}

func TestBadFlags(t *testing.T) {
	for _, c := range []struct {
		args []string
		text string
	}{
		{nil, "is needed"},
		{[]string{"sideways"}, "unknown command"},
		{[]string{"up", "-masters", "0"}, "at least one master"},
		{[]string{"up", "-port", "60000"}, "do not exist"},
		{[]string{"up", "-nonsense"}, "flag provided but not defined"},
		{[]string{"up", "-server", "/nonexistent/redoubt-server", "-port", "19990", "-dir", t.TempDir()}, "starting /nonexistent"},
	} {
		if err := run(c.args); err == nil || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%v: %v, wanted an error with %q", c.args, err, c.text)
		}
	}
}
