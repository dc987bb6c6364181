package bus

import (
	"cmp"
	"net"
	"slices"
	"sync"
	"sync/atomic"
)

// link is a connection of the bus after its handshake (before it, Peer is
// unknown). The bus knows every one of them, to list and to close them.
type link struct {
	net.Conn
	bus            *Bus
	once           sync.Once
	sent, received atomic.Uint64

	info Link // guarded by bus.mu
}

func (l *link) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	l.received.Add(uint64(n))
	return n, err
}

func (l *link) Write(b []byte) (int, error) {
	n, err := l.Conn.Write(b)
	l.sent.Add(uint64(n))
	return n, err
}

// Close closes the connection and lets the bus forget it.
func (l *link) Close() error {
	l.once.Do(func() { l.bus.forget(l) })
	return l.Conn.Close()
}

// adopt makes a connection one of the bus's links, unless the bus is closed
// or has too many.
func (b *Bus) adopt(conn net.Conn, info Link) (*link, error) {
	l := &link{Conn: conn, bus: b, info: info}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, ErrClosed
	}
	if len(b.links) >= maxLinks {
		return nil, ErrBusy
	}
	b.links[l] = struct{}{}
	return l, nil
}

// introduce records who is at the other end of a link.
func (b *Bus) introduce(l *link, peer Identity, ch Channel) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l.info.Peer, l.info.Channel = peer, ch
}

func (b *Bus) forget(l *link) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.links, l)
}

// Links lists the live connections with a known peer, oldest first.
func (b *Bus) Links() []Link {
	b.mu.Lock()
	list := make([]Link, 0, len(b.links))
	for l := range b.links {
		if l.info.Peer.Node == "" {
			continue
		}
		info := l.info
		info.Sent, info.Received = l.sent.Load(), l.received.Load()
		list = append(list, info)
	}
	b.mu.Unlock()
	slices.SortFunc(list, func(x, y Link) int {
		return cmp.Or(x.Since.Compare(y.Since), cmp.Compare(x.Peer.Node, y.Peer.Node), cmp.Compare(x.Addr, y.Addr))
	})
	return list
}
