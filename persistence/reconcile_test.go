package persistence

import "testing"

// TestOpenEmptiesLogBehindSnapshot dies between the two steps of installing a
// snapshot: it is there, the log it replaces is too.
func TestOpenEmptiesLogBehindSnapshot(t *testing.T) {
	tests := []struct {
		name           string
		index, term    uint64 // of the snapshot; the log holds 1 to 10 of term 1
		first, last    uint64 // of the log when opened again
		next, nextTerm uint64
	}{
		{"beyond the log", 50, 2, 0, 0, 51, 2},
		{"in the log, another entry", 5, 2, 0, 0, 6, 2},
		{"in the log, same entry", 5, 1, 1, 10, 11, 1},
		{"at its end", 10, 1, 1, 10, 11, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			forEachGroup(t, GroupOptions{}, func(t *testing.T, reopen func() *GroupStore) {
				g := reopen()
				check(t, g.Log.StoreLogs(entries(1, 10, 1)))
				addSnapshot(t, g.Snapshots, tt.index, tt.term, "installed")
				g = reopen()
				checkLog(t, g.Log, tt.first, tt.last)
				check(t, g.Log.StoreLogs(entries(tt.next, tt.next, tt.nextTerm)))
			})
		})
	}
}

func TestContinuity(t *testing.T) {
	tests := []struct {
		name                           string
		first, last, snapshot, damaged uint64
		ok                             bool
	}{
		{"nothing", 0, 0, 0, 0, true},
		{"log alone", 1, 9, 0, 0, true},
		{"log without its beginning", 2, 9, 0, 0, false},
		{"snapshot alone", 0, 0, 9, 0, true},
		{"log follows", 10, 12, 9, 0, true},
		{"log overlaps", 5, 12, 9, 0, true},
		{"log misses one", 11, 12, 9, 0, false},
		{"log makes up for damage", 5, 12, 4, 12, true},
		{"log makes up for damage of the first", 1, 12, 0, 12, true},
		{"log ends before the damage", 5, 11, 4, 12, false},
		{"log begins behind the good one", 6, 12, 4, 12, false},
		{"all there is is damaged", 0, 0, 0, 12, false},
		{"log was emptied for the damaged", 0, 0, 4, 12, false},
		{"damage is older", 10, 12, 9, 5, true},
	}
	for _, tt := range tests {
		if err := checkContinuity(tt.first, tt.last, tt.snapshot, tt.damaged); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
