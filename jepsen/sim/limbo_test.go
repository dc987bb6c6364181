package sim

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A node that is forgotten while it is down finds out when it is back: no leader tells it,
// since it is in nobody's configuration any more.
func TestForgetWhileAway(t *testing.T) {
	simulate(t, 4, 3, func(t *testing.T, c *Cluster) {
		id := string(c.Node(3).Self())
		c.Kill(3)
		time.Sleep(5 * time.Second)
		do(t, c, 1, "CLUSTER", "FORGET", id)
		if err := c.Start(3); err != nil {
			t.Fatal(err)
		}
		if !Until(20*time.Second, func() bool { return len(c.Node(3).Map().Nodes()) == 1 }) {
			t.Fatalf("the forgotten node still believes to be in a cluster of %d nodes", len(c.Node(3).Map().Nodes()))
		}
		meet(t, c, 3, 0)
		together(t, c, 4, 0, 1, 2, 3)
	})
}

// A node whose disk is lost right after others have joined its cluster comes back to them,
// and is not a cluster of its own.
func TestWipeRightAfterTheMeeting(t *testing.T) {
	bare(t, 3, func(t *testing.T, c *Cluster) {
		for i := range 3 {
			do(t, c, i, "CLUSTER", "ADDSLOTSRANGE", []string{"0", "6000", "12000"}[i], []string{"5999", "11999", "16383"}[i])
		}
		meet(t, c, 1, 0)
		meet(t, c, 2, 0)
		together(t, c, 3, 0, 1, 2)
		time.Sleep(500 * time.Millisecond) // votes in the metadata group
		id := c.Node(0).Self()
		c.Kill(0)
		c.Wipe(0, false)
		if err := c.Start(0); err != nil {
			t.Fatal(err)
		}
		together(t, c, 3, 1, 0, 2)
		if c.Node(0).Self() != id {
			t.Errorf("it came back as %s, it was %s", c.Node(0).Self(), id)
		}
	})
}

// The answer to a request to join is lost at any moment: afterwards the node is a member
// or alone, and both sides say the same. It does not take slots meanwhile.
func TestJoinAnswerLost(t *testing.T) {
	lost := 0
	for at := 5 * time.Millisecond; at <= 200*time.Millisecond; at += 5 * time.Millisecond {
		bare(t, 3, func(t *testing.T, c *Cluster) {
			meet(t, c, 1, 0)
			together(t, c, 2, 0, 1)
			for _, i := range []int{0, 1} {
				c.Net.Delay(c.Name(i), c.Name(2), 10*time.Millisecond)
				c.Net.Delay(c.Name(2), c.Name(i), 10*time.Millisecond)
			}
			before := c.Node(2).Map().ClusterID
			time.Sleep(time.Second)
			go func() {
				time.Sleep(at)
				c.Isolate(2)
			}()
			meet(t, c, 2, 0)
			time.Sleep(20 * time.Second) // it gives up, if it may
			member := func() bool { return c.Node(0).Map().Node(c.Node(2).Self()) != nil }
			if moved := c.Node(2).Map().ClusterID != before; member() && !moved {
				lost++
				refused(t, c, 2, "joining", "CLUSTER", "ADDSLOTS", "1")
			}
			c.Net.HealAll()
			var why string
			if !Until(20*time.Second, func() bool {
				alone := len(c.Node(2).Map().Nodes()) == 1
				why = fmt.Sprintf("member %v, alone %v", member(), alone)
				return member() != alone
			}) {
				t.Errorf("cut off %v after MEET: %s", at, why)
			}
		})
	}
	if lost == 0 {
		t.Error("no answer was lost: the test shows nothing")
	}
}

// The answer to a request to join is lost, and the node that was asked moves into another cluster
// itself: its own ended with that, and so whoever asked is certainly not in it, and goes on.
func TestContactMovesAway(t *testing.T) {
	moved := 0
	for at := 140 * time.Millisecond; at <= 190*time.Millisecond; at += 2 * time.Millisecond {
		bare(t, 4, func(t *testing.T, c *Cluster) {
			meet(t, c, 1, 3)
			together(t, c, 2, 1, 3)
			contact, joiner := 0, 2
			if c.Node(contact).Self() > c.Node(joiner).Self() {
				contact, joiner = joiner, contact
			}
			asked := c.Node(contact).Map().ClusterID
			for _, peer := range []int{joiner, 1} {
				c.Net.Delay(c.Name(contact), c.Name(peer), 10*time.Millisecond)
				c.Net.Delay(c.Name(peer), c.Name(contact), 10*time.Millisecond)
			}
			go c.Call(contact, "CLUSTER", "MEET", c.Name(1), "7000") // refused if it has taken the joiner in before
			go func() {
				time.Sleep(at)
				c.Isolate(joiner)
			}()
			meet(t, c, joiner, contact)
			time.Sleep(20 * time.Second) // the meeting gives up; a join of unknown outcome does not
			pending := strings.Contains(fmt.Sprint(c.Call(joiner, "CLUSTER", "ADDSLOTS", "1").Err), "joining")
			if pending && c.Node(contact).Map().ClusterID != asked {
				moved++
			}
			c.Net.HealAll()
			if !Until(20*time.Second, func() bool { return c.Call(joiner, "CLUSTER", "ADDSLOTS", "2").Err == nil }) {
				t.Errorf("cut off %v after MEET: host %d still believes to be on its way into a cluster that has ended", at, joiner)
			}
			if pending {
				together(t, c, len(c.Node(contact).Map().Nodes()), joiner, contact)
			}
		})
	}
	if moved == 0 {
		t.Error("nobody moved while an answer was awaited: the test shows nothing")
	}
}

// A node loses its disk, asks to be known under a new name, and loses its disk again before it hears the answer: it
// comes back all the same, whether its request arrived or not, and whether the new name had a vote already: never beside
// the old one's, since two lost votes of four are more than a group can bear.
func TestWipedAgainWhileItRejoins(t *testing.T) {
	for _, after := range []time.Duration{10, 20, 30, 40, 50, 60, 80, 100, 125, 150, 200, 300} {
		simulate(t, 4, 2, func(t *testing.T, c *Cluster) {
			for i := range 4 {
				for j := range 4 {
					if i != j {
						c.Net.Delay(c.Name(i), c.Name(j), 10*time.Millisecond)
					}
				}
			}
			for _, pause := range []time.Duration{after * time.Millisecond, 0} {
				c.Kill(3)
				c.Wipe(3, false)
				if err := c.Start(3); err != nil {
					t.Fatal(err)
				}
				time.Sleep(pause)
			}
			if err := c.Settle(time.Minute); err != nil {
				t.Errorf("wiped again after %v: %v", after*time.Millisecond, err)
			}
			verify(t, c)
		})
	}
}
