package bus

import (
	"context"
	"net"
	"time"
)

// Bus is one node's end of the cluster bus.
type Bus struct{}

// Open listens on addr and serves.
func Open(d Deps, addr string) (*Bus, error) { panic("not yet") }

// Close stops listening, closes every connection and waits for every goroutine.
func (b *Bus) Close() error { panic("not yet") }

// Addr is the address the bus listens on.
func (b *Bus) Addr() net.Addr { panic("not yet") }

// Layer opens a channel for a Raft group: connections for it are accepted
// from now until the layer is closed.
func (b *Bus) Layer(ch Channel) (*Layer, error) { panic("not yet") }

// Handle registers the handler of a method for members of our cluster.
func (b *Bus) Handle(method string, h Handler) { panic("not yet") }

// HandleOpen registers the handler of a method for members and strangers.
func (b *Bus) HandleOpen(method string, h Handler) { panic("not yet") }

// Call runs a method on a member: exactly that node in that incarnation.
func (b *Bus) Call(ctx context.Context, serverID, method string, body []byte) ([]byte, error) {
	panic("not yet")
}

// CallAddr runs an open method on whoever listens at addr.
func (b *Bus) CallAddr(ctx context.Context, addr, method string, body []byte) ([]byte, error) {
	panic("not yet")
}

// Links lists the live connections.
func (b *Bus) Links() []Link { panic("not yet") }

// Layer is the stream layer of one channel.
type Layer struct{}

var _ net.Listener = (*Layer)(nil)

// Accept waits for the next connection of the channel.
func (l *Layer) Accept() (net.Conn, error) { panic("not yet") }

// Close stops accepting.
func (l *Layer) Close() error { panic("not yet") }

// Addr is the address the bus listens on.
func (l *Layer) Addr() net.Addr { panic("not yet") }

// Dial opens a connection for this channel to a member.
func (l *Layer) Dial(serverID string, timeout time.Duration) (net.Conn, error) { panic("not yet") }
