package server

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Time limits on a real redis-server.
const (
	realStartLimit  = 10 * time.Second
	realAgreeLimit  = 30 * time.Second
	realPollPause   = 20 * time.Millisecond
	realBusDistance = 10000
)

// realNode is a redis-server of the version we follow, in cluster mode.
type realNode struct {
	t    *testing.T
	port int
	id   string
	conn net.Conn
	read *bufio.Reader
}

// startReal starts one, or skips the test where there is none.
func startReal(t *testing.T, options ...string) *realNode {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed")
	}
	r := &realNode{t: t, port: freePort(t)}
	dir := t.TempDir()
	args := append([]string{"--port", strconv.Itoa(r.port), "--bind", "127.0.0.1", "--dir", dir, "--save", "", "--cluster-enabled", "yes",
		"--cluster-node-timeout", "2000", "--cluster-require-full-coverage", "no", "--enable-debug-command", "yes", "--slowlog-log-slower-than", "-1"}, options...)
	cmd := exec.Command(path, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	r.until(realStartLimit, "it listens", func() bool { return r.dial() })
	t.Cleanup(func() { _ = r.conn.Close() })
	r.id = r.bulk("CLUSTER", "MYID")
	return r
}

func (r *realNode) dial() bool {
	conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(r.port)))
	if err != nil {
		return false
	}
	r.conn, r.read = conn, bufio.NewReader(conn)
	return true
}

// until polls for a condition.
func (r *realNode) until(limit time.Duration, what string, done func() bool) {
	r.t.Helper()
	for end := time.Now().Add(limit); !done(); time.Sleep(realPollPause) {
		if time.Now().After(end) {
			r.t.Fatalf("redis-server: not within %v: %s", limit, what)
		}
	}
}

// ask sends a command and returns the raw reply, line ends written as "|".
func (r *realNode) ask(args ...string) string {
	r.t.Helper()
	request := fmt.Sprintf("*%d\r\n", len(args))
	for _, a := range args {
		request += fmt.Sprintf("$%d\r\n%s\r\n", len(a), a)
	}
	_ = r.conn.SetDeadline(time.Now().Add(realStartLimit))
	if _, err := io.WriteString(r.conn, request); err != nil {
		r.t.Fatal(err)
	}
	var raw strings.Builder
	r.copyReply(&raw)
	return strings.ReplaceAll(raw.String(), "\r\n", "|")
}

// copyReply copies one reply, with all that is nested in it.
func (r *realNode) copyReply(raw *strings.Builder) {
	line, err := r.read.ReadString('\n')
	if err != nil {
		r.t.Fatal(err)
	}
	raw.WriteString(line)
	n, _ := strconv.Atoi(strings.TrimSpace(line[1:]))
	switch line[0] {
	case '$', '=':
		if n >= 0 {
			body := make([]byte, n+2)
			if _, err := io.ReadFull(r.read, body); err != nil {
				r.t.Fatal(err)
			}
			raw.Write(body)
		}
	case '%':
		n *= 2
		fallthrough
	case '*', '~', '>':
		for range n {
			r.copyReply(raw)
		}
	}
}

// bulk asks for a bulk string and returns its content.
func (r *realNode) bulk(args ...string) string {
	r.t.Helper()
	_, content, _ := strings.Cut(r.ask(args...), "|")
	return strings.TrimSuffix(content, "|")
}

// realCluster is two masters with all slots and a replica of the first.
type realCluster struct{ one, replica, two *realNode }

// startRealCluster starts three nodes, and returns once all of them agree and the replica is in step.
func startRealCluster(t *testing.T) realCluster {
	t.Helper()
	if testing.Short() {
		t.Skip("a real cluster takes ten seconds to agree")
	}
	c := realCluster{startReal(t), startReal(t), startReal(t)}
	must := func(n *realNode, args ...string) {
		t.Helper()
		if got := n.ask(args...); got != "+OK|" {
			t.Fatalf("redis-server: %q: %s", args, got)
		}
	}
	must(c.one, "CLUSTER", "ADDSLOTSRANGE", "0", "8191")
	must(c.two, "CLUSTER", "ADDSLOTSRANGE", "8192", "16382")
	must(c.two, "CLUSTER", "ADDSLOTS", "16383")
	must(c.one, "CLUSTER", "SET-CONFIG-EPOCH", "1")
	must(c.two, "CLUSTER", "SET-CONFIG-EPOCH", "2")
	must(c.one, "CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(c.two.port))
	must(c.one, "CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(c.replica.port))
	c.replica.until(realAgreeLimit, "the replica knows its master to be", func() bool {
		return strings.Contains(c.replica.bulk("CLUSTER", "NODES"), c.one.id) && c.replica.ask("CLUSTER", "REPLICATE", c.one.id) == "+OK|"
	})
	for _, n := range []*realNode{c.one, c.two, c.replica} {
		n.until(realAgreeLimit, "all nodes agree", func() bool {
			nodes := n.bulk("CLUSTER", "NODES")
			return strings.Contains(nodes, "slave "+c.one.id) && strings.Count(nodes, " connected") == 3 && strings.Contains(nodes, " 0-8191") &&
				strings.Contains(nodes, " 8192-16383") && !strings.Contains(n.ask("CLUSTER", "SHARDS"), "loading")
		})
	}
	return c
}
