package config_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// realRedis is a redis-server of the version we follow, to compare with.
type realRedis struct {
	t    *testing.T
	cmd  *exec.Cmd
	out  *bytes.Buffer
	done chan struct{}
	conn net.Conn
	read *bufio.Reader
}

const startDeadline = 10 * time.Second

// startRedis runs redis-server with args. It returns nil and what was printed if the server refused to start.
func startRedis(t *testing.T, args ...string) (*realRedis, string) {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed")
	}
	r := &realRedis{t: t, out: &bytes.Buffer{}, done: make(chan struct{})}
	port := freePort(t)
	dir := t.TempDir()
	r.cmd = exec.Command(path, withPlace(args, dir, port)...)
	r.cmd.Dir, r.cmd.Stdout, r.cmd.Stderr = dir, r.out, r.out
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = r.cmd.Wait(); close(r.done) }()
	t.Cleanup(r.stop)
	for end := time.Now().Add(startDeadline); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if r.dial(port) {
			return r, ""
		}
		select {
		case <-r.done:
			return nil, r.out.String()
		default:
		}
	}
	t.Fatalf("redis-server %q neither answers nor ends", args)
	return nil, ""
}

// withPlace puts a directory and port before the options of a command line.
func withPlace(args []string, dir string, port int) []string {
	place := []string{"--dir", dir, "--port", strconv.Itoa(port)}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		return append(append([]string{args[0]}, place...), args[1:]...)
	}
	return append(place, args...)
}

func (r *realRedis) dial(port int) bool {
	conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	r.conn, r.read = conn, bufio.NewReader(conn)
	return true
}

func (r *realRedis) stop() {
	if r.conn != nil {
		_ = r.conn.Close()
	}
	_ = r.cmd.Process.Kill()
	<-r.done
}

// do sends a command and returns its reply as text: errors with their "-", arrays as lines.
func (r *realRedis) do(args ...string) string {
	r.t.Helper()
	request := fmt.Sprintf("*%d\r\n", len(args))
	for _, a := range args {
		request += fmt.Sprintf("$%d\r\n%s\r\n", len(a), a)
	}
	_ = r.conn.SetDeadline(time.Now().Add(startDeadline))
	if _, err := io.WriteString(r.conn, request); err != nil {
		r.t.Fatal(err)
	}
	return strings.Join(r.reply(), "\n")
}

func (r *realRedis) reply() []string {
	line, err := r.read.ReadString('\n')
	if err != nil {
		r.t.Fatal(err)
	}
	line = strings.TrimSuffix(line, "\r\n")
	n, _ := strconv.Atoi(line[1:])
	switch line[0] {
	case '$':
		body := make([]byte, n+2)
		if _, err := io.ReadFull(r.read, body); err != nil {
			r.t.Fatal(err)
		}
		return []string{string(body[:n])}
	case '*':
		var out []string
		for range n {
			out = append(out, r.reply()...)
		}
		return out
	}
	return []string{line}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

func readNothing(string) ([]byte, error) { return nil, os.ErrNotExist }
