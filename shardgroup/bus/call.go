package bus

import (
	"context"
	"sync"
)

// bulkBody is the size from which a call goes over the second connection to
// its peer, so that small calls do not wait behind it.
const bulkBody = 64 << 10 // bytes

// route names an outgoing call connection: each peer has up to two.
type route struct {
	serverID string
	bulk     bool
}

// callers holds the outgoing call connections.
type callers struct {
	bus *Bus

	mu     sync.Mutex // guards routes; not held while dialing
	routes map[route]*line
}

// line is the place of one connection; whoever holds its turn dials.
type line struct {
	turn chan struct{}

	mu      sync.Mutex // guards current
	current *caller
}

func newCallers(b *Bus) *callers {
	return &callers{bus: b, routes: make(map[route]*line)}
}

// Call runs a method on a member: exactly that node in that incarnation. If
// the error is ErrNotSent the handler did not run; if it is a *RemoteError the
// handler answered it; after any other error the outcome is unknown.
func (b *Bus) Call(ctx context.Context, serverID, name string, body []byte) ([]byte, error) {
	if len(body) > MaxBody {
		return nil, notSent(ErrTooLarge)
	}
	c, err := b.callers.get(ctx, route{serverID: serverID, bulk: len(body) >= bulkBody})
	if err != nil {
		return nil, notSent(err)
	}
	return c.call(ctx, name, body)
}

// CallAddr runs an open method on whoever listens at addr.
func (b *Bus) CallAddr(ctx context.Context, addr, name string, body []byte) ([]byte, error) {
	if len(body) > maxOpenBody {
		return nil, notSent(ErrTooLarge)
	}
	self := b.deps.Self()
	conn, err := b.connect(ctx, addr, &hello{flags: flagStranger, from: self, channel: Channel{Kind: KindRPC}})
	if err != nil {
		return nil, notSent(err)
	}
	c, err := newCaller(b, conn, self)
	if err != nil {
		return nil, notSent(err)
	}
	defer c.end()
	return c.call(ctx, name, body)
}

// get returns a live connection for a route, dialing if there is none.
func (cs *callers) get(ctx context.Context, r route) (*caller, error) {
	ln := cs.line(r)
	if c := ln.live(); c != nil {
		return c, nil
	}
	select {
	case ln.turn <- struct{}{}:
		defer func() { <-ln.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if c := ln.live(); c != nil {
		return c, nil
	}
	self := cs.bus.deps.Self()
	conn, err := cs.bus.dial(ctx, r.serverID, Channel{Kind: KindRPC})
	if err != nil {
		cs.drop(r, ln)
		return nil, err
	}
	c, err := newCaller(cs.bus, conn, self)
	if err != nil {
		return nil, err
	}
	ln.replace(c)
	return c, nil
}

func (cs *callers) line(r route) *line {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	ln := cs.routes[r]
	if ln == nil {
		ln = &line{turn: make(chan struct{}, 1)}
		cs.routes[r] = ln
	}
	return ln
}

// drop forgets a line that could not be connected, so that the names of
// departed nodes do not gather. A call that still holds it dials once more
// for itself.
func (cs *callers) drop(r route, ln *line) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.routes[r] == ln {
		delete(cs.routes, r)
	}
}

func (ln *line) live() *caller {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	if ln.current != nil && ln.current.usable() {
		return ln.current
	}
	return nil
}

// replace ends the line's old connection: nobody may use it any more.
func (ln *line) replace(c *caller) {
	ln.mu.Lock()
	old := ln.current
	ln.current = c
	ln.mu.Unlock()
	if old != nil {
		old.end()
	}
}
