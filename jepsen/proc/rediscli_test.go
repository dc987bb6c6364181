package proc

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	agreed  = "[OK] All nodes agree about slots configuration."
	covered = "[OK] All 16384 slots covered."
)

// TestRedisCLI plays what an operator does with redis-cli, each scenario on processes of its own.
func TestRedisCLI(t *testing.T) {
	server := serverBinary(t)
	for _, s := range []struct {
		name string
		run  func(t *testing.T, server string)
	}{
		{"a life", manageCluster},
		{"three masters", createThree},
		{"by hand, with files", formByHand},
		{"passwords", passwords},
		{"announced addresses", announced},
		{"announced later", announcedLater},
		{"starts that fail", failingStarts},
		{"damaged identity", damagedIdentity},
		{"one command", oneCommand},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.run(t, server)
		})
	}
}

// serverBinary is the program under test.
func serverBinary(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("REDOUBT_SERVER"); path != "" {
		return path
	}
	path, err := Build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// nodes prepares n processes and shows their logs if the test fails.
func nodes(t *testing.T, server string, n int, args ...string) *Cluster {
	t.Helper()
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
	return c
}

func startAll(t *testing.T, c *Cluster) {
	t.Helper()
	for i := range c.Len() {
		if err := c.Launch(i); err != nil {
			t.Fatal(err)
		}
	}
	for i := range c.Len() {
		if err := c.AwaitPing(i, 20*time.Second); err != nil {
			t.Fatal(err)
		}
	}
}

// cli runs redis-cli, wants success, and wants each of the texts in what it prints.
func cli(t *testing.T, c *Cluster, args []string, wanted ...string) string {
	t.Helper()
	out, err := c.CLI(args...)
	if err != nil {
		t.Fatalf("redis-cli %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	contains(t, "redis-cli "+strings.Join(args, " "), out, wanted...)
	return out
}

func contains(t *testing.T, what, text string, wanted ...string) {
	t.Helper()
	for _, w := range wanted {
		if !strings.Contains(text, w) {
			t.Fatalf("%s: %q is missing in\n%s", what, w, text)
		}
	}
}

// at is redis-cli's arguments for one command on node i.
func at(c *Cluster, i int, words ...string) []string {
	return append([]string{"-p", strconv.Itoa(c.Port(i))}, words...)
}

func id(t *testing.T, c *Cluster, i int) string {
	t.Helper()
	return cli(t, c, at(c, i, "CLUSTER", "MYID"))
}

// eventually polls for a condition that processes reach by themselves.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	if !Until(20*time.Second, cond) {
		t.Fatalf("this does not happen: %s", what)
	}
}

func known(c *Cluster, i int) string { return c.Info(i, "cluster_known_nodes", "CLUSTER", "INFO") }

// manageCluster is the life of a cluster of three masters and three replicas: all that redis-cli --cluster does
// to nodes without slots.
func manageCluster(t *testing.T, server string) {
	c := nodes(t, server, 8)
	for i := range c.Len() {
		if err := c.Configure(i, "# written by the operator\nmaxclients 5000\n"); err != nil {
			t.Fatal(err)
		}
	}
	startAll(t, c)
	create := append([]string{"--cluster", "create"}, c.Addrs()[:6]...)
	cli(t, c, append(create, "--cluster-replicas", "1", "--cluster-yes"), agreed, covered, "1 additional replica(s)")
	eventually(t, "the cluster is whole", func() bool { return c.unsettledAmong(6) == "" })
	cli(t, c, []string{"--cluster", "check", c.Addr(5)}, agreed, covered, "slots:[0-5460] (5461 slots) master")
	for i := range 30 {
		cli(t, c, append([]string{"-c"}, at(c, 1, "SET", fmt.Sprint("key", i), "value")...), "OK")
	}
	cli(t, c, []string{"--cluster", "info", c.Addr(0)}, "5461 slots | 1 slaves.", "[OK] 30 keys in 3 masters.")
	cli(t, c, []string{"--cluster", "call", c.Addr(2), "CLUSTER", "MYID"}, id(t, c, 0), id(t, c, 5))
	setTimeout(t, c)
	addNodes(t, c)
	deleteNodes(t, c)
	if out, err := c.CLI(append(create, "--cluster-yes")...); err == nil || !strings.Contains(out, "is not empty") {
		t.Errorf("create on a cluster that is in use: %v\n%s", err, out)
	}
	for i := range 30 {
		cli(t, c, append([]string{"-c"}, at(c, 4, "GET", fmt.Sprint("key", i))...), "value")
	}
}

func setTimeout(t *testing.T, c *Cluster) {
	t.Helper()
	cli(t, c, []string{"--cluster", "set-timeout", c.Addr(0), "2000"}, "New node timeout set. 6 OK, 0 ERR.")
	for i := range 6 {
		cli(t, c, at(c, i, "CONFIG", "GET", "cluster-node-timeout"), "2000")
		text, err := os.ReadFile(c.nodes[i].conf)
		if err != nil {
			t.Fatal(err)
		}
		contains(t, "the rewritten redis.conf", string(text), "# written by the operator\n", "maxclients 5000\n", "cluster-node-timeout 2000\n")
	}
	eventually(t, "the cluster is ok with the new time-out", func() bool { // for which each node restarts its Raft members
		out, err := c.CLI("--cluster", "check", c.Addr(0))
		return err == nil && strings.Contains(out, agreed) && c.unsettledAmong(6) == ""
	})
}

// addNodes adds node 6 as a master and node 7 as its replica.
func addNodes(t *testing.T, c *Cluster) {
	t.Helper()
	cli(t, c, []string{"--cluster", "add-node", c.Addr(6), c.Addr(0)}, "[OK] New node added correctly.")
	eventually(t, "all know the new master", func() bool { return known(c, 3) == "7" && known(c, 6) == "7" })
	cli(t, c, []string{"--cluster", "add-node", c.Addr(7), c.Addr(1), "--cluster-slave", "--cluster-master-id", id(t, c, 6)}, "[OK] New node added correctly.")
	eventually(t, "the new replica follows its master", func() bool {
		return strings.Contains(c.Call(7, "INFO", "replication").Value.String(), "master_link_status:up") &&
			strings.Contains(c.Call(0, "CLUSTER", "REPLICAS", id(t, c, 6)).Value.String(), id(t, c, 7))
	})
	eventually(t, "redis-cli finds nothing wrong", func() bool {
		out, err := c.CLI("--cluster", "check", c.Addr(7))
		return err == nil && strings.Contains(out, agreed) && strings.Contains(out, "slots: (0 slots) master\n   1 additional replica(s)")
	})
}

// deleteNodes takes both out again, and one of them in once more.
func deleteNodes(t *testing.T, c *Cluster) {
	t.Helper()
	master := someMaster(t, c)
	if out, err := c.CLI("--cluster", "del-node", c.Addr(0), id(t, c, master)); err == nil || !strings.Contains(out, "is not empty") {
		t.Errorf("del-node of a master with slots: %v\n%s", err, out)
	}
	before := id(t, c, 7)
	cli(t, c, []string{"--cluster", "del-node", c.Addr(0), before}, "Sending CLUSTER FORGET messages to the cluster...", "Sending CLUSTER RESET SOFT to the deleted node.")
	cli(t, c, []string{"--cluster", "del-node", c.Addr(2), id(t, c, 6)}, "Sending CLUSTER RESET SOFT to the deleted node.")
	eventually(t, "six nodes are left and two are alone", func() bool {
		return known(c, 0) == "6" && known(c, 5) == "6" && known(c, 6) == "1" && known(c, 7) == "1"
	})
	cli(t, c, []string{"--cluster", "check", c.Addr(3)}, agreed, covered)
	cli(t, c, []string{"--cluster", "add-node", c.Addr(7), c.Addr(4), "--cluster-slave", "--cluster-master-id", id(t, c, master)}, "[OK] New node added correctly.")
	keys := c.Call(master, "DBSIZE").Value.Integer()
	if keys == 0 {
		t.Error("the master has no keys: this shows nothing")
	}
	eventually(t, "the replica has its master's keys", func() bool { return c.Call(7, "DBSIZE").Value.Integer() == keys })
	eventually(t, "all know seven nodes", func() bool { return known(c, 0) == "7" && known(c, 7) == "7" })
}

// someMaster is one of the first six nodes that is a master with slots.
func someMaster(t *testing.T, c *Cluster) int {
	t.Helper()
	for i := range 6 {
		if strings.HasPrefix(c.Call(i, "ROLE").Value.String(), "[master") {
			return i
		}
	}
	t.Fatal("no master")
	return 0
}

func createThree(t *testing.T, server string) {
	c := nodes(t, server, 3)
	startAll(t, c)
	create := append([]string{"--cluster", "create"}, c.Addrs()...)
	cli(t, c, append(create, "--cluster-yes"), agreed, covered)
	cli(t, c, []string{"--cluster", "check", c.Addr(2)}, agreed, covered, "[OK] 0 keys in 3 masters.")
	for i := range 3 {
		if state := c.Info(i, "cluster_state", "CLUSTER", "INFO"); state != "ok" {
			t.Errorf("node %d: %s", i, state)
		}
	}
	cli(t, c, append([]string{"-c"}, at(c, 0, "SET", "a", "1")...), "OK")
	contains(t, "a key of another node", cli(t, c, at(c, 0, "SET", "a", "1")), "MOVED 15495 "+c.Addr(2))
}
