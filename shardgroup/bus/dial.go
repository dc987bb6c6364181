package bus

import (
	"context"
	"fmt"
	"net"
	"time"
)

// dialLimit bounds a dial with its handshake, whatever the caller's patience.
const dialLimit = 2 * handshakeLimit

// dial connects to a member for a channel.
func (b *Bus) dial(ctx context.Context, serverID string, ch Channel) (*link, error) {
	to, ok := splitServerID(serverID)
	if !ok {
		return nil, fmt.Errorf("bus: %q is no server id", serverID)
	}
	addr, err := b.deps.Resolve(serverID)
	if err != nil {
		return nil, fmt.Errorf("bus: resolve %s: %w", serverID, err)
	}
	return b.connect(ctx, addr, &hello{to: to, channel: ch, from: b.deps.Self()})
}

// connect dials an address and makes the handshake.
func (b *Bus) connect(ctx context.Context, addr string, h *hello) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	defer context.AfterFunc(b.ctx, cancel)()
	if b.ctx.Err() != nil {
		return nil, ErrClosed
	}
	conn, err := b.deps.Network.Dial(ctx, addr)
	if err != nil {
		return nil, fmt.Errorf("bus: dial: %w", err)
	}
	l, err := b.adopt(conn, Link{Outgoing: true, Addr: addr, Since: time.Now()})
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	peer, err := b.greetWithin(ctx, l, h)
	if err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("bus: %s: %w", addr, err)
	}
	b.introduce(l, peer, h.channel)
	return l, nil
}

// greetWithin makes the handshake within the context and the handshake limit.
func (b *Bus) greetWithin(ctx context.Context, conn net.Conn, h *hello) (Identity, error) {
	deadline := time.Now().Add(handshakeLimit)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	_ = conn.SetDeadline(deadline)
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
	peer, err := greet(conn, h, b.secret())
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return Identity{}, err
	}
	return peer, conn.SetDeadline(time.Time{})
}
