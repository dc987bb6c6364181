package shardgroup

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

const dayMS = 24 * 60 * 60 * 1000

// A clock that jumps a day forwards and back: time goes forwards with it, then goes on at nine
// tenths, also for the next leader, until the wall clock is there; and it never goes back.
func TestClockThatJumps(t *testing.T) {
	c, noon := newClock(nil), int64(1_700_000_000_000)
	if got := c.tell(noon, 0, 0); got != noon {
		t.Fatal(got)
	}
	if got := c.tell(noon+dayMS, time.Second, noon); got != noon+dayMS {
		t.Fatalf("forwards: %d", got-noon)
	}
	for _, leader := range []*clock{c, newClock(nil)} { // this one, and the one after a failover
		start, applied := 2*time.Second, noon+dayMS
		first := leader.tell(noon+2000, start, applied)
		for s := range int64(100) {
			got := leader.tell(noon+2000+s*1000, start+time.Duration(s)*time.Second, applied)
			if want := first + s*900; got < want || got > want+1 {
				t.Fatalf("after %d s: %d ms, not %d", s, got-applied, want-applied)
			}
			if s%2 == 0 {
				applied = max(applied, got)
			}
		}
		later := leader.tell(noon+10*dayMS, start+10*24*time.Hour, applied)
		if later < noon+10*dayMS || later > noon+10*dayMS+1000 {
			t.Fatalf("after ten days: %d ms ahead", later-noon-10*dayMS)
		}
		if got := leader.tell(noon+10*dayMS+5000, start+10*24*time.Hour+5*time.Second, later); got != noon+10*dayMS+5000 {
			t.Fatalf("caught up: %d", got)
		}
	}
}

// Whatever the wall clock does, time does not go back, is not behind what was applied nor behind
// the wall clock, and does not stand still while the wall clock goes back.
func TestClockProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newClock(nil)
		wall, elapsed, applied, before := int64(1_000_000), time.Duration(0), int64(0), int64(0)
		for range rapid.IntRange(1, 50).Draw(t, "steps") {
			step := rapid.Int64Range(100, 100_000).Draw(t, "step")
			wall += step + rapid.SampledFrom([]int64{0, 0, 0, dayMS, -dayMS, -1, 5}).Draw(t, "jump")
			elapsed += time.Duration(step) * time.Millisecond
			if rapid.Bool().Draw(t, "another leader") {
				applied += rapid.Int64Range(0, dayMS).Draw(t, "entries")
			}
			got := c.tell(wall, elapsed, applied)
			if got < before || got < applied || got < wall {
				t.Fatalf("%d after %d, with %d applied and %d on the wall", got, before, applied, wall)
			}
			again := c.tell(wall-dayMS, elapsed+time.Second, applied)
			if again < got+899 || again > got+1000 {
				t.Fatalf("a second later, with the clock set back: %d after %d", again, got)
			}
			elapsed, before = elapsed+time.Second, again
			wall += 1000
			if rapid.Bool().Draw(t, "applied") {
				applied = max(applied, again)
			}
		}
	})
}
