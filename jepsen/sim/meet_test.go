package sim

import (
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// bare runs f on hosts whose nodes are started and know nobody.
func bare(t *testing.T, hosts int, f func(t *testing.T, c *Cluster), args ...string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		logs := &logBuffer{}
		c := New(hosts, logs, args...)
		defer c.Close()
		defer func() {
			if t.Failed() {
				if path := os.Getenv("SIM_LOG"); path != "" {
					_ = os.WriteFile(path, logs.b.Bytes(), 0o644)
				}
				t.Logf("the end of the nodes' logs:\n%s", logs.tail())
			}
		}()
		for i := range hosts {
			if err := c.Start(i); err != nil {
				t.Fatal(err)
			}
		}
		f(t, c)
	})
}

// do runs a command on host i and fails the test if it is refused.
func do(t *testing.T, c *Cluster, i int, words ...string) string {
	t.Helper()
	r := c.Call(i, words...)
	if r.Err != nil {
		t.Fatalf("host %d: %s: %v", i, strings.Join(words, " "), r.Err)
	}
	return r.Value.String()
}

// refused runs a command on host i and fails the test unless its error has the text.
func refused(t *testing.T, c *Cluster, i int, text string, words ...string) {
	t.Helper()
	r := c.Call(i, words...)
	if r.Err == nil || !strings.Contains(r.Err.Error(), text) {
		t.Errorf("host %d: %s answered %q, %v; wanted an error with %q", i, strings.Join(words, " "), r.Value.String(), r.Err, text)
	}
}

// together waits until all of hosts know n nodes in the same cluster.
func together(t *testing.T, c *Cluster, n int, hosts ...int) {
	t.Helper()
	if !Until(20*time.Second, func() bool {
		for _, i := range hosts {
			m := c.Node(i).Map()
			if len(m.Nodes()) != n || m.ClusterID != c.Node(hosts[0]).Map().ClusterID {
				return false
			}
		}
		return true
	}) {
		t.Fatalf("hosts %v did not come together as %d nodes", hosts, n)
	}
}

func meet(t *testing.T, c *Cluster, i, j int) {
	t.Helper()
	do(t, c, i, "CLUSTER", "MEET", c.Name(j), "7000")
}

// Nodes that meet each other at once end up together: in pairs, and in a star with one
// node that meets and is met by all the others, as redis-cli --cluster create does it.
func TestMeetAtOnce(t *testing.T) {
	bare(t, 4, func(t *testing.T, c *Cluster) {
		for _, p := range [][2]int{{0, 1}, {1, 0}, {2, 3}, {3, 2}} {
			meet(t, c, p[0], p[1])
		}
		together(t, c, 2, 0, 1)
		together(t, c, 2, 2, 3)
		refused(t, c, 0, "two clusters", "CLUSTER", "MEET", c.Name(2), "7000")
		if n := len(c.Node(0).Map().Nodes()); n != 2 {
			t.Errorf("a refused MEET left %d nodes", n)
		}
	})
	bare(t, 5, func(t *testing.T, c *Cluster) {
		for i := 1; i < 5; i++ {
			meet(t, c, i, 0)
			meet(t, c, 0, i)
		}
		together(t, c, 5, 0, 1, 2, 3, 4)
	})
}

func TestMeetNobody(t *testing.T) {
	bare(t, 2, func(t *testing.T, c *Cluster) {
		began := time.Now()
		do(t, c, 0, "CLUSTER", "MEET", "10.0.0.99", "7000")
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("MEET with an unreachable address took %v", took)
		}
		do(t, c, 0, "CLUSTER", "MEET", c.Name(0), "7000") // itself: nothing happens
		time.Sleep(time.Minute)
		if n := len(c.Node(0).Map().Nodes()); n != 1 {
			t.Errorf("it knows %d nodes", n)
		}
		meet(t, c, 0, 1) // and it can still meet somebody
		together(t, c, 2, 0, 1)
	})
}

// A joiner brings its slots and keys; slots that both sides own are given up when they
// are empty, and keys in them make the join fail without any loss.
func TestMeetWithSlots(t *testing.T) {
	bare(t, 2, func(t *testing.T, c *Cluster) {
		do(t, c, 0, "CLUSTER", "ADDSLOTSRANGE", "0", "8191")
		do(t, c, 1, "CLUSTER", "ADDSLOTSRANGE", "8192", "16383")
		if !Until(5*time.Second, func() bool { return c.Call(1, "CONFIG", "SET", "cluster-require-full-coverage", "no").Err == nil }) {
			t.Fatal("no coverage setting")
		}
		do(t, c, 1, "SET", "a", "1") // slot 15495
		meet(t, c, 0, 1)
		together(t, c, 2, 0, 1)
		if err := c.Settle(30 * time.Second); err != nil {
			t.Fatal(err)
		}
		if got := do(t, c, 1, "GET", "a"); got != "1" {
			t.Errorf("the key is %q after its node joined", got)
		}
		refused(t, c, 0, "already busy", "CLUSTER", "ADDSLOTS", "15495")
	})
	for _, keys := range []bool{false, true} {
		bare(t, 2, func(t *testing.T, c *Cluster) {
			for i := range 2 {
				do(t, c, i, "CLUSTER", "ADDSLOTSRANGE", "0", "16383")
				if keys {
					do(t, c, i, "SET", "a", c.Name(i))
				}
			}
			meet(t, c, 0, 1)
			if !keys {
				together(t, c, 2, 0, 1)
				if err := c.Settle(30 * time.Second); err != nil {
					t.Error(err)
				}
				return
			}
			time.Sleep(30 * time.Second)
			for i := range 2 {
				if got := do(t, c, i, "GET", "a"); got != c.Name(i) {
					t.Errorf("host %d lost its key: %q", i, got)
				}
				if n := len(c.Node(i).Map().Nodes()); n != 1 {
					t.Errorf("host %d knows %d nodes after a join that had to be refused", i, n)
				}
			}
		})
	}
}

func TestAdminAnswers(t *testing.T) {
	simulate(t, 6, 3, func(t *testing.T, c *Cluster) {
		id := func(i int) string { return string(c.Node(i).Self()) }
		refused(t, c, 0, "already busy", "CLUSTER", "ADDSLOTS", "9000")
		refused(t, c, 0, "can't forget myself", "CLUSTER", "FORGET", id(0))
		refused(t, c, 3, "Can't forget my master", "CLUSTER", "FORGET", id(0))
		refused(t, c, 0, "Unknown node", "CLUSTER", "FORGET", strings.Repeat("0", 40))
		refused(t, c, 0, "must be empty", "CLUSTER", "REPLICATE", id(1))
		refused(t, c, 4, "only replicate a master", "CLUSTER", "REPLICATE", id(3))
		refused(t, c, 0, "to a replica", "CLUSTER", "FAILOVER")

		// A master whose replica is forgotten keeps its slots; it cannot be forgotten itself then.
		do(t, c, 0, "CLUSTER", "FORGET", id(5))
		do(t, c, 1, "CLUSTER", "FORGET", id(5)) // redis-cli sends it to every node
		refused(t, c, 0, "only copy", "CLUSTER", "FORGET", id(2))
		together(t, c, 5, 0, 1, 2, 3, 4)
		// The forgotten node is alone and can come back.
		if !Until(20*time.Second, func() bool { return len(c.Node(5).Map().Nodes()) == 1 }) {
			t.Fatal("the forgotten node is not alone")
		}
		meet(t, c, 5, 0)
		together(t, c, 6, 0, 1, 2, 3, 4, 5)
		do(t, c, 5, "CLUSTER", "REPLICATE", id(2))
		if err := c.Settle(time.Minute); err != nil {
			t.Error(err)
		}
		verify(t, c)
	})
}

// Graceful hand-overs interrupt writes for less than a tenth of a second.
func TestHandOver(t *testing.T) {
	simulate(t, 6, 3, func(t *testing.T, c *Cluster) {
		l := StartLoad(c, 6, 11)
		time.Sleep(time.Second)
		for range 3 {
			for _, i := range []int{3, 0} {
				do(t, c, i, "CLUSTER", "FAILOVER")
				if !Until(5*time.Second, func() bool { return c.Master(0) == i }) {
					t.Fatalf("host %d is not master after CLUSTER FAILOVER", i)
				}
				time.Sleep(time.Second)
			}
		}
		c.Stop(0)
		time.Sleep(2 * time.Second)
		if w := l.Worst(); w > 200*time.Millisecond {
			t.Errorf("a client waited %v for its next acknowledged write", w)
		}
		finish(t, c, l)
	})
}

// RESET takes every node of a cluster back to the beginning, one after the other.
func TestResetAll(t *testing.T) {
	simulate(t, 3, 3, func(t *testing.T, c *Cluster) {
		for _, i := range []int{2, 1, 0} {
			before := c.Node(i).Self()
			began := time.Now()
			do(t, c, i, "CLUSTER", "RESET", "HARD")
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("RESET of host %d took %v", i, took)
			}
			if m := c.Node(i).Map(); len(m.Nodes()) != 1 || m.Assigned() != 0 || c.Node(i).Self() == before {
				t.Errorf("host %d after RESET HARD: %d nodes, %d slots, id %s", i, len(m.Nodes()), m.Assigned(), c.Node(i).Self())
			}
		}
		for i := range 3 {
			do(t, c, i, "CLUSTER", "ADDSLOTSRANGE", []string{"0", "6000", "12000"}[i], []string{"5999", "11999", "16383"}[i])
			meet(t, c, i, 0)
		}
		together(t, c, 3, 0, 1, 2)
		if err := c.Settle(30 * time.Second); err != nil {
			t.Error(err)
		}
	})
}

// CONFIG SET cluster-node-timeout takes effect on running nodes without loss.
func TestNodeTimeoutChanges(t *testing.T) {
	simulate(t, 6, 3, func(t *testing.T, c *Cluster) {
		l := StartLoad(c, 4, 12)
		time.Sleep(time.Second)
		for _, timeout := range []string{"5000", "800"} {
			for i := range 6 {
				do(t, c, i, "CONFIG", "SET", "cluster-node-timeout", timeout)
				time.Sleep(3 * time.Second)
			}
		}
		if err := c.Settle(time.Minute); err != nil {
			t.Fatal(err)
		}
		before := l.Acked()
		c.Kill(c.Master(0))
		if !Until(5*time.Second, func() bool { return c.Master(0) >= 0 }) {
			t.Error("no failover five seconds after the master was killed, with a node time-out of 800 ms")
		}
		if l.Acked() == before {
			t.Error("nothing was acknowledged after the kill")
		}
		finish(t, c, l)
	})
}

// When a group's majority is gone for good, TAKEOVER rebuilds it from what is left; it
// is refused as long as somebody of the group may still be there.
func TestTakeover(t *testing.T) {
	simulate(t, 6, 3, func(t *testing.T, c *Cluster) {
		do(t, c, 2, "SET", "a", "1")                             // slot 15495: hosts 2 and 5
		if got := do(t, c, 2, "WAIT", "1", "5000"); got != "1" { // the majority may be host 2 and the witness
			t.Fatalf("%s replicas have the write", got)
		}
		refused(t, c, 5, "has a leader", "CLUSTER", "FAILOVER", "TAKEOVER")
		// The witness's host may be a master whose own witness is host 2: then two groups are down.
		do(t, c, 5, "CONFIG", "SET", "cluster-require-full-coverage", "no")
		group := c.Node(2).Map().GroupOf(c.Node(2).Self())
		witness := -1
		for i := range 6 {
			if c.Node(i).Self() == group.Witness {
				witness = i
			}
		}
		c.Kill(2)
		c.Kill(witness)
		if !Until(20*time.Second, func() bool { return c.Call(5, "CLUSTER", "FAILOVER", "TAKEOVER").Err == nil }) {
			t.Fatalf("TAKEOVER is refused: %v", c.Call(5, "CLUSTER", "FAILOVER", "TAKEOVER").Err)
		}
		if !Until(10*time.Second, func() bool { return c.Call(5, "GET", "a").Value.String() == "1" }) {
			t.Errorf("after TAKEOVER: %v", c.Call(5, "GET", "a"))
		}
		if err := c.Start(witness); err != nil {
			t.Fatal(err)
		}
		if err := c.Settle(time.Minute); err != nil {
			t.Error(err)
		}
		// The lost master comes back as a stranger and is not let in.
		if err := c.Start(2); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		if i := c.Master(15495); i != 5 {
			t.Errorf("host %d serves the slot", i)
		}
	})
}
