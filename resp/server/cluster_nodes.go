package server

import (
	"fmt"
	"strings"

	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/slotmap"
)

// nodesText is the reply of CLUSTER NODES: a line a node.
func (v *clusterView) nodesText() string {
	var b strings.Builder
	for _, n := range v.nodes() {
		b.WriteString(v.nodeLine(n))
		b.WriteByte('\n')
	}
	return b.String()
}

// nodeLine describes one node:
//
//	<id> <ip:port@bus-port[,hostname]> <flags> <master> <ping-sent> <pong-received> <epoch> <link> <slot> ...
func (v *clusterView) nodeLine(n *slotmap.Node) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s:%d@%d", n.ID, n.ClientHost(), n.ClientPort(), n.ClientBusPort())
	if n.Hostname != "" {
		b.WriteString("," + n.Hostname)
	}
	master := v.masterOf(n)
	shown := master
	if master == n.ID {
		shown = "-"
	}
	fmt.Fprintf(&b, " %s %s 0 %d %d %s", v.nodeFlags(n), shown, v.pong(n), v.epoch(n), v.link(n))
	if master == n.ID {
		for _, r := range v.Ranges(n.Group) {
			b.WriteString(" " + r.String())
		}
	}
	return b.String()
}

func (v *clusterView) nodeFlags(n *slotmap.Node) string {
	flags := make([]string, 0, 3)
	if n.ID == v.self {
		flags = append(flags, "myself")
	}
	if v.isMaster(n) {
		flags = append(flags, "master")
	} else {
		flags = append(flags, "slave")
	}
	if n.Failed {
		flags = append(flags, "fail")
	}
	return strings.Join(flags, ",")
}

// pong is when a node last answered, in milliseconds. Where this node does not know, the verdict of the failure detector
// stands for it: now, or never for a failed node.
func (v *clusterView) pong(n *slotmap.Node) int64 {
	since, known := v.heard[n.ID]
	switch {
	case n.ID == v.self, !known && n.Failed:
		return 0
	case known:
		return v.now.Add(-since).UnixMilli()
	}
	return v.now.UnixMilli()
}

func (v *clusterView) link(n *slotmap.Node) string {
	if n.Failed && n.ID != v.self {
		return "disconnected"
	}
	return "connected"
}

// replicaLines are the lines of CLUSTER REPLICAS for a master.
func (v *clusterView) replicaLines(master *slotmap.Node) []string {
	var out []string
	if g := v.Group(master.Group); g != nil {
		for _, n := range v.members(g) {
			if n != master {
				out = append(out, v.nodeLine(n))
			}
		}
	}
	return out
}

func clusterNodes(s *Server, _ *Conn, _ [][]byte, w *resp.Writer) {
	w.Verbatim("txt", s.clusterView().nodesText())
}

func clusterReplicas(s *Server, _ *Conn, args [][]byte, w *resp.Writer) {
	v := s.clusterView()
	n := v.find(slotmap.NodeID(args[2]))
	switch {
	case n == nil:
		w.Errorf(errUnknownNodeF, args[2])
		return
	case !v.isMaster(n):
		w.Error(errNotMaster)
		return
	}
	lines := v.replicaLines(n)
	w.Array(len(lines))
	for _, line := range lines {
		w.BulkString(line)
	}
}
