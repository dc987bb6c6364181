package proc

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/jepsen/client"
)

// When the disks of a group run full, writes are refused in so many words, reads go on,
// and writes are back by themselves when there is space again.
func fullDisksOfAGroup(t *testing.T, server string) {
	c, disks := groupOnDisks(t, server)
	l := StartLoad(c, 2, clientTimeout)
	await(t, l, 100)
	m := leader(c)
	replicas := []*disk{disks[(m+1)%3], disks[(m+2)%3]}
	refusesWrites(t, c, m, l, replicas) // the leader has room, and nobody else to store with
	refusesWrites(t, c, m, l, disks)
	settle(t, c)
	audit(t, l)
	for i := range c.Len() {
		if !c.Running(i) {
			t.Errorf("node %d has ended", i)
		}
	}
}

// refusesWrites fills disks, sees the master refuse writes and serve reads, and gives the
// space back.
func refusesWrites(t *testing.T, c *Cluster, m int, l *Load, disks []*disk) {
	t.Helper()
	for _, d := range disks {
		d.fill(t, 1<<20)
	}
	var r client.Reply
	eventually(t, "writes are refused", func() bool { r = c.Call(m, "SET", "a", "1"); return r.Outcome == client.Failed })
	if !strings.HasPrefix(r.Err.Error(), "MISCONF Errors writing to the log: No space left on device") {
		t.Errorf("a write is refused with %v", r.Err)
	}
	refused := l.Acked()
	for n := range 200 {
		if r := c.Call(m, "GET", "counter:0"); r.Outcome != client.Done {
			t.Fatalf("read %d: %v", n, r.Err)
		}
	}
	readsBehindRefusedWrites(t, c, m)
	if now := l.Acked(); now != refused {
		t.Errorf("%d writes were acknowledged although there is no space", now-refused)
	}
	if now := leader(c); now != m {
		t.Errorf("node %d led and node %d does: a hand-over to nobody's use", m, now)
	}
	for _, d := range disks {
		d.drain(t)
	}
	await(t, l, 100)
}

// The reserve is there for what has to go on: with all disks full a group elects another
// leader, who serves reads, and a killed node starts.
func failoverWithFullDisks(t *testing.T, server string) {
	c, disks := groupOnDisks(t, server)
	l := StartLoad(c, 2, clientTimeout)
	await(t, l, 100)
	for _, d := range disks {
		d.fill(t, 1<<20)
	}
	m := leader(c)
	if err := c.Signal(m, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "another member leads and reads", func() bool {
		now := leader(c)
		return now >= 0 && c.Call(now, "GET", "counter:0").Outcome == client.Done
	})
	if r := c.Call(leader(c), "SET", "a", "1"); r.Outcome != client.Failed || !strings.HasPrefix(r.Err.Error(), "MISCONF") {
		t.Errorf("a write of the new leader: %v, %v", r.Value, r.Err)
	}
	if err := c.Start(m); err != nil {
		t.Fatal(err)
	}
	settle(t, c)
	for _, d := range disks {
		d.drain(t)
	}
	await(t, l, 100)
	audit(t, l)
}

// readsBehindRefusedWrites sends a pipeline whose writes have no room: its reads have.
func readsBehindRefusedWrites(t *testing.T, c *Cluster, m int) {
	t.Helper()
	out, err := c.CLI(at(c, m, "EVAL", "return redis.call('GET', KEYS[1])", "1", "counter:0")...)
	if err != nil || !strings.Contains(out, "MISCONF") {
		t.Errorf("a script, which may write: %q, %v", out, err)
	}
	conn, err := client.Open(t.Context(), Dial, c.Addr(m), clientTimeout)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, words := range [][]string{{"MULTI"}, {"GET", "counter:0"}, {"PING"}} {
		conn.Do(words...)
	}
	if r := conn.Do("EXEC"); r.Outcome != client.Done || !strings.Contains(r.Value.String(), "PONG") {
		t.Errorf("a transaction that reads: %v, %v", r.Value, r.Err)
	}
}

// A leader whose disk runs full hands over to a member whose disk has room.
func fullDiskOfALeader(t *testing.T, server string) {
	c, disks := groupOnDisks(t, server)
	l := StartLoad(c, 2, clientTimeout)
	await(t, l, 100)
	m := leader(c)
	disks[m].fill(t, 1<<20)
	eventually(t, "another member leads", func() bool { now := leader(c); return now >= 0 && now != m })
	await(t, l, 200)
	disks[m].drain(t)
	await(t, l, 100)
	settle(t, c)
	if a := audit(t, l); a.Unknown > 0 {
		t.Errorf("%d writes of unknown outcome, although the leader saw it coming", a.Unknown)
	}
}

// A replica whose disk is full to the last byte stops following; its group goes on, and
// it comes back by itself when there is space again.
func fullDiskOfAReplica(t *testing.T, server string) {
	c, disks := groupOnDisks(t, server)
	l := StartLoad(c, 2, clientTimeout)
	await(t, l, 100)
	replica := (leader(c) + 1) % c.Len()
	disks[replica].fill(t, 0)
	m := leader(c)
	value := strings.Repeat("x", 100<<10)
	eventually(t, "the replica's log waits for space", func() bool {
		for n := range 20 {
			c.Call(m, "SET", fmt.Sprint("large:", n), value)
		}
		return strings.Contains(c.LogTail(replica), "log waits for space")
	})
	await(t, l, 200)
	if now := leader(c); now != m {
		t.Errorf("node %d led and node %d does", m, now)
	}
	disks[replica].drain(t)
	eventually(t, "the replica has caught up", func() bool {
		return c.Call(m, "WAIT", "2", "1000").Value.Integer() == 2 && c.unsettled() == ""
	})
	if a := audit(t, l); a.Gap > 5*time.Second {
		t.Errorf("a client waited %v for its next acknowledged write", a.Gap)
	}
	if !c.Running(replica) {
		t.Error("the replica has ended")
	}
}
