package server

import (
	"fmt"
	"strings"

	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/slotmap"
)

// infoText is the reply of CLUSTER INFO. Its last lines are ours: the number of groups that can't lose a single node, for
// they have an even number of data members and no node outside them is there to be their witness.
func (v *clusterView) infoText() string {
	c := v.census()
	var b strings.Builder
	for _, f := range []struct {
		name  string
		value any
	}{
		{"cluster_state", v.state()},
		{"cluster_slots_assigned", v.Assigned()},
		{"cluster_slots_ok", v.Assigned() - c.failedSlots},
		{"cluster_slots_pfail", 0},
		{"cluster_slots_fail", c.failedSlots},
		{"cluster_known_nodes", len(v.nodes())},
		{"cluster_size", c.size},
		{"cluster_current_epoch", v.Epoch},
		{"cluster_my_epoch", c.myEpoch},
		{"cluster_stats_messages_sent", 0},
		{"cluster_stats_messages_received", 0},
		{"total_cluster_links_buffer_limit_exceeded", 0},
		{"cluster_groups_without_witness", c.unwitnessed},
	} {
		fmt.Fprintf(&b, "%s:%v\r\n", f.name, f.value)
	}
	return b.String()
}

// census is what CLUSTER INFO counts.
type census struct {
	size        int // masters with slots
	failedSlots int // slots whose master has failed
	unwitnessed int
	myEpoch     uint64
}

func (v *clusterView) census() census {
	var c census
	for _, g := range v.Groups() {
		slots := v.Count(g.ID)
		if slots > 0 {
			c.size++
		}
		if n := v.Node(v.master(g)); n != nil && n.Failed {
			c.failedSlots += slots
		}
		if len(g.Members) > 0 && len(g.Members)%2 == 0 && g.Witness == "" {
			c.unwitnessed++
		}
	}
	if me := v.Node(v.self); me != nil {
		c.myEpoch = v.epoch(me)
	}
	return c
}

func clusterInfo(s *Server, _ *Conn, _ [][]byte, w *resp.Writer) {
	w.Verbatim("txt", s.clusterView().infoText()+s.mismatchText())
}

// mismatchText is the line of CLUSTER INFO that says how often members of this node's group were found to differ. It
// must be zero.
func (s *Server) mismatchText() string {
	var n uint64
	for _, g := range s.inspect.Groups() {
		if g.Kind == GroupData {
			n += g.Mismatches
		}
	}
	return fmt.Sprintf("cluster_digest_mismatches:%d\r\n", n)
}

func clusterMyID(s *Server, _ *Conn, _ [][]byte, w *resp.Writer) {
	w.BulkString(string(s.topology.Self()))
}

func clusterMyShardID(s *Server, _ *Conn, _ [][]byte, w *resp.Writer) {
	var id slotmap.GroupID
	if n := s.topology.Map().Node(s.topology.Self()); n != nil {
		id = n.Group
	}
	w.BulkString(string(id))
}
