package server

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/slotmap"
)

// busPortDistance is the distance from a node's port to its bus port where MEET does not name one.
const busPortDistance = 10000

// clusterMemberCommands change who is in the cluster and in which role.
func clusterMemberCommands() []front {
	return []front{
		{run: clusterMeet, spec: &command.Spec{
			Name: "meet", Arity: -4, Flags: flagsChange, Since: "3.0.0",
			Summary: "Force a node cluster to handshake with another node", Complexity: "O(1)",
		}},
		{run: clusterForget, spec: &command.Spec{
			Name: "forget", Arity: 3, Flags: flagsChange, Since: "3.0.0",
			Summary: "Remove a node from the nodes table", Complexity: "O(1)",
		}},
		{run: clusterReplicate, spec: &command.Spec{
			Name: "replicate", Arity: 3, Flags: flagsChange, Since: "3.0.0",
			Summary: "Reconfigure a node as a replica of the specified master node", Complexity: "O(1)",
		}},
		{run: clusterFailover, spec: &command.Spec{
			Name: "failover", Arity: -2, Flags: flagsChange, Since: "3.0.0",
			Summary: "Forces a replica to perform a manual failover of its master.", Complexity: "O(1)",
		}},
		{run: clusterReset, spec: &command.Spec{
			Name: "reset", Arity: -2, Flags: command.Admin | command.NoScript | command.Stale, Since: "3.0.0",
			Summary:    "Reset a Redis Cluster node",
			Complexity: "O(N) where N is the number of known nodes. The command may execute a FLUSHALL as a side effect.",
		}},
	}
}

func clusterMeet(s *Server, c *Conn, args [][]byte, w *resp.Writer) {
	if len(args) > 5 {
		subSyntax(w, "CLUSTER", args)
		return
	}
	host, port, busPort, text := parseMeet(args)
	if text != "" {
		w.Error(text)
		return
	}
	answerAdmin(w, s.admin.Meet(c.Context(), host, port, busPort))
}

// parseMeet reads the address of MEET; text is the error if it is none. Like Redis it takes numeric addresses only.
func parseMeet(args [][]byte) (host string, port, busPort int, text string) {
	host = string(args[2])
	p, ok := command.ParseInt(args[3])
	if !ok {
		return "", 0, 0, fmt.Sprintf(errMeetPortF, args[3])
	}
	bus := p + busPortDistance
	if len(args) == 5 {
		if bus, ok = command.ParseInt(args[4]); !ok {
			return "", 0, 0, fmt.Sprintf(errMeetBusPortF, args[4])
		}
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.Zone() != "" || !isPort(p) || !isPort(bus) {
		return "", 0, 0, fmt.Sprintf(errMeetAddressF, host, args[3])
	}
	return addr.String(), int(p), int(bus), ""
}

func isPort(n int64) bool { return n > 0 && n < 1<<16 }

// clusterForget leaves a node it does not know to the node's Admin, which remembers those it forgot a short while ago:
// redis-cli sends FORGET to every node, and here the first one is enough.
func clusterForget(s *Server, c *Conn, args [][]byte, w *resp.Writer) {
	v := s.clusterView()
	id := slotmap.NodeID(args[2])
	me := v.Node(v.self)
	switch {
	case id == v.self:
		w.Error(errForgetSelf)
		return
	case !isNodeID(string(id)):
		w.Errorf(errUnknownNodeF, id)
		return
	case me != nil && v.Node(id) != nil && v.masterOf(me) == id:
		w.Error(errForgetMaster)
		return
	}
	answerNode(w, id, s.admin.Forget(c.Context(), id))
}

func isNodeID(id string) bool {
	const length = 40
	return len(id) == length && strings.Trim(id, "0123456789abcdef") == ""
}

func clusterReplicate(s *Server, c *Conn, args [][]byte, w *resp.Writer) {
	v := s.clusterView()
	id := slotmap.NodeID(args[2])
	if text := v.refuseReplicate(id, s.inspect.Data()); text != "" {
		w.Error(text)
		return
	}
	answerNode(w, id, s.admin.Replicate(c.Context(), id))
}

// refuseReplicate says why this node can't become a replica of another.
func (v *clusterView) refuseReplicate(id slotmap.NodeID, data interface{ Keys() (keys, expires int) }) string {
	master, me := v.find(id), v.Node(v.self)
	switch {
	case master == nil:
		return fmt.Sprintf(errUnknownNodeF, id)
	case id == v.self:
		return errReplicateSelf
	case !v.isMaster(master):
		return errReplicateSlave
	}
	if me == nil || !v.isMaster(me) {
		return ""
	}
	if keys, _ := data.Keys(); keys > 0 || v.Count(me.Group) > 0 {
		return errReplicateFull
	}
	return ""
}

func clusterFailover(s *Server, c *Conn, args [][]byte, w *resp.Writer) {
	if len(args) > 3 {
		subSyntax(w, "CLUSTER", args)
		return
	}
	mode, ok := parseFailover(args[2:])
	if !ok {
		w.Error(resp.ErrSyntax)
		return
	}
	if text := s.clusterView().refuseFailover(mode); text != "" {
		w.Error(text)
		return
	}
	answerAdmin(w, s.admin.Failover(c.Context(), mode))
}

func parseFailover(args [][]byte) (FailoverMode, bool) {
	switch {
	case len(args) == 0:
		return FailoverGraceful, true
	case command.EqualFold(args[0], "FORCE"):
		return FailoverForce, true
	case command.EqualFold(args[0], "TAKEOVER"):
		return FailoverTakeover, true
	}
	return 0, false
}

// refuseFailover says why this node can't ask to become master.
func (v *clusterView) refuseFailover(mode FailoverMode) string {
	me := v.Node(v.self)
	switch {
	case mode == FailoverTakeover && v.leader == "" && me != nil && v.ledBefore(me):
		return "" // a master that has lost the majority of its group
	case me == nil || v.isMaster(me):
		return errFailoverMaster
	}
	if mode != FailoverGraceful {
		return ""
	}
	master := v.Node(v.masterOf(me))
	switch {
	case master == nil:
		return errFailoverUnknown
	case master.Failed:
		return errFailoverDown
	}
	return ""
}

func clusterReset(s *Server, c *Conn, args [][]byte, w *resp.Writer) {
	if len(args) > 3 {
		subSyntax(w, "CLUSTER", args)
		return
	}
	hard := false
	if len(args) == 3 {
		hard = command.EqualFold(args[2], "HARD")
		if !hard && !command.EqualFold(args[2], "SOFT") {
			w.Error(resp.ErrSyntax)
			return
		}
	}
	v := s.clusterView()
	if me := v.Node(v.self); me != nil && v.isMaster(me) {
		if keys, _ := s.inspect.Data().Keys(); keys > 0 {
			w.Error(errResetKeys)
			return
		}
	}
	answerAdmin(w, s.admin.Reset(c.Context(), hard))
}

func clusterFailureReports(s *Server, _ *Conn, args [][]byte, w *resp.Writer) {
	n := s.clusterView().find(slotmap.NodeID(args[2]))
	if n == nil {
		w.Errorf(errUnknownNodeF, args[2])
		return
	}
	reports := 0
	if n.Failed {
		reports = 1
	}
	w.Int(int64(reports))
}
