package shardgroup

import (
	"sync"
	"time"
)

// While the group's time is ahead of the wall clock it goes slower than time does, by one part in
// slewParts, until the wall clock has caught up.
const slewParts = 10

// clock is the time that this member stamps entries with. It is the wall clock's, as long as that
// is ahead of all entries there are. Where it is behind, since it was set back or an earlier
// leader's ran ahead, the entries' time must not go back with it; nor must it stand still, or
// nothing would expire for as long as the clock was wrong. So it goes on by the monotonic clock, a
// little slower: times to live are right within a tenth at once, points in time when the rest is
// made up.
type clock struct {
	wall  func() int64 // ms since 1970
	began time.Time

	mu   sync.Mutex    // guards the rest
	last int64         // ms: what was told last
	from int64         // ms: the group's time...
	at   time.Duration // ...this long after began, as entries or the wall clock told it last
}

func newClock(wall func() int64) *clock {
	if wall == nil {
		wall = func() int64 { return time.Now().UnixMilli() }
	}
	return &clock{wall: wall, began: time.Now()}
}

// now is the time for the next entry, given that of the latest applied one. It never decreases.
func (c *clock) now(applied int64) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tell(c.wall(), time.Since(c.began), applied)
}

// tell is now, as a function of what both clocks say. The lock is held.
func (c *clock) tell(wall int64, elapsed time.Duration, applied int64) int64 {
	floor := max(c.last, applied)
	switch {
	case wall >= floor:
		c.last, c.from, c.at = wall, wall, elapsed
		return wall
	case applied > c.last: // by another leader
		c.from, c.at = applied, elapsed
	}
	passed := elapsed - c.at
	c.last = c.from + (passed - passed/slewParts).Milliseconds()
	return c.last
}

// ahead is how far the group's time is ahead of the wall clock.
func (c *clock) ahead(applied int64) time.Duration {
	return max(0, time.Duration(applied-c.wall())*time.Millisecond)
}
