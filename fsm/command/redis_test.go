package command_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/jepsen/differential/reply"
)

const (
	redisStartTimeout = 20 * time.Second
	redisReplyTimeout = 20 * time.Second
	redisPollPeriod   = 20 * time.Millisecond
)

// redisServer is a real redis-server of our own, a cluster of one node that holds
// all slots.
type redisServer struct{ addr string }

// startRedis starts the real server and stops it when the test ends. The product
// promises Redis' replies, so a machine without Redis cannot pass these tests.
func startRedis(t *testing.T) *redisServer {
	t.Helper()
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatalf("these tests compare with the real redis-server (7.0), which is not on PATH: %v", err)
	}
	var output bytes.Buffer
	port, bus := freePort(t), freePort(t)
	cmd := exec.Command(binary, "--port", port, "--cluster-port", bus, "--bind", "127.0.0.1", "--dir", t.TempDir(),
		"--save", "", "--appendonly", "no", "--cluster-enabled", "yes", "--enable-debug-command", "yes")
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() && testing.Verbose() {
			t.Logf("redis-server:\n%s", output.String())
		}
	})
	s := &redisServer{addr: net.JoinHostPort("127.0.0.1", port)}
	s.ready(t)
	return s
}

// ready gives the node all slots and waits until it takes writes.
func (s *redisServer) ready(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(redisStartTimeout)
	for last := ""; ; time.Sleep(redisPollPeriod) {
		if time.Now().After(deadline) {
			t.Fatalf("redis-server at %s does not get ready, last reply %q", s.addr, last)
		}
		conn, err := net.Dial("tcp", s.addr)
		if err != nil {
			last = err.Error()
			continue
		}
		c := newRedisConn(t, conn)
		c.do(t, "CLUSTER", "ADDSLOTSRANGE", "0", "16383")
		last = string(c.do(t, "SET", "ready", "1"))
		c.do(t, "DEL", "ready")
		_ = conn.Close()
		if last == "+OK\r\n" {
			return
		}
	}
}

// redisConn is one connection to it.
type redisConn struct {
	conn net.Conn
	r    *bufio.Reader
}

// dial opens a connection that speaks the given protocol version.
func (s *redisServer) dial(t *testing.T, proto int) *redisConn {
	t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	c := newRedisConn(t, conn)
	c.do(t, "HELLO", strconv.Itoa(proto))
	return c
}

func newRedisConn(t *testing.T, conn net.Conn) *redisConn {
	t.Helper()
	return &redisConn{conn: conn, r: bufio.NewReaderSize(conn, 1<<16)}
}

// do sends a command and returns the bytes of its reply.
func (c *redisConn) do(t *testing.T, args ...string) []byte {
	t.Helper()
	var request bytes.Buffer
	fmt.Fprintf(&request, "*%d\r\n", len(args))
	for _, a := range args {
		fmt.Fprintf(&request, "$%d\r\n%s\r\n", len(a), a)
	}
	_ = c.conn.SetDeadline(time.Now().Add(redisReplyTimeout))
	if _, err := c.conn.Write(request.Bytes()); err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	v, err := reply.Read(c.r)
	if err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	return v.Raw
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}
