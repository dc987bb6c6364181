package proc

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/redoubtdb/redoubt/jepsen/client"
)

// TestDisk has real nodes whose disks are small file systems of their own. The tests run side by
// side: most of their time they wait.
func TestDisk(t *testing.T) {
	server := serverBinary(t)
	for _, test := range []struct {
		name string
		run  func(t *testing.T, server string)
	}{
		{"all disks of a group run full", fullDisksOfAGroup},
		{"a failover while all disks are full", failoverWithFullDisks},
		{"a leader's disk runs full", fullDiskOfALeader},
		{"a replica's disk is full to the last byte", fullDiskOfAReplica},
		{"a leader's disk stalls", stalledDisk},
		{"the power fails", powerCut},
		{"the power of a whole group fails", powerCutOfAGroup},
		{"save points", savePoints},
		{"damaged files", damagedFiles},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, server)
		})
	}
}

// disk is a small file system of its own, in an image, mounted on a node's data directory.
// The cluster config file and the log stay outside.
type disk struct {
	image, mount string
	frozen       bool
}

// ownDisk gives node i of a cluster that does not run yet a disk of so many MiB.
func ownDisk(t *testing.T, c *Cluster, i, mib int) *disk {
	t.Helper()
	d := &disk{image: filepath.Join(t.TempDir(), "image"), mount: c.DataDir(i)}
	if err := os.WriteFile(d.image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(d.image, int64(mib)<<20); err != nil {
		t.Fatal(err)
	}
	mountImage(t, d.image, d.mount, true)
	t.Cleanup(func() {
		d.thaw(t)
		c.Close() // or else the file system is in use
		if err := run("umount", d.mount); err != nil {
			t.Error(err)
		}
	})
	return d
}

// mountImage makes a file system in an image, with format, and mounts it.
func mountImage(t *testing.T, image, at string, format bool) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("a file system of its own is needed, and only root may mount one")
	}
	if format {
		if err := run("mkfs.ext4", "-q", "-m", "0", image); err != nil {
			t.Skipf("a small file system is needed, and mkfs.ext4 (Debian package e2fsprogs) does not make one here: %v", err)
		}
	}
	if err := os.MkdirAll(at, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := run("mount", "-o", "loop", image, at); err != nil {
		t.Skipf("a small file system is needed, and this machine (a container without loop devices, for example) does not mount one: %v", err)
	}
}

func run(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %v: %w: %s", name, args, err, out)
	}
	return nil
}

// free is the space that is left.
func (d *disk) free(t *testing.T) int64 {
	t.Helper()
	var s syscall.Statfs_t
	if err := syscall.Statfs(d.mount, &s); err != nil {
		t.Fatal(err)
	}
	return int64(s.Bavail) * s.Bsize
}

func (d *disk) ballast() string { return filepath.Join(d.mount, "ballast") }

// fill takes all space but some.
func (d *disk) fill(t *testing.T, leave int64) {
	t.Helper()
	if n := d.free(t) - leave; n > 0 {
		if err := run("fallocate", "-l", strconv.FormatInt(n, 10), d.ballast()); err != nil && leave > 0 {
			t.Fatal(err)
		}
	}
}

// drain gives it back.
func (d *disk) drain(t *testing.T) {
	t.Helper()
	if err := os.Remove(d.ballast()); err != nil {
		t.Fatal(err)
	}
}

// freeze makes every write hang.
func (d *disk) freeze(t *testing.T) {
	t.Helper()
	if err := run("fsfreeze", "-f", d.mount); err != nil {
		t.Skipf("the file system cannot be frozen here: %v", err)
	}
	d.frozen = true
}

func (d *disk) thaw(t *testing.T) {
	t.Helper()
	if !d.frozen {
		return
	}
	d.frozen = false
	if err := run("fsfreeze", "-u", d.mount); err != nil {
		t.Error(err)
	}
}

// diskMiB is the size of the disks of these tests. Segments and reserve are parts of it.
const diskMiB = 64

// groupOnDisks forms a master with two replicas, each on a disk of its own.
func groupOnDisks(t *testing.T, server string, args ...string) (*Cluster, []*disk) {
	t.Helper()
	c := nodes(t, server, 3, args...)
	var disks []*disk
	for i := range c.Len() {
		disks = append(disks, ownDisk(t, c, i, diskMiB))
	}
	formLossProof(t, c)
	return c, disks
}

// formLossProof makes the nodes one group, and waits until the metadata group, too, can lose one.
func formLossProof(t *testing.T, c *Cluster) {
	t.Helper()
	formOneGroup(t, c)
	eventually(t, "the metadata group can lose a node, too", func() bool { return metaVoters(c, 0) == 3 })
}

// metaVoters counts the votes in the metadata group.
func metaVoters(c *Cluster, i int) int {
	meta, _, _ := strings.Cut(c.Call(i, "CLUSTER", "GROUPS").Value.String(), "kind data")
	return strings.Count(meta, "vote yes")
}

// must runs a command that has to succeed.
func must(t *testing.T, c *Cluster, i int, words ...string) string {
	t.Helper()
	r := c.Call(i, words...)
	if r.Outcome != client.Done {
		t.Fatalf("node %d, %.60q: %v", i, words, r.Err)
	}
	return r.Value.String()
}

// leader is the node that says it is the master, -1 for nobody.
func leader(c *Cluster) int {
	for i := range c.Len() {
		if c.Running(i) && strings.HasPrefix(c.Call(i, "ROLE").Value.String(), "[master") {
			return i
		}
	}
	return -1
}
