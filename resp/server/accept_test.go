package server

import (
	"bytes"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// fullListener fails to accept for want of file descriptors until it is relieved.
type fullListener struct {
	*pipeListener
	full  atomic.Bool
	tries atomic.Int64
}

func (l *fullListener) Accept() (net.Conn, error) {
	l.tries.Add(1)
	if l.full.Load() {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: syscall.EMFILE}
	}
	return l.pipeListener.Accept()
}

// A server that cannot accept tries again, without spinning and without filling the log, and serves those it has.
func TestAcceptFails(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		var lines bytes.Buffer
		f.server.log = slog.New(slog.NewTextHandler(&lines, nil))
		connected := f.dial()
		l := &fullListener{pipeListener: newPipeListener()}
		l.full.Store(true)
		served := make(chan error, 1)
		go func() { served <- f.server.Serve(l) }()
		for range 60 {
			time.Sleep(time.Second)
			connected.want("+PONG|", "PING")
		}
		if n := l.tries.Load(); n < 60 || n > 60*1000/acceptRetryMilli+1 {
			t.Errorf("%d attempts in a minute", n)
		}
		l.full.Store(false)
		near, far := net.Pipe()
		l.conns <- far
		newcomer := &client{t: t, nc: near}
		go newcomer.collect()
		newcomer.want("+PONG|", "PING")
		f.server.Close()
		if err := <-served; err != ErrClosed {
			t.Errorf("Serve returned %v", err)
		}
		if n := strings.Count(lines.String(), "accept failed"); n < 1 || n > 60/acceptLogSeconds+1 {
			t.Errorf("%d lines in the log", n)
		}
	})
}
