package server

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/resp/server/config"
)

// maxRoundReplyBytes is how much may wait in the output buffer while a pipeline is still being read.
const maxRoundReplyBytes = 256 << 10

// Conn is one client connection. Its goroutine alone touches its fields, with two exceptions: shared, and
// what Local ops and refuse read while that goroutine waits for the batch they are part of.
type Conn struct {
	id     int64
	srv    *Server
	nc     net.Conn
	ctx    context.Context
	cancel context.CancelFunc

	in  input
	out *resp.Writer // replies not yet sent; the batch writes into it too
	box outbox

	batch   batch
	call    call   // the command at hand
	one     fsm.Op // the op of a direct read
	peeks   peeks  // direct reads whose answers are not proved yet
	session session
	tx      transaction
	shared  shared

	readBuffer int // its size, as far as hold knows

	timed   uint // commands so far
	counted counted
	closing bool // no further command is read; what is answered is still sent
}

func newConn(s *Server, nc net.Conn, id int64) *Conn {
	c := &Conn{id: id, srv: s, nc: nc, out: &resp.Writer{}}
	c.ctx, c.cancel = context.WithCancel(s.ctx)
	c.in.init()
	c.box.nc, c.box.owner = nc, c
	c.batch.init(c)
	c.session.init(s.cfg.Load().Security.RequirePass == "")
	c.shared.init()
	return c
}

// serve is the connection's goroutine.
func (c *Conn) serve() {
	defer c.srv.forget(c)
	err := c.rounds()
	if !errors.Is(err, errOutputLimit) {
		c.box.finish(c.srv.ctx)
	}
	_ = c.nc.Close()
	c.box.wait()
	c.cancel()
	if quiet(err) {
		return
	}
	c.srv.log.Debug("client connection ended", "id", c.id, "addr", c.nc.RemoteAddr(), "err", err)
}

// quiet tells whether an error is an ordinary end of a connection.
func quiet(err error) bool {
	return err == nil || errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe)
}

func (c *Conn) rounds() error {
	for !c.closing && !c.srv.clients.closing.Load() {
		if err := c.fill(); err != nil {
			return err
		}
		if err := c.round(); err != nil {
			return err
		}
	}
	return nil
}

// fill waits for bytes from the client. A client is idle, and dropped after the configured time, when it sends nothing
// and takes none of the replies that wait for it.
func (c *Conn) fill() error {
	for again := false; ; again = true {
		cfg := c.srv.cfg.Load()
		if int64(c.in.waiting()) > cfg.Clients.QueryLimit {
			return errQueryLimit
		}
		idle := cfg.Network.IdleTimeout
		left := idle
		if again && idle > 0 {
			if left -= c.shared.idle(); left <= 0 {
				return errIdle
			}
		}
		if changed, err := c.limitRead(cfg, left); err != nil {
			return err
		} else if changed {
			continue
		}
		n, err := c.in.fill(c.nc)
		c.srv.stats.BytesIn.Add(int64(n))
		if grown := len(c.in.buf) - c.readBuffer; grown != 0 {
			c.readBuffer += grown
			c.hold(int64(grown))
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			c.shared.touch()
			return err
		}
		c.session.idleLimit = true // a deadline is set: by the loop before, or by wake
	}
}

// limitRead sets how long the next read may take, 0 for ever, and then looks whether wake came before: whether the
// server is closing or has another configuration.
func (c *Conn) limitRead(cfg *config.Config, d time.Duration) (changed bool, err error) {
	if d == 0 && !c.session.idleLimit {
		return false, nil
	}
	c.session.idleLimit = d > 0
	_ = c.nc.SetReadDeadline(deadline(d))
	if c.srv.clients.closing.Load() {
		return false, net.ErrClosed
	}
	return c.srv.cfg.Load() != cfg, nil
}

// deadline is that of something that may take d; 0: for ever.
func deadline(d time.Duration) time.Time {
	if d <= 0 {
		return time.Time{}
	}
	return time.Now().Add(d)
}

// round runs the complete commands that the client has sent, and sends the replies.
func (c *Conn) round() error {
	c.out.SetLimit(c.replyLimit())
	commands := int64(0)
	defer func() { c.srv.stats.Commands.Add(commands) }()
	for !c.closing {
		args, ok, err := c.in.next(c.limits())
		if err != nil {
			c.protocolError(err)
			break
		}
		if !ok {
			break
		}
		if len(args) == 0 {
			c.nothing()
			continue
		}
		commands++
		c.dispatch(args)
		if (c.out.Len() > maxRoundReplyBytes || c.out.Overflowed()) && c.batch.empty() {
			if err := c.flush(); err != nil {
				return err
			}
		}
	}
	c.commit()
	return c.flush()
}

// limits are those of a request of this client.
func (c *Conn) limits() resp.Limits {
	lim := resp.DefaultLimits()
	lim.MaxBulk = int(c.srv.cfg.Load().Clients.BulkLimit)
	lim.Unauthenticated = !c.authenticated()
	return lim
}

// replyLimit is how much may wait in the reply buffer before the client counts as one that does not read.
func (c *Conn) replyLimit() int {
	return int(hardLimit(c.srv.cfg.Load().Clients.Output[normalClass].Hard))
}

// protocolError answers what cannot be framed and ends the connection: there is no place to go on from.
func (c *Conn) protocolError(err error) {
	c.commit()
	if !c.session.replySkip {
		c.out.Error("ERR " + err.Error())
	}
	c.closing = true
}

// flush sends the replies.
func (c *Conn) flush() error {
	c.prove()
	if c.session.replyOff {
		c.out.Truncate(c.session.replyKept)
		c.session.replyKept = 0
	}
	if c.out.Len() == 0 && !c.out.Overflowed() {
		return nil
	}
	c.srv.stats.BytesOut.Add(int64(c.out.Len()))
	err := errOutputLimit
	if !c.out.Overflowed() {
		err = c.box.send(c.out, c.srv)
	}
	if errors.Is(err, errOutputLimit) {
		c.tooSlow()
	}
	return err
}

// tooSlow notes that the client is dropped because of its output buffer limit.
func (c *Conn) tooSlow() {
	c.srv.stats.OutputClosed.Add(1)
	c.srv.log.Warn("client closed: its replies exceed client-output-buffer-limit", "id", c.id, "addr", c.nc.RemoteAddr())
}

// wake makes a connection that waits for a command look at the world again.
func (c *Conn) wake() { _ = c.nc.SetReadDeadline(time.Unix(1, 0)) }

// kill drops the client at once, from any goroutine.
func (c *Conn) kill() {
	_ = c.nc.Close() // first, so that nothing more is answered
	c.cancel()
}
