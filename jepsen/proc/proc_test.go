package proc

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/jepsen/client"
)

// clientTimeout is how long the load's clients wait for one answer.
const clientTimeout = 8 * time.Second

// cluster forms a cluster of n real processes, with redis-cli, in a directory of its own.
func cluster(t *testing.T, n, replicas int, args ...string) *Cluster {
	t.Helper()
	for _, tool := range []string{"redis-cli", "redis-server", "redis-check-rdb"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%s is needed: make test installs it (Debian packages redis-tools and redis-server)", tool)
		}
	}
	server := os.Getenv("REDOUBT_SERVER") // a binary to test instead, for example one built with -race
	if server == "" {
		var err error
		if server, err = Build(t.TempDir()); err != nil {
			t.Fatal(err)
		}
	}
	c, err := New(server, t.TempDir(), n, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			for i := range c.Len() {
				t.Logf("node %d on port %d, the end of its log:\n%s", i, c.Port(i), c.LogTail(i))
			}
		}
		c.Close()
	})
	if err := c.Form(replicas); err != nil {
		t.Fatal(err)
	}
	return c
}

// settle fails the test if the cluster does not become whole.
func settle(t *testing.T, c *Cluster) {
	t.Helper()
	if err := c.Settle(time.Minute); err != nil {
		t.Fatal(err)
	}
}

// audit stops the load and compares everything that was acknowledged.
func audit(t *testing.T, l *Load) Accounts {
	t.Helper()
	l.Stop()
	a := l.Check()
	t.Log(a)
	if a.Acked == 0 {
		t.Error("nothing was acknowledged: this test shows nothing")
	}
	for _, w := range a.Wrong[:min(len(a.Wrong), 10)] {
		t.Error(w)
	}
	return a
}

// await waits until the load has had n more writes acknowledged.
func await(t *testing.T, l *Load, n int) {
	t.Helper()
	want := l.Acked() + n
	if !Until(30*time.Second, func() bool { return l.Acked() >= want }) {
		t.Fatalf("writes are not acknowledged: %d of %d more", l.Acked()-want+n, n)
	}
}

func TestKillEachNode(t *testing.T) {
	c := cluster(t, 6, 1)
	l := StartLoad(c, 4, clientTimeout)
	for i := range c.Len() {
		await(t, l, 200)
		if err := c.Signal(i, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		await(t, l, 200)
		if err := c.Start(i); err != nil {
			t.Fatal(err)
		}
		settle(t, c)
	}
	if a := audit(t, l); a.Gap > 6*time.Second {
		t.Errorf("a client waited %v for its next acknowledged write", a.Gap)
	}
}

func TestWipedDataDirectory(t *testing.T) {
	c := cluster(t, 6, 1)
	l := StartLoad(c, 4, clientTimeout)
	for _, i := range []int{0, 3} { // a master and a replica
		await(t, l, 200)
		before := c.Call(i, "CLUSTER", "MYID").Value.String()
		if err := c.Signal(i, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(c.DataDir(i)); err != nil {
			t.Fatal(err)
		}
		await(t, l, 200)
		if err := c.Start(i); err != nil {
			t.Fatal(err)
		}
		settle(t, c)
		if after := c.Call(i, "CLUSTER", "MYID").Value.String(); after != before {
			t.Errorf("node %d was %s and came back as %s", i, before, after)
		}
		if !Until(30*time.Second, func() bool { return strings.HasPrefix(c.Call(i, "ROLE").Value.String(), "[slave") }) {
			t.Errorf("node %d is %s", i, c.Call(i, "ROLE").Value.String())
		}
	}
	audit(t, l)
}

func TestLostIdentityIsANewNode(t *testing.T) {
	c := cluster(t, 6, 1)
	before := c.Call(5, "CLUSTER", "MYID").Value.String()
	if err := c.Signal(5, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(c.DataDir(5)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(c.ConfigFile(5)); err != nil {
		t.Fatal(err)
	}
	if err := c.Start(5); err != nil {
		t.Fatal(err)
	}
	if after := c.Call(5, "CLUSTER", "MYID").Value.String(); after == before || len(after) != 40 {
		t.Errorf("a node without any file came back as %q", after)
	}
	if known := c.Info(5, "cluster_known_nodes", "CLUSTER", "INFO"); known != "1" {
		t.Errorf("it knows %s nodes", known)
	}
	// The cluster goes on, does not take it for the old node, and shows that one as failed.
	if !Until(20*time.Second, func() bool {
		for _, line := range strings.Split(c.Call(0, "CLUSTER", "NODES").Value.String(), "\n") {
			if strings.HasPrefix(line, before) {
				return strings.Contains(line, "fail")
			}
		}
		return false
	}) {
		t.Errorf("the lost node is not shown as failed:\n%s", c.Call(0, "CLUSTER", "NODES").Value.String())
	}
}

// Killing all nodes at once under load loses nothing, and the cluster of 100,000 keys
// serves again within ten seconds of being started.
func TestKillAllAtOnce(t *testing.T) {
	const keys, limit = 100_000, 10 * time.Second
	c := cluster(t, 6, 1)
	fill(t, c, keys)
	l := StartLoad(c, 4, clientTimeout)
	await(t, l, 1000)
	for i := range c.Len() {
		if err := c.nodes[i].cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	for i := range c.Len() {
		if err := c.Signal(i, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	for i := range c.Len() {
		if err := c.Launch(i); err != nil {
			t.Fatal(err)
		}
	}
	before := l.Acked()
	if !Until(30*time.Second, func() bool { return l.Acked() > before+10 }) {
		t.Fatal("no writes are acknowledged after the restart")
	}
	took := time.Since(began)
	t.Logf("writes acknowledged again %v after the start", took)
	if took > limit {
		t.Errorf("the cluster needed %v to serve again, at most %v is promised", took, limit)
	}
	settle(t, c)
	audit(t, l)
	if got := size(t, c); got < keys {
		t.Errorf("%d keys are left of %d", got, keys)
	}
}

// fill writes keys through redis-cli's mass insertion, per node.
func fill(t *testing.T, c *Cluster, keys int) {
	t.Helper()
	cl := client.NewCluster(Dial, c.Addrs(), clientTimeout)
	defer cl.Close()
	const perCall = 100
	for i := 0; i < keys; i += perCall {
		words := []string{"MSET"}
		for j := i; j < i+perCall; j++ {
			words = append(words, fmt.Sprintf("fill:{%d}:%d", i/perCall, j), fmt.Sprintf("value of %d, thirty-two bytes", j))
		}
		if r := cl.Do(t.Context(), words...); r.Outcome != client.Done {
			t.Fatalf("filling: %v", r.Err)
		}
	}
}

// size adds up the keys of the masters.
func size(t *testing.T, c *Cluster) int {
	t.Helper()
	total := 0
	for i := range c.Len() {
		if strings.HasPrefix(c.Call(i, "ROLE").Value.String(), "[master") {
			total += c.Call(i, "DBSIZE").Value.Integer()
		}
	}
	return total
}

// A replica that was away longer than the log reaches catches up by snapshot under
// load, and the snapshot is an RDB file that Redis takes.
func TestSnapshots(t *testing.T) {
	c := cluster(t, 6, 1, "--raft-snapshot-entries", "200", "--raft-trailing-entries", "50")
	l := StartLoad(c, 4, clientTimeout)
	await(t, l, 500)
	if err := c.Signal(3, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	await(t, l, 3000)
	if err := c.Start(3); err != nil {
		t.Fatal(err)
	}
	settle(t, c)
	audit(t, l)
	if r := c.Call(0, "SAVE"); r.Err != nil {
		t.Fatalf("SAVE: %v", r.Err)
	}
	files, err := filepath.Glob(filepath.Join(c.DataDir(0), "groups", "group-*", "snapshots", "*", "*.rdb"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no snapshot file below %s (%v)", c.DataDir(0), err)
	}
	for _, f := range files {
		if out, err := exec.Command("redis-check-rdb", f).CombinedOutput(); err != nil {
			t.Errorf("redis-check-rdb refuses %s: %v\n%s", f, err, out)
		}
	}
	if v := verdicts(c); v != "" {
		t.Error(v)
	}
}

// verdicts asks CLUSTER VERIFY; "" means that all members agree.
func verdicts(c *Cluster) string {
	out, err := c.CLI("-p", fmt.Sprint(c.Port(0)), "CLUSTER", "VERIFY")
	if err != nil || strings.Contains(out, "differ") || strings.Contains(out, "ERR") {
		return fmt.Sprintf("CLUSTER VERIFY: %v\n%s", err, out)
	}
	return ""
}
