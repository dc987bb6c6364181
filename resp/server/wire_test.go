package server

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

// pipeListener hands out in-memory connections.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

// client is the other end of a connection. What arrives is collected in the background.
type client struct {
	t  *testing.T
	nc net.Conn

	mu     sync.Mutex
	got    strings.Builder
	closed bool
}

func (f *fixture) dial() *client { return f.dialAs(nil) }

// dialAs connects with addr as the client's address.
func (f *fixture) dialAs(addr net.Addr) *client {
	near, far := net.Pipe()
	if addr != nil {
		far = &addressed{far, addr}
	}
	f.listener.conns <- far
	c := &client{t: f.t, nc: near}
	go c.collect()
	return c
}

type addressed struct {
	net.Conn
	addr net.Addr
}

func (a *addressed) RemoteAddr() net.Addr { return a.addr }

func (c *client) collect() {
	buf := make([]byte, 4096)
	for {
		n, err := c.nc.Read(buf)
		c.mu.Lock()
		c.got.Write(buf[:n])
		c.closed = err != nil
		c.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// send writes raw bytes.
func (c *client) send(raw string) {
	c.t.Helper()
	if _, err := io.WriteString(c.nc, raw); err != nil && !errors.Is(err, io.ErrClosedPipe) {
		c.t.Fatal(err)
	}
}

// take returns what has arrived since the last time, once the server has nothing more to do, with line ends
// written as "|".
func (c *client) take() string { return strings.ReplaceAll(c.raw(), "\r\n", "|") }

func (c *client) raw() string {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	got := c.got.String()
	c.got.Reset()
	if c.closed {
		got += "<closed>"
	}
	return got
}

// do sends commands in one piece and returns the replies.
func (c *client) do(lines ...string) string {
	c.t.Helper()
	c.send(strings.Join(lines, "\r\n") + "\r\n")
	return c.take()
}

// want sends commands in one piece and compares the replies; line ends are written as "|".
func (c *client) want(replies string, lines ...string) {
	c.t.Helper()
	if got := c.do(lines...); got != replies {
		c.t.Errorf("%q:\n got %q\nwant %q", lines, got, replies)
	}
}
