package bus

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"
)

// acceptLoop takes connections until the bus closes. Beyond maxHandshakes of
// them that have not said who they are, the oldest of those makes room.
func (b *Bus) acceptLoop() {
	for {
		conn, err := b.listener.Accept()
		if b.ctx.Err() != nil {
			if err == nil {
				_ = conn.Close()
			}
			return
		}
		if err != nil {
			b.notices.note(slog.LevelWarn, "bus: accept failed", "error", err)
			b.pause(acceptPause)
			continue
		}
		place := b.lobby.enter(conn)
		if place == nil {
			_ = conn.Close()
			continue
		}
		if !b.spawn(func() { b.serve(conn, place) }) {
			_ = conn.Close()
			return
		}
	}
}

// pause waits, but not longer than the bus lives.
func (b *Bus) pause(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-b.ctx.Done():
	}
}

// serve makes the handshake of an incoming connection and passes it on.
func (b *Bus) serve(conn net.Conn, place *guest) {
	l, h, self, err := b.meet(conn)
	if !b.lobby.leave(place) && err == nil {
		_ = l.Close()
		err = errCrowded
	}
	if err != nil {
		b.notices.note(slog.LevelInfo, "bus: connection refused", "remote", conn.RemoteAddr().String(), "error", err)
		_ = conn.Close()
		return
	}
	if h.stranger() {
		b.serveStranger(l, h, self)
		return
	}
	if h.channel.Kind == KindRPC {
		newCallee(b, l, h, self).run()
		return
	}
	b.mu.Lock()
	layer := b.layers[h.channel]
	b.mu.Unlock()
	if layer == nil || !layer.deliver(l) {
		_ = l.Close()
	}
}

// errCrowded ends a connection that others pushed out during its handshake.
var errCrowded = errors.New("too many connections that have not said who they are")

// serveStranger answers the calls of a stranger for as long as there is room.
func (b *Bus) serveStranger(l *link, h *hello, self Identity) {
	place := b.guests.enter(l)
	if place == nil {
		_ = l.Close()
		return
	}
	defer b.guests.leave(place)
	c := newCallee(b, l, h, self)
	c.place = place
	c.run()
}

// meet makes the handshake of an incoming connection.
func (b *Bus) meet(conn net.Conn) (*link, *hello, Identity, error) {
	l, err := b.adopt(conn, Link{Addr: conn.RemoteAddr().String(), Since: time.Now()})
	if err != nil {
		return nil, nil, Identity{}, err
	}
	self := b.deps.Self()
	_ = conn.SetDeadline(time.Now().Add(handshakeLimit))
	h, err := receive(l, self, b.secret(), func(h *hello) error { return b.judge(h, self) })
	if err != nil {
		_ = l.Close()
		if h != nil {
			err = fmt.Errorf("node %.40s: %w", h.from.Node, err)
		}
		return nil, nil, Identity{}, err
	}
	_ = conn.SetDeadline(time.Time{})
	b.introduce(l, h.from, h.channel)
	return l, h, self, nil
}

// judge decides whether a preamble is accepted.
func (b *Bus) judge(h *hello, self Identity) error {
	switch {
	case h.version != protoVersion:
		return ErrVersion
	case h.from.Node == "" || h.from.Incarnation == "":
		return fmt.Errorf("a caller without a name: %w", ErrDenied)
	case h.stranger() && h.channel.Kind == KindRPC:
		return nil
	case h.stranger():
		return ErrDenied
	case h.from.Cluster != self.Cluster:
		return ErrForeignCluster
	case h.to.Node != self.Node:
		return ErrWrongNode
	case h.to.Incarnation != self.Incarnation:
		return ErrWrongIncarnation
	case !b.serves(h.channel):
		return ErrNoChannel
	}
	return b.admit(h.from, h.channel)
}

func (b *Bus) serves(ch Channel) bool {
	if ch.Kind == KindRPC {
		return ch.Group == ""
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.layers[ch] != nil
}
