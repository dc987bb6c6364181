package server

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/redoubtdb/redoubt/resp"
)

// Accepting fails for want of file descriptors above all. Whoever is connected is served on, and newcomers wait in the
// listener's queue until some are closed.
const (
	acceptRetryMilli = 50 // the pause after a failure
	acceptLogSeconds = 10 // the pause between two lines in the log about it
)

// refusalWriteMilli is how long a client that is turned away may take to read why.
const refusalWriteMilli = 100

const errMaxClients = "ERR max number of clients + cluster connections reached"

const errProtectedMode = "DENIED Redis is running in protected mode because protected mode is enabled and no password is set " +
	"for the default user. In this mode connections are only accepted from the loopback interface. To connect from other " +
	"hosts, set a password (requirepass) or turn protected mode off (CONFIG SET protected-mode no, or --protected-mode no)."

// Serve accepts clients on ln until Close, which closes ln. It returns ErrClosed then, or why accepting failed.
func (s *Server) Serve(ln net.Listener) error {
	if !s.addListener(ln) {
		_ = ln.Close()
		return ErrClosed
	}
	defer s.wg.Done()
	var quietUntil time.Time
	for {
		nc, err := ln.Accept()
		switch {
		case err == nil:
			s.admitClient(nc)
		case s.clients.closing.Load():
			return ErrClosed
		case errors.Is(err, net.ErrClosed):
			return err
		default:
			if now := time.Now(); now.After(quietUntil) {
				quietUntil = now.Add(acceptLogSeconds * time.Second)
				s.log.Warn("accept failed", "addr", ln.Addr(), "err", err)
			}
			s.sleep(acceptRetryMilli * time.Millisecond)
		}
	}
}

// addListener reports whether the server is still open; the caller then owes s.wg.Done.
func (s *Server) addListener(ln net.Listener) bool {
	r := &s.clients
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	if r.listeners == nil {
		r.listeners = map[net.Listener]struct{}{}
	}
	r.listeners[ln] = struct{}{}
	s.wg.Add(1)
	return true
}

func (s *Server) sleep(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.ctx.Done():
	}
}

// admitClient starts a connection or turns it away.
func (s *Server) admitClient(nc net.Conn) {
	s.stats.Connections.Add(1)
	cfg := s.cfg.Load()
	switch {
	case cfg.Network.ProtectedMode && cfg.Security.RequirePass == "" && !isLocal(nc.RemoteAddr()):
		s.turnAway(nc, errProtectedMode)
		return
	case s.clientCount() >= cfg.Clients.Max:
		s.turnAway(nc, errMaxClients)
		return
	}
	keepAlive(nc, cfg.Network.KeepAlive)
	if c := s.register(nc); c != nil {
		go c.serve()
	}
}

// turnAway answers once and closes. The client gets no chance to hold up the accept loop for long.
func (s *Server) turnAway(nc net.Conn, text string) {
	s.stats.Rejected.Add(1)
	var w resp.Writer
	w.Error(text)
	_ = nc.SetWriteDeadline(time.Now().Add(refusalWriteMilli * time.Millisecond))
	_, _ = nc.Write(w.Bytes())
	_ = nc.Close()
}

// register makes the connection of nc known; nil if the server is closed. The connection owes s.wg.Done.
func (s *Server) register(nc net.Conn) *Conn {
	r := &s.clients
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		_ = nc.Close()
		return nil
	}
	if r.conns == nil {
		r.conns = map[int64]*Conn{}
	}
	r.lastID++
	c := newConn(s, nc, r.lastID)
	r.conns[c.id] = c
	s.wg.Add(1)
	return c
}

func (s *Server) forget(c *Conn) {
	s.clients.mu.Lock()
	delete(s.clients.conns, c.id)
	s.clients.mu.Unlock()
	s.held.Add(-c.shared.held.Load())
	s.wg.Done()
}

// clientCount returns the number of connected clients.
func (s *Server) clientCount() int {
	s.clients.mu.Lock()
	defer s.clients.mu.Unlock()
	return len(s.clients.conns)
}

// isLocal tells whether a peer is on this machine. What has no IP address is: unix sockets, pipes.
func isLocal(a net.Addr) bool {
	t, ok := a.(*net.TCPAddr)
	return !ok || t.IP.IsLoopback()
}

func keepAlive(nc net.Conn, every time.Duration) {
	t, ok := nc.(*net.TCPConn)
	if !ok {
		return
	}
	_ = t.SetNoDelay(true)
	_ = t.SetKeepAliveConfig(net.KeepAliveConfig{Enable: every > 0, Idle: every, Interval: every / 3, Count: 3})
}

// Context ends when the client is killed or the server loses its patience.
func (c *Conn) Context() context.Context { return c.ctx }
