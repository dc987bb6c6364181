package bus

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"time"
)

// Network is what the bus listens and dials on. TCPNetwork is the real one.
type Network interface {
	Listen(addr string) (net.Listener, error)
	Dial(ctx context.Context, addr string) (net.Conn, error)
}

// TCPNetwork is the Network of a real process.
type TCPNetwork struct{}

var _ Network = TCPNetwork{}

// Listen opens a TCP listener on addr ("host:port").
func (TCPNetwork) Listen(addr string) (net.Listener, error) {
	return net.Listen("tcp", addr)
}

// Dial opens a TCP connection to addr, within the context's deadline.
func (TCPNetwork) Dial(ctx context.Context, addr string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "tcp", addr)
}

// Identity names one end of a connection: a node in one of its incarnations,
// and the cluster it believes itself to be in.
type Identity struct {
	Cluster, Node, Incarnation string
}

// ServerID is the name of the node in every Raft configuration.
func (id Identity) ServerID() string { return id.Node + ":" + id.Incarnation }

// splitServerID takes a server id apart; the cluster is not part of it.
func splitServerID(serverID string) (Identity, bool) {
	node, incarnation, ok := strings.Cut(serverID, ":")
	return Identity{Node: node, Incarnation: incarnation}, ok && node != "" && incarnation != ""
}

// The kinds of channels.
const (
	KindMeta    byte = 'm' // the metadata group
	KindGroup   byte = 'g' // a data group; Channel.Group names it
	KindWitness byte = 'w' // the witness of a data group, which is another server than a data member on the same node
	KindRPC     byte = 'r' // calls
)

// Channel is what a connection is for.
type Channel struct {
	Kind  byte
	Group string
}

// Deps is what a bus needs from its node.
type Deps struct {
	Network Network
	Logger  *slog.Logger
	// Self is asked at every handshake and every call: an identity may change
	// (joining a cluster, CLUSTER RESET), and connections made under the old
	// one are then closed rather than used.
	Self func() Identity
	// Resolve gives the bus address of a server id.
	Resolve func(serverID string) (addr string, err error)
	// Admit says whether a peer of our own cluster may use a channel. It is
	// asked at the handshake, and for calls again at every call. nil admits.
	Admit func(from Identity, ch Channel) error
	// Secret is the shared secret; nil or "" means none.
	Secret func() string
	// ErrorCode gives the stable code of an error that a handler returned, ""
	// if it has none; nil asks only for a method `Code() string`.
	ErrorCode func(error) string
}

// Handler answers a call; it must return soon after its context ends, for
// Close waits for it. Its error reaches the caller as a *RemoteError, whose
// code is that of Deps.ErrorCode, or of the error's method `Code() string`, or
// "error".
type Handler func(ctx context.Context, from Identity, body []byte) ([]byte, error)

// Link is one connection of the bus, for CLUSTER LINKS.
type Link struct {
	Outgoing bool // we dialed
	Peer     Identity
	Addr     string // the peer's address
	Channel  Channel
	Since    time.Time
	Sent     uint64 // bytes
	Received uint64 // bytes
}
