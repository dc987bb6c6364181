package sim

import (
	"testing"
	"time"
)

// The nodes of a cluster are restarted one after the other, and too fast: a master is stopped when its only replica has
// just been started, and has not caught up. The master stays until it can hand over, so writes hardly pause; and it does
// not wait for a replica that is not there.
func TestStopWaitsForAReplicaThatComesBack(t *testing.T) {
	simulate(t, 4, 2, func(t *testing.T, c *Cluster) {
		for i := range 4 {
			for j := range 4 {
				c.Net.Delay(c.Name(i), c.Name(j), 5*time.Millisecond)
			}
		}
		master, replica := 0, 2
		if m := c.Node(0).Map(); m.GroupOf(c.Node(0).Self()) != m.GroupOf(c.Node(2).Self()) {
			replica = 3
		}
		group := c.Node(master).Map().GroupOf(c.Node(master).Self()).ID
		l := StartLoad(c, 4, 12)
		for range 5 {
			c.Kill(replica)
			time.Sleep(5 * time.Second) // it is not alive any more for its master
			if err := c.Start(replica); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			c.Stop(master)
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("the stop took %v", took)
			}
			if g := c.Node(replica).Map().Group(group); !Until(300*time.Millisecond, func() bool { return c.leadsGroup(replica, group) }) {
				t.Errorf("the replica does not lead after its master has been stopped: %+v", g)
			}
			time.Sleep(3 * time.Second)
			if err := c.Start(master); err != nil {
				t.Fatal(err)
			}
			if err := c.Settle(time.Minute); err != nil {
				t.Fatal(err)
			}
			master, replica = replica, master
		}
		c.Kill(replica)
		time.Sleep(5 * time.Second)
		began := time.Now()
		c.Stop(master)
		if took := time.Since(began); took > time.Second {
			t.Errorf("the stop of a master without a replica took %v", took)
		}
		for _, h := range []int{master, replica} {
			if err := c.Start(h); err != nil {
				t.Fatal(err)
			}
		}
		finish(t, c, l)
	})
}

// A master of three is stopped while one of its replicas has just been started, and has a slow disk and much to catch up:
// what is left could take no writes until it had. The master stays until then.
func TestStopLeavesAMajority(t *testing.T) {
	simulate(t, 3, 1, func(t *testing.T, c *Cluster) {
		const late = 2
		l := StartLoad(c, 6, 13)
		c.pace.set(2 * time.Millisecond)
		c.Kill(late)
		time.Sleep(10 * time.Second)
		c.pace.set(usualPace)
		c.hosts[late].disk.SetFault(func(string, string) error { time.Sleep(5 * time.Millisecond); return nil })
		if err := c.Start(late); err != nil {
			t.Fatal(err)
		}
		pause := make(chan time.Duration)
		stopped := make(chan struct{})
		go func() { pause <- longestPause(l, stopped) }()
		began := time.Now()
		c.Stop(c.Master(0))
		t.Logf("the stop took %v", time.Since(began))
		time.Sleep(2 * time.Second)
		close(stopped)
		if worst := <-pause; worst > 300*time.Millisecond {
			t.Errorf("no write was acknowledged for %v", worst)
		}
		c.hosts[late].disk.SetFault(nil)
		finish(t, c, l)
	})
}

// longestPause is the longest time between two acknowledged writes until stopped is closed.
func longestPause(l *Load, stopped <-chan struct{}) (worst time.Duration) {
	acked, at := l.Acked(), time.Now()
	for {
		select {
		case <-stopped:
			return max(worst, time.Since(at))
		case <-time.After(time.Millisecond):
		}
		worst = max(worst, time.Since(at))
		if now := l.Acked(); now != acked {
			acked, at = now, time.Now()
		}
	}
}
