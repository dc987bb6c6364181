package slotmap

import (
	"net"
	"strconv"
	"strings"
)

// NodeID names a node for good: 40 lower-case hexadecimal digits.
type NodeID string

// GroupID names a group, which clients know as a shard: 40 lower-case hexadecimal digits.
type GroupID string

// Node is one process of the cluster. Nodes inside a Map are never modified.
type Node struct {
	ID          NodeID `json:"id"`
	Incarnation string `json:"incarnation"` // 16 hex digits, renewed whenever the node's disk starts afresh

	// Where the process listens, as its peers reach it.
	Host    string `json:"host"`
	Port    int    `json:"port"`
	BusPort int    `json:"bus_port"`

	// What clients (and peers, behind address translation) are told instead; empty and zero mean "the same".
	AnnounceHost    string `json:"announce_host,omitempty"`
	AnnouncePort    int    `json:"announce_port,omitempty"`
	AnnounceBusPort int    `json:"announce_bus_port,omitempty"`
	Hostname        string `json:"hostname,omitempty"`

	Group   GroupID `json:"group,omitempty"`   // "" only between leaving its group and leaving the map
	Failed  bool    `json:"failed,omitempty"`  // the metadata leader's verdict
	Leaving bool    `json:"leaving,omitempty"` // FORGET has begun: leaves its group, then the map
}

// ServerID is the node's name in every Raft group. A node that lost its disk has another one.
func (n *Node) ServerID() string { return ServerID(n.ID, n.Incarnation) }

// ServerID joins a node id and an incarnation to the name that Raft groups use.
func ServerID(id NodeID, incarnation string) string { return string(id) + ":" + incarnation }

// witnessMark ends the name of a witness.
const witnessMark = "~w"

// WitnessID is the node's name in a group that it is a witness of. It is not ServerID: a node may be witness of a
// group first and hold its data later, or the other way round, and the two are different servers to Raft. What one of
// them has in its log says nothing about what the other one holds.
func (n *Node) WitnessID() string { return WitnessID(n.ID, n.Incarnation) }

// WitnessID is ServerID for a witness.
func WitnessID(id NodeID, incarnation string) string { return ServerID(id, incarnation) + witnessMark }

// IsWitnessID tells whether a server id is that of a witness.
func IsWitnessID(serverID string) bool { return strings.HasSuffix(serverID, witnessMark) }

// SplitServerID is the inverse of ServerID and of WitnessID; ok is false if there is no incarnation in it.
func SplitServerID(serverID string) (id NodeID, incarnation string, ok bool) {
	serverID = strings.TrimSuffix(serverID, witnessMark)
	for i := len(serverID) - 1; i >= 0; i-- {
		if serverID[i] == ':' {
			return NodeID(serverID[:i]), serverID[i+1:], i > 0 && i < len(serverID)-1
		}
	}
	return NodeID(serverID), "", false
}

// BusAddr is where peers dial the node's cluster bus.
func (n *Node) BusAddr() string {
	port := n.BusPort
	if n.AnnounceBusPort != 0 {
		port = n.AnnounceBusPort
	}
	return net.JoinHostPort(n.ClientHost(), strconv.Itoa(port))
}

// ClientHost is the host that clients are told.
func (n *Node) ClientHost() string {
	if n.AnnounceHost != "" {
		return n.AnnounceHost
	}
	return n.Host
}

// ClientPort is the port that clients are told.
func (n *Node) ClientPort() int {
	if n.AnnouncePort != 0 {
		return n.AnnouncePort
	}
	return n.Port
}

// ClientBusPort is the bus port that clients are told (CLUSTER NODES shows it after the '@').
func (n *Node) ClientBusPort() int {
	if n.AnnounceBusPort != 0 {
		return n.AnnounceBusPort
	}
	return n.BusPort
}

// SameAddress tells whether two nodes are reached and announced alike.
func (n *Node) SameAddress(o *Node) bool {
	return n.Host == o.Host && n.Port == o.Port && n.BusPort == o.BusPort &&
		n.AnnounceHost == o.AnnounceHost && n.AnnouncePort == o.AnnouncePort &&
		n.AnnounceBusPort == o.AnnounceBusPort && n.Hostname == o.Hostname
}

// Group is one Raft group of data: a master and its replicas. Groups inside a Map are never modified.
type Group struct {
	ID      GroupID  `json:"id"`
	Members []NodeID `json:"members"`           // data members, sorted; includes learners that are catching up
	Witness NodeID   `json:"witness,omitempty"` // "" if there is none
	Leader  NodeID   `json:"leader,omitempty"`  // as last reported; a data member or ""
	Term    uint64   `json:"term"`              // of that report
	Epoch   uint64   `json:"epoch"`             // the master's config epoch

	// Former are the nodes, sorted, that moved away or are no witness any more, and of whom the leader has not
	// said yet that they are out of Raft's configuration. Until then the group may need their votes and disks.
	Former []NodeID `json:"former,omitempty"`

	// Generation grows when the group is rebuilt from one member (FAILOVER TAKEOVER): what is
	// left of an older generation must not act any more.
	Generation uint64 `json:"generation,omitempty"`
}
