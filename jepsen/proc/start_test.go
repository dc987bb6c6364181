package proc

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// exitTimeout is how long a start that cannot succeed may take to say so.
const exitTimeout = 10 * time.Second

// ends runs the server in a directory and wants it to end with status 1 and to say why. It
// returns what it said.
func ends(t *testing.T, what, server, dir string, args []string, wanted ...string) string {
	t.Helper()
	cmd := exec.Command(server, args...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	timer := time.AfterFunc(exitTimeout, func() { _ = cmd.Process.Kill() })
	out, err := cmd.CombinedOutput()
	timer.Stop()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("%s: it ended with %v and said\n%s", what, err, out)
		return string(out)
	}
	for _, w := range wanted {
		if !strings.Contains(string(out), w) {
			t.Errorf("%s: %q is missing in\n%s", what, w, out)
		}
	}
	return string(out)
}

// failingStarts are mistakes of an operator. Each is told and harms nothing that runs.
func failingStarts(t *testing.T, server string) {
	c := nodes(t, server, 3)
	if err := c.Start(0); err != nil {
		t.Fatal(err)
	}
	cli(t, c, at(c, 0, "CLUSTER", "ADDSLOTSRANGE", "0", "16383"), "OK")
	eventually(t, "it serves", func() bool { return c.Info(0, "cluster_state", "CLUSTER", "INFO") == "ok" })
	cli(t, c, at(c, 0, "SET", "a", "1"), "OK")
	port := func(i int) []string { return []string{"--port", strconv.Itoa(c.Port(i)), "--bind", "127.0.0.1"} }

	ends(t, "a client port that is taken", server, t.TempDir(), append(port(0), "--cluster-port", strconv.Itoa(c.Port(1)+busPortOffset)),
		strconv.Itoa(c.Port(0)), "address already in use")
	bus, err := net.Listen("tcp", local(c.Port(1)+busPortOffset))
	if err != nil {
		t.Fatal(err)
	}
	ends(t, "a bus port that is taken", server, t.TempDir(), port(1), strconv.Itoa(c.Port(1)+busPortOffset), "address already in use")
	_ = bus.Close()
	ends(t, "an unknown directive", server, t.TempDir(), append(port(1), "--no-such-thing", "x"),
		"*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***", ">>> 'no-such-thing", "Bad directive or wrong number of arguments")
	file := filepath.Join(t.TempDir(), "redis.conf")
	if err := os.WriteFile(file, []byte("port 7000\nmaxclients many\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	ends(t, "a wrong value in a file", server, t.TempDir(), []string{file}, "at line 2", ">>> 'maxclients many'")
	ends(t, "a file that does not exist", server, t.TempDir(), []string{filepath.Join(c.Dir, "nosuch.conf")}, "nosuch.conf")
	ends(t, "a directory that does not exist", server, t.TempDir(), append(port(1), "--dir", filepath.Join(c.Dir, "nosuch")), "nosuch")
	ends(t, "two processes on one config file", server, c.Dir, append(port(1), "--cluster-config-file", filepath.Base(c.ConfigFile(0))),
		filepath.Base(c.DataDir(0)), "in use by another process", "cluster-config-file")

	cli(t, c, at(c, 0, "GET", "a"), "1")
	cli(t, c, at(c, 0, "SET", "b", "2"), "OK")
	if err := c.Signal(0, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := c.Start(0); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it serves again", func() bool { return c.Info(0, "cluster_state", "CLUSTER", "INFO") == "ok" })
	cli(t, c, at(c, 0, "MGET", "{a}", "a"), "1")
}

// damagedIdentity damages a node's cluster config file: the node must neither start as
// somebody else nor lose anything, and go on when the file is mended.
func damagedIdentity(t *testing.T, server string) {
	c := nodes(t, server, 3)
	startAll(t, c)
	create := append([]string{"--cluster", "create"}, c.Addrs()...)
	cli(t, c, append(create, "--cluster-yes"), agreed, covered)
	cli(t, c, append([]string{"-c"}, at(c, 0, "SET", "b", "kept")...), "OK")
	self := id(t, c, 0)
	if err := c.Signal(0, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(c.ConfigFile(0))
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"--port", strconv.Itoa(c.Port(0)), "--bind", "127.0.0.1", "--cluster-config-file", filepath.Base(c.ConfigFile(0))}
	flipped := append([]byte{}, whole...)
	flipped[len(flipped)/2] ^= 1
	for what, content := range map[string][]byte{
		"half a file": whole[:len(whole)/2], "one bit": flipped, "an empty file": nil, "Redis' own": []byte("vars currentEpoch 0 lastVoteEpoch 0\n"),
	} {
		if err := os.WriteFile(c.ConfigFile(0), content, 0o644); err != nil {
			t.Fatal(err)
		}
		ends(t, what, server, c.Dir, args, filepath.Base(c.ConfigFile(0)))
		if after, err := os.ReadFile(c.ConfigFile(0)); err != nil || string(after) != string(content) {
			t.Errorf("%s: the file was changed to %q (%v)", what, after, err)
		}
	}
	if err := os.Remove(c.ConfigFile(0)); err != nil {
		t.Fatal(err)
	}
	ends(t, "no file beside the data", server, c.Dir, args, filepath.Base(c.ConfigFile(0)), "its data directory belongs to node "+self)
	if err := os.WriteFile(c.ConfigFile(0), whole, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := c.Start(0); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it serves again", func() bool { return c.unsettled() == "" })
	if now := id(t, c, 0); now != self {
		t.Errorf("it was %s and is %s", self, now)
	}
	cli(t, c, append([]string{"-c"}, at(c, 1, "GET", "b")...), "kept")
}
