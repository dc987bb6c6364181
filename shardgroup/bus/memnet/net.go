package memnet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"
)

// ErrAddressInUse is returned by Listen.
var ErrAddressInUse = errors.New("address already in use")

// Net is a network of hosts.
type Net struct {
	mu        sync.Mutex           // guards everything in the network, connections too
	changed   chan struct{}        // closed when a link or a listener changes
	listeners map[string]*listener // by address
	links     map[pair]*path
	conns     map[*pipe]struct{} // one of the two ends of each live connection
	nextPort  int
}

// pair is a direction between two hosts.
type pair struct{ from, to string }

// path is the state of one direction.
type path struct {
	cut   bool
	cutAt time.Time
	delay time.Duration
}

// New makes an empty network without faults.
func New() *Net {
	return &Net{
		changed:   make(chan struct{}),
		listeners: make(map[string]*listener),
		links:     make(map[pair]*path),
		conns:     make(map[*pipe]struct{}),
		nextPort:  40000,
	}
}

// Host is the network as one node sees it.
type Host struct {
	net  *Net
	name string
}

// Host returns the host of that name; it needs no announcement.
func (n *Net) Host(name string) *Host { return &Host{net: n, name: name} }

// path returns the state of a direction. The lock must be held.
func (n *Net) path(from, to string) *path {
	p := n.links[pair{from, to}]
	if p == nil {
		p = &path{}
		n.links[pair{from, to}] = p
	}
	return p
}

// wake lets dials and every connection look again. The lock must be held.
func (n *Net) wake() {
	close(n.changed)
	n.changed = make(chan struct{})
	for p := range n.conns {
		p.wake()
		p.other.wake()
	}
}

// Cut stops what goes from one host to another. Traffic of a host with itself
// cannot be cut.
func (n *Net) Cut(from, to string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if p := n.path(from, to); !p.cut && from != to {
		p.cut, p.cutAt = true, time.Now()
	}
	n.wake()
}

// CutBoth cuts both directions between two hosts.
func (n *Net) CutBoth(a, b string) {
	n.Cut(a, b)
	n.Cut(b, a)
}

// Heal lets traffic flow again from one host to another; what waited arrives.
func (n *Net) Heal(from, to string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.path(from, to).cut = false
	n.wake()
}

// HealBoth heals both directions between two hosts.
func (n *Net) HealBoth(a, b string) {
	n.Heal(a, b)
	n.Heal(b, a)
}

// Partition cuts every link between hosts of different sides.
func (n *Net) Partition(sides ...[]string) {
	for i, side := range sides {
		for _, other := range sides[i+1:] {
			for _, a := range side {
				for _, b := range other {
					n.CutBoth(a, b)
				}
			}
		}
	}
}

// HealAll heals every link; delays stay.
func (n *Net) HealAll() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range n.links {
		p.cut = false
	}
	n.wake()
}

// Delay sets how long bytes take from one host to another.
func (n *Net) Delay(from, to string, d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.path(from, to).delay = d
	n.wake()
}

// Reset breaks every connection between two hosts, in both directions and at
// once; called before Heal, it is a partition that killed its connections.
func (n *Net) Reset(a, b string) {
	n.resetWhere(func(p *pipe) bool {
		return p.local == a && p.remote == b || p.local == b && p.remote == a
	})
}

// Crash breaks every connection of a host and closes its listeners, as when
// its process is killed: the others see a reset, but not over a cut link
// before it heals.
func (n *Net) Crash(host string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for addr, l := range n.listeners {
		if l.host == host {
			delete(n.listeners, addr)
			l.shut()
		}
	}
	for p := range n.conns {
		for _, end := range []*pipe{p, p.other} {
			if end.local == host {
				end.push(segment{err: syscall.ECONNRESET})
				end.fail(net.ErrClosed)
			}
		}
	}
	n.wake()
}

func (n *Net) resetWhere(hit func(*pipe) bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for p := range n.conns {
		if hit(p) {
			p.fail(syscall.ECONNRESET)
			p.other.fail(syscall.ECONNRESET)
		}
	}
}

// Conns counts the live connections.
func (n *Net) Conns() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.conns)
}

// Listen opens a listener at "host:port"; port 0 picks one.
func (h *Host) Listen(addr string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	h.net.mu.Lock()
	defer h.net.mu.Unlock()
	if port == "0" {
		h.net.nextPort++
		addr = net.JoinHostPort(host, fmt.Sprint(h.net.nextPort))
	}
	if h.net.listeners[addr] != nil {
		return nil, fmt.Errorf("listen %s: %w", addr, ErrAddressInUse)
	}
	l := &listener{net: h.net, host: h.name, addr: addr, queue: make(chan *pipe, backlog), done: make(chan struct{})}
	h.net.listeners[addr] = l
	return l, nil
}

// Dial connects to a listener. Over a cut link it waits for the context to
// end, or for the link to heal.
func (h *Host) Dial(ctx context.Context, addr string) (net.Conn, error) {
	n := h.net
	began := time.Now()
	for {
		n.mu.Lock()
		l := n.listeners[addr]
		changed := n.changed
		switch {
		case l == nil:
			n.mu.Unlock()
			return nil, &net.OpError{Op: "dial", Net: "mem", Addr: address(addr), Err: syscall.ECONNREFUSED}
		case n.path(h.name, l.host).cut || n.path(l.host, h.name).cut:
			n.mu.Unlock()
		default:
			trip := n.path(h.name, l.host).delay + n.path(l.host, h.name).delay
			n.mu.Unlock()
			if err := sleep(ctx, trip-time.Since(began)); err != nil {
				return nil, err
			}
			return n.connect(h, l)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, &net.OpError{Op: "dial", Net: "mem", Addr: address(addr), Err: ctx.Err()}
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// end makes one end of a connection. The lock must be held.
func (n *Net) end(local, remote string, addr address) *pipe {
	waits := func() side { return side{changed: sync.NewCond(&n.mu)} }
	return &pipe{net: n, local: local, remote: remote, addr: addr, in: n.path(remote, local), out: n.path(local, remote), reading: waits(), writing: waits()}
}

func (n *Net) connect(h *Host, l *listener) (net.Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.nextPort++
	near := n.end(h.name, l.host, address(net.JoinHostPort(h.name, fmt.Sprint(n.nextPort))))
	far := n.end(l.host, h.name, address(l.addr))
	near.other, far.other = far, near
	select {
	case <-l.done:
		return nil, &net.OpError{Op: "dial", Net: "mem", Addr: address(l.addr), Err: syscall.ECONNREFUSED}
	default:
	}
	select {
	case l.queue <- far:
	default:
		return nil, &net.OpError{Op: "dial", Net: "mem", Addr: address(l.addr), Err: syscall.ECONNREFUSED}
	}
	n.conns[near] = struct{}{}
	return near, nil
}
