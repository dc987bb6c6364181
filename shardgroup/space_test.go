package shardgroup

import (
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/shardgroup/replica"
)

// Writes go on as long as the voters whose disks have room are a majority.
func TestMostFull(t *testing.T) {
	three := replica.Configuration{Servers: []replica.Server{{ID: "a", Voter: true}, {ID: "b", Voter: true}, {ID: "c", Voter: true}, {ID: "d"}}}
	two := replica.Configuration{Servers: three.Servers[:2]}
	for _, c := range []struct {
		members replica.Configuration
		full    []string
		want    bool
	}{
		{three, nil, false}, {three, []string{"b"}, false}, {three, []string{"b", "c"}, true}, {three, []string{"b", "d"}, false},
		{three, []string{"b", "gone"}, false}, {two, []string{"b"}, true}, {replica.Configuration{}, nil, true},
	} {
		full := map[string]bool{}
		for _, id := range c.full {
			full[id] = true
		}
		if got := mostFull(c.members, full); got != c.want {
			t.Errorf("%v of %d: %v", c.full, len(c.members.Servers), got)
		}
	}
}

// A report of a full disk counts for a while.
func TestFullMembers(t *testing.T) {
	var f fullMembers
	now := time.Now()
	if f.now(now) != nil {
		t.Error("somebody has reported")
	}
	f.note("a", now)
	f.note("b", now.Add(fullReport))
	if got := f.now(now.Add(fullMemory)); len(got) != 2 {
		t.Errorf("after %v: %v", fullMemory, got)
	}
	if got := f.now(now.Add(fullMemory + fullReport)); len(got) != 1 || !got["b"] {
		t.Errorf("later: %v", got)
	}
}
