package sim

import (
	"testing"
	"time"
)

// While the metadata group has no leader nobody can tell whose disk it can bear to lose; that a spare leads one of its
// own, alone, says nothing.
func TestSparesDoNotDecideWhatIsBorne(t *testing.T) {
	simulate(t, 4, 2, func(t *testing.T, c *Cluster) {
		if err := c.addSpares(1); err != nil {
			t.Fatal(err)
		}
		n := NewNemesis(c, &Schedule{Hosts: 4, Masters: 2, Spares: 1})
		leader := -1
		if !Until(5*time.Second, func() bool {
			n.supervise()
			for h := range 4 {
				if c.leadsMeta(h) {
					leader = h
				}
			}
			return leader >= 0 && n.canLose(leader)
		}) {
			t.Fatal("the cluster cannot bear to lose one disk")
		}
		c.Kill(leader)
		for h := range 4 {
			if h != leader && n.canLose(h) {
				t.Errorf("the disk of host %d may be lost although its metadata group has no leader", h)
			}
		}
		if err := c.Start(leader); err != nil {
			t.Fatal(err)
		}
		if err := c.SettleAround(time.Minute); err != nil {
			t.Error(err)
		}
	})
}
