package node

import (
	"fmt"
	"net"

	"github.com/redoubtdb/redoubt/resp/server/config"
)

// ProbePorts tells whether the addresses that a node will listen on are free, so that a start
// which cannot succeed is refused before it has made a data directory or an identity.
func ProbePorts(listen func(addr string) (net.Listener, error), cfg *config.Live) error {
	n := &Node{config: cfg}
	err := probe(listen, n.busListenAddr())
	if err != nil {
		return fmt.Errorf("opening the cluster bus: %w", err)
	}
	for _, addr := range n.clientListenAddrs() {
		if err := probe(listen, addr.addr); err != nil && !addr.optional {
			return fmt.Errorf("listening for clients on %s: %w", addr.addr, err)
		}
	}
	return nil
}

func probe(listen func(addr string) (net.Listener, error), addr string) error {
	l, err := listen(addr)
	if err != nil {
		return err
	}
	return l.Close()
}
