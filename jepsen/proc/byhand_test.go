package proc

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// formByHand starts nodes from redis.conf files in one directory and forms a cluster of
// them with single CLUSTER commands, as the talk does.
func formByHand(t *testing.T, server string) {
	c := nodes(t, server, 4)
	for i := range c.Len() {
		// What Debian's redis.conf has, among others; the command line wins where both speak.
		text := fmt.Sprintf("# node %d\n\nport 1\nprotected-mode yes\ntimeout 0\ntcp-keepalive 300\nloglevel notice\nsave \"\"\n"+
			"maxmemory-policy noeviction\nappendonly no\ndbfilename dump%d.rdb\nclient-output-buffer-limit pubsub 32mb 8mb 60\n"+
			"cluster-require-full-coverage no\nproc-title-template \"{title} {listen-addr}\"\n", i, i)
		if err := c.Configure(i, text); err != nil {
			t.Fatal(err)
		}
	}
	startAll(t, c)
	cli(t, c, at(c, 0, "CONFIG", "GET", "cluster-require-full-coverage"), "no")
	contains(t, "a lone node", cli(t, c, at(c, 0, "CLUSTER", "INFO")), "cluster_state:fail", "cluster_known_nodes:1")
	cli(t, c, at(c, 0, "CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(c.Port(1))), "OK")
	eventually(t, "both know each other", func() bool { return known(c, 0) == "2" && known(c, 1) == "2" })

	words := []string{"CLUSTER", "ADDSLOTS"}
	for slot := range 8192 {
		words = append(words, strconv.Itoa(slot))
	}
	cli(t, c, at(c, 0, words...), "OK")
	cli(t, c, at(c, 1, "CLUSTER", "ADDSLOTSRANGE", "8192", "16383"), "OK")
	contains(t, "a slot twice", cli(t, c, at(c, 1, "CLUSTER", "ADDSLOTS", "5")), "ERR Slot 5 is already busy")
	for _, i := range []int{2, 3} {
		cli(t, c, at(c, i, "CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(c.Port(0))), "OK")
	}
	eventually(t, "all know each other", func() bool { return known(c, 1) == "4" && known(c, 2) == "4" && known(c, 3) == "4" })
	for _, i := range []int{2, 3} {
		cli(t, c, at(c, i, "CLUSTER", "REPLICATE", id(t, c, i-2)), "OK")
	}
	eventually(t, "the cluster is whole", func() bool { return c.unsettled() == "" })
	cli(t, c, []string{"--cluster", "check", c.Addr(3)}, agreed, covered, "slots:[0-8191] (8192 slots) master\n   1 additional replica(s)")
	eventually(t, "CLUSTER SLOTS lists the replicas", func() bool {
		return strings.Contains(c.Call(1, "CLUSTER", "SLOTS").Value.String(), id(t, c, 2))
	})
	cli(t, c, append([]string{"-c"}, at(c, 0, "SET", "a", "1")...), "OK")
	cli(t, c, append([]string{"-c"}, at(c, 2, "GET", "a")...), "1")
	if _, err := os.Stat(c.ConfigFile(3)); err != nil {
		t.Errorf("the cluster config file is not in the working directory: %v", err)
	}
}

// passwords guards clients with requirepass and the bus with masterauth.
func passwords(t *testing.T, server string) {
	c := nodes(t, server, 5)
	for i, secret := range []string{"secret", "secret", "secret", "other", ""} {
		c.nodes[i].args = append(c.nodes[i].args, "--requirepass", "secret")
		if secret != "" {
			c.nodes[i].args = append(c.nodes[i].args, "--masterauth", secret)
		}
	}
	startAll(t, c)
	auth := []string{"-a", "secret", "--no-auth-warning"}
	with := func(args ...string) []string { return append(append([]string{}, auth...), args...) }
	contains(t, "without a password", cli(t, c, at(c, 0, "CLUSTER", "INFO")), "NOAUTH Authentication required.")
	create := with("--cluster", "create", c.Addr(0), c.Addr(1), c.Addr(2), "--cluster-yes")
	cli(t, c, create, agreed, covered)
	cli(t, c, with(append([]string{"-c"}, at(c, 0, "SET", "a", "1")...)...), "OK")
	for _, stranger := range []int{3, 4} {
		// As in Redis, OK says that the meeting has begun.
		cli(t, c, with(at(c, 0, "CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(c.Port(stranger)))...), "OK")
		cli(t, c, with(at(c, stranger, "CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(c.Port(0)))...), "OK")
	}
	eventually(t, "the logs tell of the refusal", func() bool {
		return strings.Contains(c.LogTail(0), "authentication failed") && strings.Contains(c.LogTail(3), "authentication failed")
	})
	for i, want := range []string{"3", "3", "3", "1", "1"} {
		contains(t, "who knows whom", cli(t, c, with(at(c, i, "CLUSTER", "INFO")...)), "cluster_known_nodes:"+want)
	}
	cli(t, c, with(append([]string{"-c"}, at(c, 1, "GET", "a")...)...), "1")
}
