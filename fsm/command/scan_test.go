package command_test

import (
	"fmt"
	"testing"
)

// TestScanVisitsEveryKeyOnce walks over many slots with small steps.
func TestScanVisitsEveryKeyOnce(t *testing.T) {
	const keys = 700
	e := newExecutor(t, 2, wallClock)
	for i := range keys {
		e.do("SET", fmt.Sprintf("key:%d", i), "v")
		e.do("SET", fmt.Sprintf("{tag}%d", i), "v") // one slot with many keys
	}
	for _, count := range []string{"1", "3", "10", "1000", "9223372036854775807"} {
		seen := map[string]int{}
		for cursor := "0"; ; {
			page := mustParse(t, e.do("SCAN", cursor, "COUNT", count)).Elems
			for _, key := range page[1].Elems {
				seen[key.Text]++
			}
			if cursor = page[0].Text; cursor == "0" {
				break
			}
		}
		if len(seen) != 2*keys {
			t.Errorf("count %s: %d keys of %d", count, len(seen), 2*keys)
		}
		for key, n := range seen {
			if n != 1 {
				t.Errorf("count %s: %s came %d times", count, key, n)
			}
		}
	}
}

// TestRandomkeyDrawsAll: every key comes, none that is not there.
func TestRandomkeyDrawsAll(t *testing.T) {
	e, seen := newExecutor(t, 2, wallClock), map[string]bool{}
	for _, key := range []string{"a", "b", "c", "d{a}", "e{a}"} {
		e.do("SET", key, "v")
	}
	const draws = 500
	for range draws {
		seen[mustParse(t, e.do("RANDOMKEY")).Text] = true
	}
	if len(seen) != 5 {
		t.Errorf("drawn: %v", seen)
	}
}
