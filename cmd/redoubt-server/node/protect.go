package node

import (
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/redoubtdb/redoubt/shardgroup/bus"
)

// trusts is protected mode for the cluster bus: without masterauth anybody who reaches
// the bus is believed, so only this machine may, unless protected-mode is off.
func (n *Node) trusts(remote net.Addr) bool {
	cfg := n.config.Load()
	if !cfg.Network.ProtectedMode || cfg.Security.MasterAuth != "" {
		return true
	}
	host, _, err := net.SplitHostPort(remote.String())
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// guardedNetwork turns away connections that are not trusted.
type guardedNetwork struct {
	bus.Network
	trusts func(remote net.Addr) bool
	log    *slog.Logger
}

func (g guardedNetwork) Listen(addr string) (net.Listener, error) {
	l, err := g.Network.Listen(addr)
	if err != nil {
		return nil, err
	}
	return guardedListener{l, g, new(interval)}, nil
}

type guardedListener struct {
	net.Listener
	guard  guardedNetwork
	paused *interval
}

// refusalPause is how long the next refused connection goes without a line in the log: anybody
// can make as many of them as he likes.
const refusalPause = time.Second

// interval is the time between two lines.
type interval struct{ until atomic.Int64 }

// begins tells whether a line may be written, and begins the next pause.
func (q *interval) begins() bool {
	now, until := time.Now().UnixNano(), q.until.Load()
	return now >= until && q.until.CompareAndSwap(until, now+int64(refusalPause))
}

func (l guardedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil || l.guard.trusts(c.RemoteAddr()) {
			return c, err
		}
		if l.paused.begins() {
			l.guard.log.Warn("a connection to the cluster bus was refused: protected-mode is on and masterauth is not set; "+
				"set masterauth on all nodes, or turn protected-mode off", "remote", c.RemoteAddr().String())
		}
		_ = c.Close()
	}
}
