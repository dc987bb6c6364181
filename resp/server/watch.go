package server

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"time"
)

// maxAheadBytes is how much is read behind a command that waits. Of a client that sends more, nobody looks whether it is
// still there until the command is done.
const maxAheadBytes = 64 << 10

// whileConnected calls f, which may wait for long, with a context that ends when the client goes away as well: else a
// client that sends WAIT and disconnects, or is in CLIENT PAUSE when it does, would keep its connection for ever. To see
// it go the connection has to be read; what comes is kept for the commands behind.
func (c *Conn) whileConnected(ctx context.Context, f func(ctx context.Context)) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var stop atomic.Bool
	var ahead []byte
	done := make(chan struct{})
	go func() {
		defer close(done)
		var gone bool
		if ahead, gone = c.readAhead(&stop); gone {
			cancel()
		}
	}()
	f(ctx)
	stop.Store(true)
	c.wake()
	<-done
	c.in.putBack(ahead)
}

// readAhead reads what the client sends until it is told to stop, and reports whether the client has gone.
func (c *Conn) readAhead(stop *atomic.Bool) (ahead []byte, gone bool) {
	piece := make([]byte, minReadBufferBytes)
	for len(ahead) < maxAheadBytes {
		n, err := c.nc.Read(piece)
		ahead = append(ahead, piece[:n]...)
		c.srv.stats.BytesIn.Add(int64(n))
		switch {
		case err == nil:
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return ahead, true
		case c.srv.clients.closing.Load():
			return ahead, false
		default: // stop, a new timeout, or the time of an idle client: this one is not idle
			_ = c.nc.SetReadDeadline(time.Time{})
		}
		if stop.Load() {
			return ahead, false
		}
	}
	return ahead, false
}
