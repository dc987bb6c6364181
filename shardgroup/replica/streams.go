package replica

import (
	"net"
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// streams is the library's stream layer over ours. Addresses are server ids:
// where a member can be reached is not the log's business. It keeps every
// connection, incoming ones too, so that all can be closed: the library
// forgets those in use, and its goroutines would wait for their time-outs.
type streams struct {
	layer StreamLayer
	self  string
	limit time.Duration // for a request, besides what its size needs

	mu     sync.Mutex // guards the rest
	closed bool
	conns  map[*stream]struct{}
}

var _ raft.StreamLayer = (*streams)(nil)

// selfAddr is a server id as an address.
type selfAddr string

func (selfAddr) Network() string  { return "bus" }
func (a selfAddr) String() string { return string(a) }

func newStreams(layer StreamLayer, self string, limit time.Duration) *streams {
	return &streams{layer: layer, self: self, limit: limit, conns: make(map[*stream]struct{})}
}

func (s *streams) Addr() net.Addr { return selfAddr(s.self) }
func (s *streams) Close() error   { return s.layer.Close() }

func (s *streams) Accept() (net.Conn, error) {
	conn, err := s.layer.Accept()
	if err != nil {
		return nil, err
	}
	return s.keep(conn, true)
}

func (s *streams) Dial(address raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	conn, err := s.layer.Dial(string(address), timeout)
	if err != nil {
		return nil, err
	}
	return s.keep(conn, false)
}

func (s *streams) keep(conn net.Conn, incoming bool) (net.Conn, error) {
	k := &stream{Conn: conn, of: s, incoming: incoming}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = conn.Close()
		return nil, ErrClosed
	}
	s.conns[k] = struct{}{}
	return k, nil
}

// closeAll closes every connection, now and from now on.
func (s *streams) closeAll() {
	s.mu.Lock()
	s.closed = true
	conns := make([]*stream, 0, len(s.conns))
	for k := range s.conns {
		conns = append(conns, k)
	}
	s.mu.Unlock()
	for _, k := range conns {
		_ = k.Close()
	}
}

// stream is one connection. The library sets a fixed deadline for each
// request, which is too long for a heartbeat over a dead link and too short
// for a large batch over a slow one; so a deadline here is the layer's limit,
// counted from the last progress, plus what the peer needs to store the
// request's bytes.
//
// An incoming connection has no requests of its own. There the library would
// wait for ever, in its main loop, for the rest of a snapshot whose sender has
// vanished; so a connection on which nothing comes for idleLimit is given up.
type stream struct {
	net.Conn
	of       *streams
	incoming bool

	mu      sync.Mutex // guards the rest
	both    bool       // the request's deadline is for its answer too
	written int64      // bytes of the request so far
}

// SetDeadline begins a request that waits for its answer.
func (k *stream) SetDeadline(t time.Time) error {
	if t.IsZero() {
		return k.Conn.SetDeadline(t)
	}
	k.begin(true)
	return k.Conn.SetDeadline(k.due())
}

// SetWriteDeadline begins a request of a pipeline.
func (k *stream) SetWriteDeadline(t time.Time) error {
	if t.IsZero() {
		return k.Conn.SetWriteDeadline(t)
	}
	k.begin(false)
	return k.Conn.SetWriteDeadline(k.due())
}

// SetReadDeadline begins to wait for an answer in a pipeline.
func (k *stream) SetReadDeadline(t time.Time) error {
	if t.IsZero() {
		return k.Conn.SetReadDeadline(t)
	}
	return k.Conn.SetReadDeadline(k.due())
}

func (k *stream) begin(both bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.both, k.written = both, 0
}

// due is the deadline as of now.
func (k *stream) due() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return time.Now().Add(k.of.limit + time.Duration(k.written)*time.Second/ackRate)
}

// Read waits for the next bytes.
func (k *stream) Read(b []byte) (int, error) {
	if k.incoming {
		_ = k.Conn.SetReadDeadline(time.Now().Add(idleLimit))
	}
	return k.Conn.Read(b)
}

// Write sends a part of a request and puts its deadline off.
func (k *stream) Write(b []byte) (int, error) {
	n, err := k.Conn.Write(b)
	k.mu.Lock()
	k.written += int64(n)
	both := k.both
	k.mu.Unlock()
	if err == nil && n >= paceStep {
		if both {
			_ = k.Conn.SetDeadline(k.due())
		} else {
			_ = k.Conn.SetWriteDeadline(k.due())
		}
	}
	return n, err
}

// Close closes the connection.
func (k *stream) Close() error {
	k.of.mu.Lock()
	delete(k.of.conns, k)
	k.of.mu.Unlock()
	return k.Conn.Close()
}
