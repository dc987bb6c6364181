package node

import (
	"log/slog"
	"net"

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
	return guardedListener{l, g}, nil
}

type guardedListener struct {
	net.Listener
	guard guardedNetwork
}

func (l guardedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil || l.guard.trusts(c.RemoteAddr()) {
			return c, err
		}
		l.guard.log.Warn("a connection to the cluster bus was refused: protected-mode is on and masterauth is not set; "+
			"set masterauth on all nodes, or turn protected-mode off", "remote", c.RemoteAddr().String())
		_ = c.Close()
	}
}
