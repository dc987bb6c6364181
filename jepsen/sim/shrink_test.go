package sim

import (
	"testing"
	"time"
)

// A node is forgotten right after another one's disk was lost, before anybody can know of
// that: two of three voters are left, and must not become one of two.
func TestForgetWhileAnotherIsLost(t *testing.T) {
	simulate(t, 3, 1, func(t *testing.T, c *Cluster) {
		l := StartLoad(c, 2, 1)
		time.Sleep(time.Second)
		id := string(c.Node(2).Self())
		c.Kill(1)
		c.Wipe(1, false)
		do(t, c, 0, "PING")
		r := c.Call(0, "CLUSTER", "FORGET", id)
		t.Logf("FORGET: %q %v", r.Value.String(), r.Err)
		if err := c.Start(1); err != nil {
			t.Fatal(err)
		}
		before := l.Acked()
		if !Until(10*time.Second, func() bool { return l.Acked() > before+10 }) {
			t.Fatal("no service with two of three voters")
		}
		// Sooner or later host 2 is out of the cluster, or a second FORGET takes it out.
		if !Until(30*time.Second, func() bool { return len(c.Node(0).Map().Nodes()) == 2 && len(c.Node(2).Map().Nodes()) == 1 }) {
			t.Errorf("host 2 is not forgotten: %d nodes in the map of host 0, %d in its own", len(c.Node(0).Map().Nodes()), len(c.Node(2).Map().Nodes()))
		}
		l.Stop()
		if a := l.Check(); len(a.Wrong) > 0 {
			t.Errorf("%v: %v", a, a.Wrong[:1])
		}
		verify(t, c)
	})
}
