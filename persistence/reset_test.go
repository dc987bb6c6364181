package persistence

import "testing"

// A group that is reset has no entries and no snapshots, keeps what it has voted, and takes
// entries from any index on.
func TestReset(t *testing.T) {
	for _, next := range []uint64{1, 5, 500} {
		forEachGroup(t, GroupOptions{}, func(t *testing.T, reopen func() *GroupStore) {
			g := reopen()
			check(t, g.Stable.SetUint64([]byte("CurrentTerm"), 7))
			check(t, g.Log.StoreLogs(entries(1, 20, 1)))
			addSnapshot(t, g.Snapshots, 8, 1, "older")
			addSnapshot(t, g.Snapshots, 18, 1, "newer")
			check(t, g.Log.DeleteRange(1, 10))
			check(t, g.Reset())
			for range 2 {
				checkLog(t, g.Log, 0, 0)
				if got := ids(t, g.Snapshots); len(got) != 0 {
					t.Errorf("snapshots %q", got)
				}
				if term, err := g.Stable.GetUint64([]byte("CurrentTerm")); err != nil || term != 7 {
					t.Errorf("term %d, %v", term, err)
				}
				g = reopen()
			}
			if next > 1 {
				addSnapshot(t, g.Snapshots, next-1, 8, "the leader's")
			}
			check(t, g.Log.StoreLogs(entries(next, next+3, 8)))
			checkLog(t, reopen().Log, next, next+3)
		})
	}
}
