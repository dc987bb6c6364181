package proc

import (
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// long chooses the long form of the hostile conditions: REDOUBT_HOSTILE=1 in the environment.
func long() bool { return os.Getenv("REDOUBT_HOSTILE") != "" }

// TestHostile does to processes what an unkind machine or a hurried operator does, each scenario
// on processes of its own. The long forms (REDOUBT_HOSTILE=1) take about twenty minutes.
func TestHostile(t *testing.T) {
	server := serverBinary(t)
	for _, s := range []struct {
		name string
		run  func(t *testing.T, server string)
	}{
		{"stopped leaders", stoppedLeaders},
		{"killed while starting", killedWhileStarting},
		{"terminated while starting", terminatedWhileStarting},
		{"ports and directives", refusedStarts},
		{"a crowd on the bus", crowdOnTheBus},
		{"no file descriptors", noDescriptors},
	} {
		t.Run(s.name, func(t *testing.T) { s.run(t, server) })
	}
}

// oneGroup starts n nodes and makes them one group, with all slots.
func oneGroup(t *testing.T, server string, n int, args ...string) *Cluster {
	t.Helper()
	c := nodes(t, server, n, args...)
	formOneGroup(t, c)
	return c
}

// formOneGroup starts all nodes and makes them the members of one group, which owns all slots.
func formOneGroup(t *testing.T, c *Cluster) {
	t.Helper()
	startAll(t, c)
	cli(t, c, at(c, 0, "CLUSTER", "ADDSLOTSRANGE", "0", "16383"), "OK")
	for i := 1; i < c.Len(); i++ {
		cli(t, c, at(c, i, "CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(c.Port(0))), "OK")
		eventually(t, "they have met", func() bool { return known(c, i) == strconv.Itoa(i+1) })
	}
	for i := 1; i < c.Len(); i++ {
		cli(t, c, at(c, i, "CLUSTER", "REPLICATE", id(t, c, 0)), "OK")
	}
	settle(t, c)
}

// master is a node that says it is one, -1 if none does. Nodes that do not answer are not asked
// twice.
func (c *Cluster) master(but int) int {
	for i := range c.Len() {
		if i != but && c.Running(i) && strings.HasPrefix(c.Call(i, "ROLE").Value.String(), "[master") {
			return i
		}
	}
	return -1
}

// within draws a duration.
func within(rnd *rand.Rand, from, to time.Duration) time.Duration {
	return from + time.Duration(rnd.Int64N(int64(to-from)))
}
