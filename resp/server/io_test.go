package server

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubtdb/redoubt/resp"
)

// chunkConn gives what it holds in pieces of a size.
type chunkConn struct {
	loopConn
	left []byte
	size int
}

func (c *chunkConn) Read(b []byte) (int, error) {
	if len(c.left) == 0 {
		return 0, io.EOF
	}
	n := copy(b, c.left[:min(c.size, len(c.left))])
	c.left = c.left[n:]
	return n, nil
}

// However requests arrive, they come out whole and in order, and the buffer does not grow beyond need.
func TestInput(t *testing.T) {
	var stream []byte
	var want []string
	for i := range 200 {
		value := strings.Repeat("v", i*37)
		stream = fmt.Appendf(stream, "*2\r\n$4\r\nECHO\r\n$%d\r\n%s\r\n", len(value), value)
		want = append(want, value)
	}
	for _, size := range []int{1, 7, 1000, 4096, 1 << 20} {
		in := input{}
		in.init()
		var got []string
		for nc := (&chunkConn{left: bytes.Clone(stream), size: size}); ; {
			if _, err := in.fill(nc); err != nil {
				break
			}
			for {
				args, ok, err := in.next(resp.DefaultLimits())
				if err != nil {
					t.Fatal(err)
				}
				if !ok {
					break
				}
				got = append(got, string(args[1]))
			}
		}
		if strings.Join(got, ",") != strings.Join(want, ",") {
			t.Errorf("pieces of %d: got %d requests", size, len(got))
		}
		if limit := max(32<<10, 4*size); len(in.buf) > min(limit, maxBurstBytes) {
			t.Errorf("pieces of %d: the buffer has %d bytes", size, len(in.buf))
		}
	}
}

// A buffer that had to grow is given back after it was little used for a while.
func TestInputShrinks(t *testing.T) {
	in := input{}
	in.init()
	big := strings.Repeat("x", 1<<20)
	nc := &chunkConn{left: fmt.Appendf(nil, "*2\r\n$4\r\nECHO\r\n$%d\r\n%s\r\n", len(big), big), size: 1 << 20}
	for len(nc.left) > 0 {
		if _, err := in.fill(nc); err != nil {
			t.Fatal(err)
		}
		_, _, _ = in.next(resp.DefaultLimits())
	}
	grown := len(in.buf)
	for range 2 * maxSparseRounds {
		nc.left = []byte("PING\r\n")
		if _, err := in.fill(nc); err != nil {
			t.Fatal(err)
		}
		if _, ok, _ := in.next(resp.DefaultLimits()); !ok {
			t.Fatal("no request")
		}
	}
	if grown < 1<<20 || len(in.buf) != maxIdleBufferBytes {
		t.Errorf("grown to %d, then %d", grown, len(in.buf))
	}
}

// Arguments handed out before a buffer was left behind stay as they are.
func TestInputAbandon(t *testing.T) {
	in := input{}
	in.init()
	nc := &chunkConn{left: []byte("*2\r\n$4\r\nECHO\r\n$3\r\nabc\r\n*2\r\n$4\r\nECHO\r\n$3\r\nd"), size: 100}
	_, _ = in.fill(nc)
	args, ok, _ := in.next(resp.DefaultLimits())
	if !ok {
		t.Fatal("no request")
	}
	if _, ok, _ := in.next(resp.DefaultLimits()); ok {
		t.Fatal("a request too many")
	}
	in.abandon()
	nc.left = []byte("ef\r\n" + strings.Repeat("PING\r\n", 1000))
	_, _ = in.fill(nc)
	next, ok, err := in.next(resp.DefaultLimits())
	if !ok || err != nil || string(next[1]) != "def" {
		t.Errorf("got %q %t %v", next, ok, err)
	}
	if string(args[0]) != "ECHO" || string(args[1]) != "abc" {
		t.Errorf("old arguments became %q", args)
	}
}

// A client that stops reading is drained in the background until it reads again; order holds.
func TestStalledClient(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		near, far := net.Pipe()
		f.listener.conns <- far
		for i := range 100 {
			if _, err := fmt.Fprintf(near, "ECHO %d\r\n", i); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Millisecond)
		}
		if n := f.server.allClients()[0].box.unsentBytes(); n == 0 {
			t.Error("nothing waits")
		}
		c := &client{t: t, nc: near}
		go c.collect()
		want := ""
		for i := range 100 {
			want += fmt.Sprintf("$%d|%d|", len(fmt.Sprint(i)), i)
		}
		if got := c.take(); got != want {
			t.Errorf("got %.200q", got)
		}
		if n := f.server.allClients()[0].box.unsentBytes(); n != 0 {
			t.Errorf("%d bytes still wait", n)
		}
		c.want("+PONG|", "PING")
	})
}

// QUIT waits a little for a client that is slow to read, not for ever.
func TestQuitOfStalledClient(t *testing.T) {
	for _, reads := range []bool{true, false} {
		bubble(t, func(t *testing.T, f *fixture) {
			near, far := net.Pipe()
			f.listener.conns <- far
			_, _ = near.Write([]byte("PING\r\n"))
			time.Sleep(time.Second)
			_, _ = near.Write([]byte("QUIT\r\n"))
			time.Sleep(writeOnCloseGraceMilli * time.Millisecond / 2)
			if !reads {
				time.Sleep(time.Second)
				synctest.Wait()
				if n := f.server.clientCount(); n != 0 {
					t.Errorf("%d clients left", n)
				}
				return
			}
			c := &client{t: t, nc: near}
			go c.collect()
			if got := c.take(); got != "+PONG|+OK|<closed>" {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestSoftOutputLimit(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.set("client-output-buffer-limit", "normal 0 1000 5")
		near, far := net.Pipe()
		f.listener.conns <- far
		alive := 0
		for range 20 {
			if _, err := fmt.Fprintf(near, "ECHO %s\r\n", strings.Repeat("x", 500)); err != nil {
				break
			}
			alive++
			time.Sleep(time.Second)
		}
		if alive < 6 || alive > 10 {
			t.Errorf("dropped after %d seconds", alive)
		}
		if n := f.server.stats.OutputClosed.Load(); n != 1 {
			t.Errorf("%d clients dropped", n)
		}
	})
}

// The reply buffer is given back after a large reply.
func TestReplyBufferShrinks(t *testing.T) {
	c := newLoop(t, "PING\r\n")
	c.out.Bulk(make([]byte, 1<<20))
	if err := c.flush(); err != nil {
		t.Fatal(err)
	}
	if n := cap(c.out.Bytes()); n > maxKeptReplyBytes {
		t.Errorf("%d bytes kept", n)
	}
}
