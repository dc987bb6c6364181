package sim

import (
	"bytes"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubtdb/redoubt/slotmap"
)

// logBuffer collects the nodes' log lines; a failing test prints the end of them.
type logBuffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// maxLogLines is how much of the log a failing test prints.
const maxLogLines = 150

func (l *logBuffer) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := strings.Split(l.b.String(), "\n")
	return strings.Join(lines[max(0, len(lines)-maxLogLines):], "\n")
}

// simulate runs f on a formed cluster in virtual time and checks afterwards that the
// members of each group have the same state.
func simulate(t *testing.T, hosts, masters int, f func(t *testing.T, c *Cluster), args ...string) {
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
		if err := c.Form(masters); err != nil {
			t.Fatal(err)
		}
		f(t, c)
	})
}

// finish heals, lets the cluster settle, and checks the load's accounts and the digests.
func finish(t *testing.T, c *Cluster, l *Load) {
	t.Helper()
	c.Net.HealAll()
	for i := range c.hosts {
		if c.hosts[i].node == nil {
			if err := c.Start(i); err != nil {
				t.Fatalf("restarting host %d: %v", i, err)
			}
		}
	}
	if err := c.Settle(time.Minute); err != nil {
		t.Error(err)
	}
	before := l.Acked()
	if !Until(10*time.Second, func() bool { return l.Acked() > before+10 }) {
		t.Error("no service within ten seconds after everything healed")
	}
	l.Stop()
	a := l.Check()
	t.Log(a)
	if a.Acked == 0 {
		t.Error("nothing was acknowledged: the test shows nothing")
	}
	for _, w := range a.Wrong[:min(10, len(a.Wrong))] {
		t.Error(w)
	}
	verify(t, c)
	if !Until(10*time.Second, func() bool { return patrolled(t, c) }) {
		t.Error("no states were compared while the cluster was working")
	}
}

// verify compares the digests of all members.
func verify(t *testing.T, c *Cluster) {
	t.Helper()
	results, err := c.hosts[0].node.Verify(t.Context())
	if err != nil {
		t.Errorf("verifying: %v", err)
	}
	sums := make(map[string]uint64)
	for _, r := range results {
		if r.Err != "" {
			t.Errorf("no digest of group %s from node %s: %s", r.Group, r.Node, r.Err)
			continue
		}
		if sum, ok := sums[string(r.Group)]; ok && sum != r.Digest {
			t.Errorf("the members of group %s differ at entry %d", r.Group, r.Index)
		}
		sums[string(r.Group)] = r.Digest
	}
	if len(sums) == 0 {
		t.Error("no digests were compared")
	}
	patrolled(t, c)
}

// patrolled checks that the members, which compare their states all the time, have found no
// difference. It returns whether they did compare.
func patrolled(t *testing.T, c *Cluster) (compared bool) {
	t.Helper()
	for i, h := range c.hosts {
		if h.node == nil {
			continue
		}
		for _, g := range h.node.Groups() {
			compared = compared || g.Compared > 0
			if g.Mismatches > 0 {
				t.Errorf("host %d has found %d times that members of its group %s differ", i, g.Mismatches, g.ID)
			}
		}
	}
	return compared
}

func TestForm(t *testing.T) {
	simulate(t, 6, 3, func(t *testing.T, c *Cluster) {
		l := StartLoad(c, 4, 1)
		time.Sleep(5 * time.Second)
		finish(t, c, l)
	})
}

// Killing any one node of three masters with a replica each stops no slot for longer
// than a failover and loses nothing, whatever the node's roles are.
func TestKillAnyNode(t *testing.T) {
	simulate(t, 6, 3, func(t *testing.T, c *Cluster) {
		l := StartLoad(c, 6, 2)
		for i := range 6 {
			time.Sleep(3 * time.Second)
			c.Kill(i)
			time.Sleep(6 * time.Second)
			if err := c.Start(i); err != nil {
				t.Fatal(err)
			}
			if err := c.Settle(time.Minute); err != nil {
				t.Fatalf("after killing host %d: %v", i, err)
			}
		}
		if w := l.Worst(); w > 5*time.Second {
			t.Errorf("a client waited %v for its next acknowledged write", w)
		}
		finish(t, c, l)
	})
}

func TestWipeAnyNode(t *testing.T) {
	simulate(t, 6, 3, func(t *testing.T, c *Cluster) {
		l := StartLoad(c, 4, 3)
		for i := range 6 {
			time.Sleep(2 * time.Second)
			before := c.hosts[i].node.Self()
			c.Kill(i)
			c.Wipe(i, false)
			time.Sleep(3 * time.Second)
			if err := c.Start(i); err != nil {
				t.Fatal(err)
			}
			if got := c.hosts[i].node.Self(); got != before {
				t.Fatalf("host %d came back as %s, it was %s", i, got, before)
			}
			if err := c.Settle(time.Minute); err != nil {
				t.Fatalf("after wiping host %d: %v", i, err)
			}
		}
		finish(t, c, l)
	})
}

func TestKillAllUnderLoad(t *testing.T) {
	simulate(t, 6, 3, func(t *testing.T, c *Cluster) {
		l := StartLoad(c, 6, 4)
		for range 3 {
			time.Sleep(5 * time.Second)
			for i := range 6 {
				c.Kill(i)
			}
			for i := range 6 {
				if err := c.Start(i); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.Settle(30 * time.Second); err != nil {
				t.Fatal(err)
			}
		}
		finish(t, c, l)
	})
}

func TestIsolateMasters(t *testing.T) {
	simulate(t, 6, 3, func(t *testing.T, c *Cluster) {
		l := StartLoad(c, 6, 5)
		for i := range 6 {
			time.Sleep(2 * time.Second)
			c.Isolate(i)
			time.Sleep(5 * time.Second)
			c.Net.HealAll()
		}
		finish(t, c, l)
	})
}

func TestFreezeMasters(t *testing.T) {
	simulate(t, 6, 3, func(t *testing.T, c *Cluster) {
		l := StartLoad(c, 6, 6)
		for i := range 6 {
			time.Sleep(2 * time.Second)
			if r := c.Call(i, "DEBUG", "SLEEP", "4"); r.Err != nil {
				t.Fatal(r.Err)
			}
		}
		finish(t, c, l)
	})
}

// Without the metadata group's majority the data groups that have theirs go on serving.
func TestMetadataMinority(t *testing.T) {
	simulate(t, 9, 3, func(t *testing.T, c *Cluster) {
		var voters []slotmap.NodeID
		if !Until(5*time.Second, func() bool { voters = c.hosts[0].node.MetaVoters(); return len(voters) == 5 }) {
			t.Fatalf("nine nodes have %d metadata voters, want 5", len(voters))
		}
		l := StartLoad(c, 4, 7)
		time.Sleep(2 * time.Second)
		down := 0
		for i := 8; i >= 3 && down < 3; i-- { // replicas: their groups keep two of three
			for _, v := range voters {
				if c.hosts[i].node != nil && v == c.hosts[i].node.Self() {
					c.Kill(i)
					down++
				}
			}
		}
		before := l.Acked()
		time.Sleep(5 * time.Second)
		if got := l.Acked() - before; got < 100 {
			t.Errorf("%d writes acknowledged in five seconds with %d metadata voters down", got, down)
		}
		finish(t, c, l)
	})
}

// A replica that was away longer than the log reaches catches up by snapshot.
func TestCatchUpBySnapshot(t *testing.T) {
	simulate(t, 6, 3, func(t *testing.T, c *Cluster) {
		l := StartLoad(c, 6, 8)
		time.Sleep(time.Second)
		c.Kill(3)
		time.Sleep(30 * time.Second)
		finish(t, c, l)
	}, "--raft-snapshot-entries", "64", "--raft-trailing-entries", "16")
}
