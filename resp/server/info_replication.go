package server

import (
	"fmt"
	"strings"

	"github.com/redoubtdb/redoubt/slotmap"
)

const noReplID = "0000000000000000000000000000000000000000"

func infoReplication(s *Server, b *infoText) {
	v, r := s.clusterView(), s.inspect.Data().Replication()
	if v.selfIsMaster() {
		b.put("role", "master")
	} else {
		infoReplica(v, r, b)
	}
	replicas := v.knownReplicas(r)
	b.put("connected_slaves", len(replicas))
	for i, replica := range replicas {
		b.put(fmt.Sprintf("slave%d", i), replicaLine(v, replica))
	}
	b.put("master_failover_state", "no-failover")
	b.put("master_replid", replID(r))
	b.put("master_replid2", noReplID)
	b.put("master_repl_offset", r.Offset)
	b.put("second_repl_offset", -1)
	b.put("repl_backlog_active", 0)
	b.put("repl_backlog_size", 0)
	b.put("repl_backlog_first_byte_offset", 0)
	b.put("repl_backlog_histlen", 0)
}

func replID(r ReplicationStatus) string {
	if r.ReplID == "" {
		return noReplID
	}
	return r.ReplID
}

// selfIsMaster tells the role that this node shows itself in.
func (v *clusterView) selfIsMaster() bool {
	me := v.Node(v.self)
	return me == nil || v.isMaster(me)
}

// ownMaster returns the master of this node's group, nil if it is not in the map.
func (v *clusterView) ownMaster() *slotmap.Node {
	me := v.Node(v.self)
	if me == nil {
		return nil
	}
	return v.Node(v.masterOf(me))
}

// knownReplicas leaves out replicas that are not in the map.
func (v *clusterView) knownReplicas(r ReplicationStatus) []ReplicaStatus {
	if !v.selfIsMaster() {
		return nil
	}
	var out []ReplicaStatus
	for _, replica := range r.Replicas {
		if v.find(replica.Node) != nil && replica.Node != v.self {
			out = append(out, replica)
		}
	}
	return out
}

func replicaLine(v *clusterView, r ReplicaStatus) string {
	n := v.find(r.Node)
	state := "wait_bgsave"
	if r.Online {
		state = "online"
	}
	return fmt.Sprintf("ip=%s,port=%d,state=%s,offset=%d,lag=%d", n.ClientHost(), n.ClientPort(), state, r.Offset, int64(r.Lag.Seconds()))
}

func infoReplica(v *clusterView, r ReplicationStatus, b *infoText) {
	host, port := "", 0
	if master := v.ownMaster(); master != nil {
		host, port = master.ClientHost(), master.ClientPort()
	}
	status := "down"
	if r.LinkUp {
		status = "up"
	}
	b.put("role", "slave")
	b.put("master_host", host)
	b.put("master_port", port)
	b.put("master_link_status", status)
	b.put("master_last_io_seconds_ago", int64(r.LastIO.Seconds()))
	b.flag("master_sync_in_progress", r.Syncing)
	b.put("slave_read_repl_offset", r.Offset)
	b.put("slave_repl_offset", r.Offset)
	if !r.LinkUp {
		b.put("master_link_down_since_seconds", int64(r.LastIO.Seconds()))
	}
	b.put("slave_priority", 100)
	b.put("slave_read_only", 1)
	b.put("replica_announced", 1)
}

// infoRaft is the section that Redis does not have: this node's own data group and the metadata group.
func infoRaft(s *Server, b *infoText) {
	cfg := s.cfg.Load().Raft
	b.put("raft_meta_leader", s.topology.MetaLeader())
	witnessed, pending := 0, "this node's group does not run"
	for _, g := range s.inspect.Groups() {
		switch g.Kind {
		case GroupData:
			infoGroup(&g, b)
			pending = g.Pending
		case GroupWitness:
			witnessed++
		}
	}
	c, _ := s.monitor.since(s.stats, s.started)
	b.put("raft_pending", pending)
	b.put("raft_witness_for_groups", witnessed)
	b.put("raft_log_bytes", s.inspect.Persistence().LogBytes)
	b.put("raft_read_consistency", cfg.ReadConsistency)
	b.put("raft_replica_read_consistency", cfg.ReplicaReadConsistency)
	b.put("raft_batches", c.batches)
	b.put("raft_batches_not_run", c.notRun)
	b.put("raft_batches_indeterminate", c.unknown)
}

func infoGroup(g *GroupStatus, b *infoText) {
	roles := map[string][]string{}
	for _, m := range g.Members {
		roles[m.role()] = append(roles[m.role()], string(m.Node))
	}
	b.put("raft_group", g.ID)
	b.put("raft_state", g.state())
	b.put("raft_leader", g.Leader)
	b.put("raft_term", g.Term)
	b.put("raft_last_index", g.LastIndex)
	b.put("raft_commit_index", g.CommitIndex)
	b.put("raft_applied_index", g.AppliedIndex)
	b.put("raft_snapshot_index", g.SnapshotIndex)
	b.put("raft_digest_index", g.Compared)
	b.put("raft_digest_mismatches", g.Mismatches)
	b.flag("raft_lease_valid", g.LeaseValid)
	b.put("raft_voters", strings.Join(roles["voter"], ","))
	b.put("raft_learners", strings.Join(roles["learner"], ","))
	b.put("raft_witness", strings.Join(roles["witness"], ","))
}
