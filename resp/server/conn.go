package server

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/resp"
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

	timed   uint // commands so far
	closing bool // no further command is read; what is answered is still sent
}

func newConn(s *Server, nc net.Conn, id int64) *Conn {
	c := &Conn{id: id, srv: s, nc: nc, out: &resp.Writer{}}
	c.ctx, c.cancel = context.WithCancel(s.ctx)
	c.in.init()
	c.box.nc = nc
	c.batch.init(c)
	c.session.init(s.cfg.Load().Security.RequirePass == "")
	c.shared.init()
	return c
}

// serve is the connection's goroutine.
func (c *Conn) serve() {
	defer c.srv.forget(c)
	err := c.rounds()
	c.box.finish(c.srv.ctx)
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

// fill waits for bytes from the client.
func (c *Conn) fill() error {
	cfg := c.srv.cfg.Load()
	if int64(c.in.waiting()) > cfg.Clients.QueryLimit {
		return errQueryLimit
	}
	if idle := cfg.Network.IdleTimeout; idle > 0 || c.session.idleLimit {
		c.session.idleLimit = idle > 0
		_ = c.nc.SetReadDeadline(deadline(idle))
		if c.srv.clients.closing.Load() {
			return net.ErrClosed // wake may have come before the deadline was set
		}
	}
	n, err := c.in.fill(c.nc)
	c.srv.stats.BytesIn.Add(int64(n))
	c.shared.touch()
	return err
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
		if c.out.Len() > maxRoundReplyBytes && c.batch.empty() {
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
	if c.out.Len() == 0 {
		return nil
	}
	c.srv.stats.BytesOut.Add(int64(c.out.Len()))
	err := c.box.send(c.out, c.srv)
	if errors.Is(err, errOutputLimit) {
		c.srv.stats.OutputClosed.Add(1)
		c.srv.log.Warn("client closed: it does not read its replies", "id", c.id, "addr", c.nc.RemoteAddr())
	}
	return err
}

// wake makes a connection that waits for a command look whether the server is closing.
func (c *Conn) wake() { _ = c.nc.SetReadDeadline(time.Unix(1, 0)) }

// kill drops the client at once, from any goroutine.
func (c *Conn) kill() {
	_ = c.nc.Close() // first, so that nothing more is answered
	c.cancel()
}
