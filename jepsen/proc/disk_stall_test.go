package proc

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/jepsen/client"
)

// A leader whose disk stalls gives up within two election times, although its process lives
// and its network works. Another member serves. When the disk goes on the old leader follows.
func stalledDisk(t *testing.T, server string) {
	const nodeTimeout, limit = "3000", 3 * time.Second // two elections, each half a node time-out
	c, disks := groupOnDisks(t, server, "--cluster-node-timeout", nodeTimeout)
	l := StartLoad(c, 2, clientTimeout)
	await(t, l, 100)
	m := leader(c)
	disks[m].freeze(t)
	began := time.Now()
	if !Until(2*limit, func() bool { return c.Info(m, "raft_lease_valid", "INFO", "raft") == "0" }) {
		t.Fatal("a leader whose disk stands still leads on")
	}
	if took := time.Since(began); took > limit {
		t.Errorf("leadership was given up after %v, two election times are %v", took, limit)
	}
	eventually(t, "another member leads", func() bool {
		return slices.ContainsFunc([]int{(m + 1) % 3, (m + 2) % 3}, func(i int) bool { return leads(c, i) })
	})
	await(t, l, 100)
	if r := c.Call(m, "GET", "counter:0"); r.Outcome == client.Done {
		t.Errorf("the stalled node answers a read: %v", r.Value)
	}
	disks[m].thaw(t)
	eventually(t, "the old leader follows", func() bool {
		role := c.Call(m, "INFO", "replication").Value.String()
		return strings.Contains(role, "role:slave") && strings.Contains(role, "master_link_status:up")
	})
	eventually(t, "it has caught up", func() bool { return c.Call(leader(c), "WAIT", "2", "1000").Value.Integer() == 2 })
	settle(t, c)
	audit(t, l)
	if !c.Running(m) {
		t.Error("the process has ended")
	}
}

// leads tells whether a node says that it is the master: the stalled one says so as long as it
// cannot learn better, for the map too is on its disk.
func leads(c *Cluster, i int) bool {
	return strings.HasPrefix(c.Call(i, "ROLE").Value.String(), "[master")
}
