package memnet

import "net"

// backlog bounds the connections that wait for Accept.
const backlog = 256

// address is a "host:port" of the network.
type address string

func (address) Network() string  { return "mem" }
func (a address) String() string { return string(a) }

type listener struct {
	net   *Net
	host  string
	addr  string
	queue chan *pipe
	done  chan struct{} // closed under net.mu
}

func (l *listener) Addr() net.Addr { return address(l.addr) }

func (l *listener) Accept() (net.Conn, error) {
	select {
	case <-l.done:
		return nil, net.ErrClosed
	case p := <-l.queue:
		return p, nil
	}
}

// Close closes the listener and the connections that nobody accepted.
func (l *listener) Close() error {
	l.net.mu.Lock()
	defer l.net.mu.Unlock()
	if l.net.listeners[l.addr] == l {
		delete(l.net.listeners, l.addr)
	}
	l.shut()
	l.net.wake()
	return nil
}

// shut is Close under the network's lock.
func (l *listener) shut() {
	select {
	case <-l.done:
		return
	default:
		close(l.done)
	}
	for {
		select {
		case p := <-l.queue:
			p.shut()
		default:
			return
		}
	}
}
