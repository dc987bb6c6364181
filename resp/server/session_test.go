package server

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/datadriven"
)

// The files of testdata/sessions are conversations of clients with a server that owns all slots. Each was
// recorded from redis-server 7.0.15 in cluster mode; "go test -run TestSessionsOfRedis -rewrite" records them anew.
//
//	send [conn=<name>]
//	<commands, sent in one piece>
//	----
//	<the replies, line ends as they are>
const sessionFiles = "testdata/sessions"

// talker sends a piece and returns what comes back; want is what the file has.
type talker func(piece, want string) string

// runSessions runs one file, opening connections as the file names them.
func runSessions(t *testing.T, path string, open func() talker) {
	conns := map[string]talker{}
	datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
		if d.Cmd != "send" {
			t.Fatalf("%s: unknown directive %q", d.Pos, d.Cmd)
		}
		name := "main"
		d.MaybeScanArgs(t, "conn", &name)
		if conns[name] == nil {
			conns[name] = open()
		}
		return conns[name](strings.ReplaceAll(d.Input, "\n", "\r\n")+"\r\n", d.Expected)
	})
}

// readable makes replies comparable: numbers given out by the server are masked.
func readable(replies string) string {
	replies = strings.ReplaceAll(replies, "\r\n", "\n")
	replies = idOfHello.ReplaceAllString(replies, "id\n:<id>")
	if replies != "" && !strings.HasSuffix(replies, "\n") {
		replies += "\n"
	}
	return replies
}

var idOfHello = regexp.MustCompile(`id\n:\d+`)

func TestSessions(t *testing.T) {
	datadriven.Walk(t, sessionFiles, func(t *testing.T, path string) {
		synctest.Test(t, func(t *testing.T) {
			f := newScriptFixture(t)
			defer f.close()
			runSessions(t, path, func() talker {
				c := f.dial()
				return func(piece, _ string) string {
					c.send(piece)
					return readable(c.raw())
				}
			})
		})
	})
}

// TestSessionsOfRedis checks that the files say what a real redis-server says.
func TestSessionsOfRedis(t *testing.T) {
	addr := startRedis(t)
	datadriven.Walk(t, sessionFiles, func(t *testing.T, path string) {
		dialRedis(t, addr)("FLUSHALL\r\nSCRIPT FLUSH\r\n", "+OK\n+OK\n")
		runSessions(t, path, func() talker { return dialRedis(t, addr) })
	})
}

// Patience with a real server.
const (
	redisStartSeconds = 10
	redisReplySeconds = 2
	redisQuietMilli   = 150 // a reply that differs from what is wanted is over after so long a silence
)

// startRedis starts a redis-server that owns all slots, or skips the test where there is none.
func startRedis(t *testing.T) (addr string) {
	t.Helper()
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("no redis-server on PATH")
	}
	out, _ := exec.Command(binary, "--version").Output()
	if !bytes.Contains(out, []byte("v=7.0.15")) {
		t.Skipf("redis-server is not 7.0.15: %s", out)
	}
	port := freePort(t)
	dir := t.TempDir()
	cmd := exec.Command(binary, "--port", fmt.Sprint(port), "--bind", "127.0.0.1", "--save", "", "--cluster-enabled", "yes",
		"--cluster-config-file", filepath.Join(dir, "nodes.conf"), "--dir", dir, "--logfile", filepath.Join(dir, "log"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Kill)
		_ = cmd.Wait()
	})
	addr = fmt.Sprintf("127.0.0.1:%d", port)
	awaitRedis(t, addr)
	return addr
}

// freePort returns a port whose bus port (10000 above) exists too.
func freePort(t *testing.T) int {
	t.Helper()
	for range 100 {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := ln.Addr().(*net.TCPAddr).Port
		_ = ln.Close()
		if port < 55000 {
			return port
		}
	}
	t.Skip("no free port below 55000")
	return 0
}

func awaitRedis(t *testing.T, addr string) {
	t.Helper()
	for end := time.Now().Add(redisStartSeconds * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			continue
		}
		_ = nc.Close()
		dialRedis(t, addr)("CLUSTER ADDSLOTSRANGE 0 16383\r\n", "+OK\n")
		for time.Now().Before(end) {
			if dialRedis(t, addr)("GET a\r\n", "$-1\n") == "$-1\n" {
				return
			}
		}
	}
	t.Fatal("redis-server did not start")
}

func dialRedis(t *testing.T, addr string) talker {
	t.Helper()
	say := sayToRedis(t, addr)
	return func(piece, want string) string { return say(piece, func(got string) bool { return got == want }) }
}

// sayToRedis connects; what is said is answered as soon as the reply is whole, or nothing more comes.
func sayToRedis(t *testing.T, addr string) func(piece string, whole func(string) bool) string {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	return func(piece string, whole func(string) bool) string {
		_, _ = nc.Write([]byte(piece))
		return readUntil(nc, whole)
	}
}

func readUntil(nc net.Conn, whole func(string) bool) string {
	var got []byte
	buf := make([]byte, 64<<10)
	end := time.Now().Add(redisReplySeconds * time.Second)
	for time.Now().Before(end) && !whole(readable(string(got))) {
		_ = nc.SetReadDeadline(time.Now().Add(redisQuietMilli * time.Millisecond))
		n, err := nc.Read(buf)
		got = append(got, buf[:n]...)
		if err != nil && !os.IsTimeout(err) {
			return readable(string(got) + "<closed>")
		}
		if err != nil && len(got) > 0 {
			break
		}
	}
	return readable(string(got))
}
