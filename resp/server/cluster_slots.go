package server

import (
	"slices"

	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/slotmap"
)

// assignment is a run of slots and the group that serves it.
type assignment struct {
	slotmap.Range
	group *slotmap.Group
}

// assignments returns all assigned slots, in order.
func (v *clusterView) assignments() []assignment {
	var out []assignment
	for _, g := range v.Groups() {
		for _, r := range v.Ranges(g.ID) {
			out = append(out, assignment{r, g})
		}
	}
	slices.SortFunc(out, func(a, b assignment) int { return int(a.Start) - int(b.Start) })
	return out
}

// writeSlots is the reply of CLUSTER SLOTS: for each run of slots its ends, the master, and the replicas that are up.
func (v *clusterView) writeSlots(w *resp.Writer) {
	all := v.assignments()
	w.Array(len(all))
	for _, a := range all {
		nodes := v.serving(a.group)
		w.Array(2 + len(nodes))
		w.Int(int64(a.Start))
		w.Int(int64(a.End))
		for _, n := range nodes {
			v.writeSlotNode(w, n)
		}
	}
}

// serving returns the nodes that clients may turn to: the master in any case, replicas unless they have failed.
func (v *clusterView) serving(g *slotmap.Group) []*slotmap.Node {
	master := v.master(g)
	return slices.DeleteFunc(v.members(g), func(n *slotmap.Node) bool { return n.Failed && n.ID != master })
}

func (v *clusterView) writeSlotNode(w *resp.Writer, n *slotmap.Node) {
	w.Array(4)
	if v.endpoints == endpointUnknown {
		w.Null()
	} else {
		w.BulkString(endpoint(n, v.endpoints))
	}
	w.Int(int64(n.ClientPort()))
	w.BulkString(string(n.ID))
	meta := v.metadata(n)
	w.Map(len(meta))
	for _, m := range meta {
		w.BulkString(m[0])
		w.BulkString(m[1])
	}
}

// Values of cluster-preferred-endpoint-type.
const (
	endpointIP       = "ip"
	endpointHostname = "hostname"
	endpointUnknown  = "unknown-endpoint"
)

// metadata is a node's addresses that are not its preferred endpoint.
func (v *clusterView) metadata(n *slotmap.Node) [][2]string {
	var out [][2]string
	if v.endpoints != endpointIP {
		out = append(out, [2]string{"ip", n.ClientHost()})
	}
	if v.endpoints != endpointHostname && n.Hostname != "" {
		out = append(out, [2]string{"hostname", n.Hostname})
	}
	return out
}

func clusterSlots(s *Server, _ *Conn, _ [][]byte, w *resp.Writer) { s.clusterView().writeSlots(w) }

// writeShards is the reply of CLUSTER SHARDS: each group with its slots and all its nodes.
func (v *clusterView) writeShards(w *resp.Writer) {
	groups := slices.DeleteFunc(slices.Clone(v.Groups()), func(g *slotmap.Group) bool { return len(v.members(g)) == 0 })
	w.Array(len(groups))
	for _, g := range groups {
		ranges := v.Ranges(g.ID)
		w.Map(2)
		w.BulkString("slots")
		w.Array(2 * len(ranges))
		for _, r := range ranges {
			w.Int(int64(r.Start))
			w.Int(int64(r.End))
		}
		w.BulkString("nodes")
		members := v.members(g)
		w.Array(len(members))
		for _, n := range members {
			v.writeShardNode(w, n)
		}
	}
}

func (v *clusterView) writeShardNode(w *resp.Writer, n *slotmap.Node) {
	fields := 7
	if n.Hostname != "" {
		fields++
	}
	w.Map(fields)
	writePair(w, "id", string(n.ID))
	w.BulkString("port")
	w.Int(int64(n.ClientPort()))
	writePair(w, "ip", n.ClientHost())
	writePair(w, "endpoint", endpoint(n, v.endpoints))
	if n.Hostname != "" {
		writePair(w, "hostname", n.Hostname)
	}
	role, health := "replica", "online"
	if v.isMaster(n) {
		role = "master"
	}
	if n.Failed {
		health = "failed"
	}
	writePair(w, "role", role)
	w.BulkString("replication-offset")
	w.Int(int64(v.offsets[n.ID]))
	writePair(w, "health", health)
}

func writePair(w *resp.Writer, name, value string) {
	w.BulkString(name)
	w.BulkString(value)
}

func clusterShards(s *Server, _ *Conn, _ [][]byte, w *resp.Writer) { s.clusterView().writeShards(w) }
