package bus

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// layerBacklog bounds the connections of a channel that wait for Accept.
const layerBacklog = 64

// Layer is the stream layer of one channel.
type Layer struct {
	bus     *Bus
	channel Channel
	queue   chan *link
	done    chan struct{}
	once    sync.Once
}

var _ net.Listener = (*Layer)(nil)

// Layer opens a channel for a Raft group: connections for it are accepted
// from now until the layer is closed. A channel has one layer at a time.
func (b *Bus) Layer(ch Channel) (*Layer, error) {
	if ch.Kind == KindRPC {
		return nil, errors.New("bus: calls have no layer")
	}
	l := &Layer{bus: b, channel: ch, queue: make(chan *link, layerBacklog), done: make(chan struct{})}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, ErrClosed
	}
	if b.layers[ch] != nil {
		return nil, fmt.Errorf("bus: channel %c %s is open already", ch.Kind, ch.Group)
	}
	b.layers[ch] = l
	return l, nil
}

// deliver queues an incoming connection for Accept.
func (l *Layer) deliver(conn *link) bool {
	l.bus.mu.Lock() // against Close, which drains the queue under it
	defer l.bus.mu.Unlock()
	select {
	case <-l.done:
		return false
	default:
	}
	select {
	case l.queue <- conn:
		return true
	default:
		return false
	}
}

// Accept waits for the next connection of the channel.
func (l *Layer) Accept() (net.Conn, error) {
	select {
	case <-l.done:
		return nil, ErrClosed
	case conn := <-l.queue:
		return conn, nil
	}
}

// Close stops accepting: further connections are refused, and those that
// nobody accepted are closed. Accepted and dialed ones stay their owner's.
func (l *Layer) Close() error {
	l.once.Do(func() {
		l.bus.mu.Lock()
		if l.bus.layers[l.channel] == l {
			delete(l.bus.layers, l.channel)
		}
		close(l.done)
		l.bus.mu.Unlock()
		for {
			select {
			case conn := <-l.queue:
				_ = conn.Close()
			default:
				return
			}
		}
	})
	return nil
}

// Addr is the address the bus listens on.
func (l *Layer) Addr() net.Addr { return l.bus.Addr() }

// Dial opens a connection for this channel to a member, a node's "id:incarnation".
func (l *Layer) Dial(serverID string, timeout time.Duration) (net.Conn, error) {
	return l.bus.Dial(l.channel, serverID, timeout)
}

// Dial opens a connection for a channel, which need not be open here, to a member.
func (b *Bus) Dial(ch Channel, serverID string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(b.ctx, timeout)
	defer cancel()
	return b.dial(ctx, serverID, ch)
}
