package proc

import (
	"io/fs"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/jepsen/client"
)

// killedWhileStarting kills a node again and again in the middle of its start: a member of a group
// that goes on meanwhile, and a node that has never got as far as an identity. Each is itself in
// the end, has everything, and leaves nothing lying around.
func killedWhileStarting(t *testing.T, server string) {
	kills, latest := 12, 300*time.Millisecond
	if long() {
		kills, latest = 50, 500*time.Millisecond
	}
	c := oneGroup(t, server, 3, "--raft-snapshot-entries", "200", "--raft-trailing-entries", "20")
	const victim = 1
	self := id(t, c, victim)
	l := StartLoad(c, 2, clientTimeout)
	await(t, l, 300)
	rnd := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	killStarts(t, c, victim, kills, latest, rnd)
	await(t, l, 300)
	if err := c.Start(victim); err != nil {
		t.Fatal(err)
	}
	settle(t, c)
	audit(t, l)
	if now := id(t, c, victim); now != self {
		t.Errorf("it was %s and is %s", self, now)
	}
	if v := verdicts(c); v != "" {
		t.Error(v)
	}
	noGarbage(t, c, victim, 0)

	fresh := nodes(t, server, 1)
	killStarts(t, fresh, 0, kills, latest/4, rnd)
	if err := fresh.Start(0); err != nil {
		t.Fatal(err)
	}
	self = id(t, fresh, 0)
	cli(t, fresh, at(fresh, 0, "CLUSTER", "ADDSLOTSRANGE", "0", "16383"), "OK")
	eventually(t, "it serves", func() bool { return fresh.Call(0, "SET", "a", "kept").Outcome == client.Done })
	killStarts(t, fresh, 0, kills, latest/4, rnd)
	if err := fresh.Start(0); err != nil {
		t.Fatal(err)
	}
	if now := id(t, fresh, 0); now != self {
		t.Errorf("it was %s and is %s", self, now)
	}
	eventually(t, "what was written is there", func() bool { return fresh.Call(0, "GET", "a").Value.String() == "kept" })
}

// killStarts kills node i that often, each time at some moment of its start.
func killStarts(t *testing.T, c *Cluster, i, kills int, latest time.Duration, rnd *rand.Rand) {
	t.Helper()
	if err := c.Signal(i, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for range kills {
		if err := c.Launch(i); err != nil {
			t.Fatal(err)
		}
		time.Sleep(within(rnd, 0, latest)) // the moment of the kill is what this test is about
		if err := c.Signal(i, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
}

// noGarbage compares the kinds of files that two members of a group have: what one has after
// kills that the other one has not is left over.
func noGarbage(t *testing.T, c *Cluster, killed, other int) {
	t.Helper()
	var extra []string
	eventually(t, "the directory is as clean as that of another member: "+strings.Join(extra, ", "), func() bool {
		extra = nil
		clean := kinds(t, c.DataDir(other))
		for name := range kinds(t, c.DataDir(killed)) {
			if !clean[name] {
				extra = append(extra, name)
			}
		}
		if len(extra) > 0 {
			t.Logf("left over: %q", slices.Sorted(maps.Keys(kinds(t, c.DataDir(killed)))))
		}
		return len(extra) == 0
	})
	beside, err := filepath.Glob(filepath.Join(c.Dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range beside {
		if name := filepath.Base(path); !strings.HasPrefix(name, "log-") && !strings.HasSuffix(name, ".conf") && !strings.HasSuffix(name, ".data") {
			t.Errorf("%s is left over", name)
		}
	}
}

// kinds is the files below a directory, with every number in their paths written as #.
func kinds(t *testing.T, dir string) map[string]bool {
	t.Helper()
	found := make(map[string]bool)
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err == nil {
			found[strings.Join(strings.FieldsFunc(strings.TrimPrefix(path, dir), func(r rune) bool {
				return r >= '0' && r <= '9' || r >= 'a' && r <= 'f'
			}), "#")] = true
		}
		return nil // a file may go while we look
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// terminatedWhileStarting sends SIGTERM at some moment of a start, and of a join, and twice: each
// ends with status 0 and nothing is lost, and whoever was joining is a member in the end.
func terminatedWhileStarting(t *testing.T, server string) {
	c := oneGroup(t, server, 2)
	l := StartLoad(c, 1, clientTimeout)
	await(t, l, 50)
	rnd := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	rounds := 5
	if long() {
		rounds = 40
	}
	for n := range rounds {
		twice := n%2 == 0
		if !twice { // in the middle of the start
			if err := c.Signal(1, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			if err := c.Launch(1); err != nil {
				t.Fatal(err)
			}
			time.Sleep(within(rnd, 0, 300*time.Millisecond))
		}
		terminate(t, c, 1, twice)
		if err := c.Start(1); err != nil {
			t.Fatal(err)
		}
	}
	settle(t, c)
	audit(t, l)
	terminatedWhileJoining(t, server, rnd)
}

// terminate sends SIGTERM, perhaps a second one soon after, and wants a clean end. A process that
// has not come as far as to listen to signals is ended by the system.
func terminate(t *testing.T, c *Cluster, i int, twice bool) {
	t.Helper()
	p := c.nodes[i]
	began := time.Now()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	if twice {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
	}
	select {
	case <-p.done:
	case <-time.After(20 * time.Second):
		t.Fatalf("it has not ended after %v", time.Since(began))
	}
	status := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if status.ExitStatus() != 0 && status.Signal() != syscall.SIGTERM {
		t.Errorf("it ended with %v", p.cmd.ProcessState)
	}
	p.cmd = nil
}

func terminatedWhileJoining(t *testing.T, server string, rnd *rand.Rand) {
	const joiners = 4
	c := nodes(t, server, 1+joiners)
	startAll(t, c)
	cli(t, c, at(c, 0, "CLUSTER", "ADDSLOTSRANGE", "0", "16383"), "OK")
	meet := func(i int) bool {
		return c.Call(i, "CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(c.Port(0))).Outcome == client.Done
	}
	for i := 1; i <= joiners; i++ {
		if !meet(i) {
			t.Fatal("CLUSTER MEET fails")
		}
		time.Sleep(within(rnd, 0, 150*time.Millisecond))
		terminate(t, c, i, i%2 == 0)
		if err := c.Start(i); err != nil {
			t.Fatal(err)
		}
	}
	all := strconv.Itoa(1 + joiners)
	eventually(t, "all are one cluster", func() bool {
		whole := true
		for i := range c.Len() {
			n := known(c, i)
			whole = whole && n == all
			if n == "1" && i > 0 { // stopped before the join was written down
				meet(i)
			}
		}
		return whole
	})
	settle(t, c)
}

// refusedStarts are starts that cannot succeed: each says why, ends with status 1, and has made
// nothing and changed nothing.
func refusedStarts(t *testing.T, server string) {
	c := nodes(t, server, 2)
	if err := c.Start(0); err != nil {
		t.Fatal(err)
	}
	cli(t, c, at(c, 0, "CLUSTER", "ADDSLOTSRANGE", "0", "16383"), "OK")
	eventually(t, "it serves", func() bool { return c.Call(0, "SET", "a", "1").Outcome == client.Done })
	bus, err := net.Listen("tcp", local(c.Port(1)+busPortOffset))
	if err != nil {
		t.Fatal(err)
	}
	defer bus.Close()
	port := func(i int) []string { return []string{"--port", strconv.Itoa(c.Port(i)), "--bind", "127.0.0.1"} }
	elsewhere := strconv.Itoa(c.Port(1) + busPortOffset + 1)
	for _, r := range []struct {
		what   string
		args   []string
		wanted []string
	}{
		{"a client port that is taken", append(port(0), "--cluster-port", elsewhere), []string{strconv.Itoa(c.Port(0)), "address already in use"}},
		{"a bus port that is taken", port(1), []string{strconv.Itoa(c.Port(1) + busPortOffset), "address already in use"}},
		{"an unknown directive", append(port(1), "--no-such-thing", "x"), []string{"*** FATAL CONFIG FILE ERROR", "Bad directive or wrong number of arguments"}},
		{"a wrong value", append(port(1), "--read-consistency", "sometimes"), []string{"*** FATAL CONFIG FILE ERROR", ">>> 'read-consistency \"sometimes\"'", "argument(s) must be one of the following: lease, quorum"}},
		{"a number that is none", append(port(1), "--maxclients", "many"), []string{"*** FATAL CONFIG FILE ERROR", ">>> 'maxclients \"many\"'"}},
	} {
		dir := t.TempDir()
		ends(t, r.what, server, dir, r.args, r.wanted...)
		if made, err := os.ReadDir(dir); err != nil || len(made) > 0 {
			t.Errorf("%s: it left %v (%v)", r.what, made, err)
		}
	}
	_ = bus.Close()
	files := func() map[string]string {
		return contents(t, c.ConfigFile(0), filepath.Join(c.DataDir(0), "identity.json"))
	}
	signalAll(t, c, syscall.SIGSTOP, 0) // or else it may write them itself
	before, names := files(), kinds(t, c.DataDir(0))
	for range 3 {
		ends(t, "two processes on one config file", server, c.Dir, append(port(1), "--cluster-config-file", filepath.Base(c.ConfigFile(0))),
			filepath.Base(c.DataDir(0)), "in use by another process", "cluster-config-file")
	}
	if !maps.Equal(before, files()) || !maps.Equal(names, kinds(t, c.DataDir(0))) {
		t.Error("a second process changed the first one's files")
	}
	signalAll(t, c, syscall.SIGCONT, 0)
	cli(t, c, at(c, 0, "GET", "a"), "1")
	cli(t, c, at(c, 0, "SET", "b", "2"), "OK")
}

func contents(t *testing.T, paths ...string) map[string]string {
	t.Helper()
	out := make(map[string]string)
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		out[path] = string(b)
	}
	return out
}
