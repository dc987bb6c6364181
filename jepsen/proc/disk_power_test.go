package proc

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A copy of an image's file, taken while the processes that write stand still, is what the
// disk would hold if the power had failed just then: what only the kernel's memory has is
// not in it. A node that is started on the copy has every acknowledged write.
func powerCut(t *testing.T, server string) {
	const rounds = 3
	c := nodes(t, server, 1)
	d := ownDisk(t, c, 0, diskMiB)
	startAll(t, c)
	must(t, c, 0, "CLUSTER", "ADDSLOTSRANGE", "0", "16383")
	settle(t, c)
	l := StartLoad(c, 4, clientTimeout)
	for range rounds {
		await(t, l, 100)
		cutPower(t, c, []*disk{d})
		settle(t, c)
	}
	if a := audit(t, l); a.Acked < rounds*100 {
		t.Errorf("only %d writes were acknowledged", a.Acked)
	}
}

// The same with a master and its replicas, who lose their power at once: a leader's disk is
// synced beside those of its followers, and what was acknowledged is on two of the three.
func powerCutOfAGroup(t *testing.T, server string) {
	const rounds = 2
	c, disks := groupOnDisks(t, server)
	l := StartLoad(c, 4, clientTimeout)
	for range rounds {
		await(t, l, 100)
		cutPower(t, c, disks)
		settle(t, c)
	}
	await(t, l, 1)
	audit(t, l)
}

// cutPower stops all nodes, replaces their disks by what those hold without the kernel's
// memory, and starts the nodes again.
func cutPower(t *testing.T, c *Cluster, disks []*disk) {
	t.Helper()
	for i := range disks {
		if err := c.Signal(i, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
	}
	for i, d := range disks {
		d.cutPower(t, c, i)
	}
	for i := range disks {
		if err := c.Launch(i); err != nil {
			t.Fatal(err)
		}
	}
	for i := range disks {
		if err := c.AwaitPing(i, 20*time.Second); err != nil {
			t.Fatal(err)
		}
	}
}

// cutPower replaces the disk of node i, which is stopped, and kills the process.
func (d *disk) cutPower(t *testing.T, c *Cluster, i int) {
	t.Helper()
	after := filepath.Join(t.TempDir(), "after")
	if err := run("cp", "--sparse=always", d.image, after); err != nil {
		t.Fatal(err)
	}
	if err := c.Signal(i, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := run("umount", d.mount); err != nil {
		t.Fatal(err)
	}
	d.image = after
	mountImage(t, d.image, d.mount, false)
}
