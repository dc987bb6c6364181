package proc

import (
	"path/filepath"
	"syscall"
	"testing"
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
		if err := c.Signal(0, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		d.cutPower(t, c)
		if err := c.Start(0); err != nil {
			t.Fatal(err)
		}
		settle(t, c)
	}
	if a := audit(t, l); a.Acked < rounds*100 {
		t.Errorf("only %d writes were acknowledged", a.Acked)
	}
}

// cutPower replaces the disk of node 0, which is stopped, by what it holds without the kernel's
// memory, and kills the process.
func (d *disk) cutPower(t *testing.T, c *Cluster) {
	t.Helper()
	after := filepath.Join(t.TempDir(), "after")
	if err := run("cp", "--sparse=always", d.image, after); err != nil {
		t.Fatal(err)
	}
	if err := c.Signal(0, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := run("umount", d.mount); err != nil {
		t.Fatal(err)
	}
	d.image = after
	mountImage(t, d.image, d.mount, false)
}
