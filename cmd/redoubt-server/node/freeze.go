package node

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"github.com/redoubtdb/redoubt/shardgroup/bus"
)

// freezer lets the whole node stand still, as DEBUG SLEEP does to a server with one
// thread: commands wait, and nothing is read from or written to the cluster bus, so
// that Raft falls silent too.
type freezer struct {
	thaw atomic.Pointer[chan struct{}] // closed at the end of the freeze; nil: not frozen
	turn chan struct{}                 // capacity 1: one freeze after the other
}

func newFreezer() *freezer { return &freezer{turn: make(chan struct{}, 1)} }

// pass returns at once, or when the node thaws.
func (f *freezer) pass() {
	if thaw := f.thaw.Load(); thaw != nil {
		<-*thaw
	}
}

// freeze stops the node for d. The end of ctx ends it early.
func (f *freezer) freeze(ctx context.Context, d time.Duration) {
	f.turn <- struct{}{}
	thaw := make(chan struct{})
	f.thaw.Store(&thaw)
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
	f.thaw.Store(nil)
	close(thaw)
	<-f.turn
}

// frozenNetwork is a bus network whose connections stand still while frozen.
type frozenNetwork struct {
	bus.Network
	f *freezer
}

func (n frozenNetwork) Listen(addr string) (net.Listener, error) {
	l, err := n.Network.Listen(addr)
	if err != nil {
		return nil, err
	}
	return frozenListener{l, n.f}, nil
}

func (n frozenNetwork) Dial(ctx context.Context, addr string) (net.Conn, error) {
	n.f.pass()
	c, err := n.Network.Dial(ctx, addr)
	if err != nil {
		return nil, err
	}
	return frozenConn{c, n.f}, nil
}

type frozenListener struct {
	net.Listener
	f *freezer
}

func (l frozenListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return frozenConn{c, l.f}, nil
}

// frozenConn delivers nothing and sends nothing while frozen. What arrives meanwhile
// is seen afterwards, as by a process that was stopped.
type frozenConn struct {
	net.Conn
	f *freezer
}

func (c frozenConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.f.pass()
	return n, err
}

func (c frozenConn) Write(b []byte) (int, error) {
	c.f.pass()
	return c.Conn.Write(b)
}
