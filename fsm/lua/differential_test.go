package lua_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

const (
	redisStartTimeout = 20 * time.Second
	redisReplyTimeout = 20 * time.Second
	redisPollPeriod   = 20 * time.Millisecond
	programs          = 1500 // random ones that are compared
)

// TestAgainstRedis runs scripts in a real redis-server and here. What the golden
// files say is checked too: they were written by that server.
func TestAgainstRedis(t *testing.T) {
	addr := startRedis(t)
	for _, file := range goldenFiles(t) {
		compareGolden(t, addr, file)
	}
	compareEval(t, addr)
	comparePrograms(t, addr, firstSeed(t))
}

// firstSeed is that of the first random program: always the same ones, unless a soak sets REDOUBT_SEED.
func firstSeed(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv("REDOUBT_SEED")
	if text == "" {
		return 1
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("REDOUBT_SEED: %v", err)
	}
	return seed
}

func compareGolden(t *testing.T, addr, file string) {
	two, three := dial(t, addr), dial(t, addr)
	three.do(t, "HELLO", "3")
	two.do(t, "FLUSHALL")
	for _, g := range readGolden(t, file) {
		c := two
		if g.proto == 3 {
			c = three
		}
		if got := c.do(t, "EVAL", g.script, "0"); got != g.want {
			t.Errorf("%s:%d: %s\nredis %q\n file %q", file, g.line, g.script, got, g.want)
		}
	}
}

func compareEval(t *testing.T, addr string) {
	c := dial(t, addr)
	c.do(t, "FLUSHALL")
	for _, x := range evalExchanges() {
		if got := c.do(t, x.request...); got != x.want {
			t.Errorf("%q\nredis %q\n test %q", x.request, got, x.want)
		}
	}
}

// comparePrograms compares random programs, which are what finds mistakes in the
// compiler below us. A difference is shown with the seed that makes it again.
func comparePrograms(t *testing.T, addr string, seed uint64) {
	c, h := dial(t, addr), newHost(t)
	for i := range uint64(programs) {
		program := newProgram(seed + i).text()
		want, got := c.do(t, "EVAL", program, "0"), h.eval(program)
		if got != want && steady(t, c, program, want) {
			t.Fatalf("seed %d\n%s\nredis %q\n ours %q", seed+i, program, want, got)
		}
	}
}

// steady reports whether the real server always answers the same: the few programs
// that look into an address that tostring shows do not count.
func steady(t *testing.T, c *redisConn, program, reply string) bool {
	const again = 3
	for range again {
		if c.do(t, "EVAL", program, "0") != reply {
			return false
		}
	}
	return true
}

// startRedis starts the real server and stops it when the test ends.
func startRedis(t *testing.T) (addr string) {
	t.Helper()
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatalf("this test compares with the real redis-server (7.0), which is not on PATH: %v", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr = l.Addr().String()
	_ = l.Close()
	_, port, _ := net.SplitHostPort(addr)
	cmd := exec.Command(binary, "--port", port, "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "", "--appendonly", "no")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for deadline := time.Now().Add(redisStartTimeout); ; time.Sleep(redisPollPeriod) {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			_ = conn.Close()
			return addr
		}
		if time.Now().After(deadline) {
			t.Fatalf("redis-server does not listen: %v", err)
		}
	}
}

// redisConn is a connection to the real server.
type redisConn struct {
	conn net.Conn
	r    *bufio.Reader
}

func dial(t *testing.T, addr string) *redisConn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &redisConn{conn, bufio.NewReader(conn)}
}

// do sends a request and returns the bytes of the reply.
func (c *redisConn) do(t *testing.T, args ...string) string {
	t.Helper()
	var request bytes.Buffer
	fmt.Fprintf(&request, "*%d\r\n", len(args))
	for _, a := range args {
		fmt.Fprintf(&request, "$%d\r\n%s\r\n", len(a), a)
	}
	_ = c.conn.SetDeadline(time.Now().Add(redisReplyTimeout))
	if _, err := c.conn.Write(request.Bytes()); err != nil {
		t.Fatal(err)
	}
	var reply bytes.Buffer
	if err := c.read(&reply); err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	return reply.String()
}

// read copies one reply, with all its elements.
func (c *redisConn) read(to *bytes.Buffer) error {
	line, err := c.r.ReadBytes('\n')
	if err != nil {
		return err
	}
	to.Write(line)
	n, _ := strconv.Atoi(string(bytes.TrimSpace(line[1:])))
	switch line[0] {
	case '$', '=':
		if n >= 0 {
			_, err = io.CopyN(to, c.r, int64(n+len("\r\n")))
		}
		return err
	case '%':
		n *= 2
	case '*', '~', '>':
	default:
		return nil
	}
	for range n {
		if err := c.read(to); err != nil {
			return err
		}
	}
	return nil
}
