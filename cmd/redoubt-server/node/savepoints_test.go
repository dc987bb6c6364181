package node

import (
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/resp/server/config"
)

func TestSaveDue(t *testing.T) {
	points := []config.SavePoint{{After: time.Hour, Changes: 1}, {After: time.Minute, Changes: 100}}
	for _, c := range []struct {
		points  []config.SavePoint
		since   time.Duration
		changes uint64
		want    bool
	}{
		{points, 2 * time.Minute, 99, false},
		{points, 2 * time.Minute, 100, true},
		{points, time.Minute, 1000, false}, // more than the time has to pass, as in Redis
		{points, 2 * time.Hour, 1, true},
		{points, 2 * time.Hour, 0, false},
		{nil, 2 * time.Hour, 1 << 20, false},
		{[]config.SavePoint{{After: time.Second, Changes: 0}}, time.Hour, 0, false}, // there is nothing to save
	} {
		if got := saveDue(c.points, c.since, c.changes); got != c.want {
			t.Errorf("%v after %v with %d changes: %v", c.points, c.since, c.changes, got)
		}
	}
}
