package sim

import (
	"testing"
	"time"
)

// One link is cut, that between the metadata leader and the master of some slots. Every
// group has its majority and every client reaches every node: nothing may be refused.
func TestOneLinkCut(t *testing.T) {
	simulate(t, 6, 3, func(t *testing.T, c *Cluster) {
		leader := -1
		for i := range c.hosts {
			if c.Node(i).MetaLeader() == c.Node(i).Self() {
				leader = i
			}
		}
		master := c.Master(0)
		for slot := uint16(0); master == leader; slot += 6000 {
			master = c.Master(slot)
		}
		l := StartLoad(c, 6, 1)
		time.Sleep(time.Second)
		for _, oneWay := range []bool{false, true} {
			c.Net.Cut(c.Name(leader), c.Name(master))
			if !oneWay {
				c.Net.Cut(c.Name(master), c.Name(leader))
			}
			time.Sleep(10 * time.Second)
			c.Net.HealAll()
			time.Sleep(3 * time.Second)
		}
		if w := l.Worst(); w > 2*time.Second {
			t.Errorf("a client waited %v for its next acknowledged write", w)
		}
		finish(t, c, l)
	})
}
