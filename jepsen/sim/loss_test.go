package sim

import (
	"testing"
	"time"
)

// With appendfsync no a loss of power takes acknowledged writes along. That is what the
// operator chose; here it shows that the accounts see a loss. What is left must be the
// same on all members, and take writes again.
func TestLossIsFound(t *testing.T) {
	simulate(t, 3, 1, func(t *testing.T, c *Cluster) {
		l := StartLoad(c, 4, 9)
		for range 8 { // about one in fifty leaves a member with more than the others
			time.Sleep(time.Second)
			c.PowerCut()
			for i := range c.hosts {
				if err := c.Start(i); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.Settle(time.Minute); err != nil {
				t.Fatal(err)
			}
		}
		before := l.Acked()
		if !Until(10*time.Second, func() bool { return l.Acked() > before+10 }) {
			t.Error("no service after the loss of power")
		}
		l.Stop()
		a := l.Check()
		t.Log(a)
		if len(a.Wrong) == 0 {
			t.Error("acknowledged writes were lost, and the accounts did not see it")
		}
		verify(t, c)
	}, "--appendfsync", "no", "--raft-snapshot-entries", "64", "--raft-trailing-entries", "16")
}

// With appendfsync always a loss of power takes nothing along.
func TestPowerCuts(t *testing.T) {
	simulate(t, 6, 3, func(t *testing.T, c *Cluster) {
		l := StartLoad(c, 6, 10)
		for range 3 {
			time.Sleep(2 * time.Second)
			c.PowerCut()
			for i := range c.hosts {
				if err := c.Start(i); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.Settle(time.Minute); err != nil {
				t.Fatal(err)
			}
		}
		finish(t, c, l)
	})
}
