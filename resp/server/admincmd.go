package server

import (
	"context"
	"math"
	"strconv"
	"time"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
)

const (
	errWaitTimeout  = "ERR timeout is not an integer or out of range"
	errWaitReplica  = "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured to be writable (which is not the default) writes to replicas are just local and are not propagated."
	errSwapDB       = "ERR SWAPDB is not allowed in cluster mode"
	errMove         = "ERR MOVE is not allowed in cluster mode"
	errReplicaOf    = "ERR REPLICAOF not allowed in cluster mode."
	errFailover     = "ERR FAILOVER not allowed in cluster mode. Use CLUSTER FAILOVER command instead."
	maxSleepSeconds = math.MaxInt32 // of DEBUG SLEEP
)

// adminCommands are those about the process, its disk and its role.
func adminCommands() []front {
	var out []front
	for _, part := range [][]front{single(roleCommands()...), single(saveCommands()...), debugCommands(), slowlogCommands(), latencyCommands(), moduleCommands()} {
		out = append(out, part...)
	}
	return out
}

func roleCommands() []front {
	refuse := func(text string) func(*Server, *Conn, [][]byte, *resp.Writer) {
		return func(_ *Server, _ *Conn, _ [][]byte, w *resp.Writer) { w.Error(text) }
	}
	return []front{
		{run: role, spec: &command.Spec{
			Name: "role", Arity: 1, Flags: command.NoScript | command.Loading | command.Stale | command.Fast, Since: "2.8.12", Group: "server",
			ACL:     []string{"admin", "dangerous"},
			Summary: "Return the role of the instance in the context of replication", Complexity: "O(1)",
		}},
		{run: wait, spec: &command.Spec{
			Name: "wait", Arity: 3, Flags: command.NoScript, Since: "3.0.0", Group: "generic", ACL: []string{"connection"},
			Summary:    "Wait for the synchronous replication of all the write commands sent in the context of the current connection",
			Complexity: "O(1)", Tips: []string{"request_policy:all_shards", "response_policy:agg_min"},
		}},
		{run: refuse(errSwapDB), spec: &command.Spec{
			Name: "swapdb", Arity: 3, Flags: command.Write | command.Fast, Since: "4.0.0", Group: "server", ACL: []string{"keyspace", "dangerous"},
			Summary: "Swaps two Redis databases", Complexity: "O(N) where N is the count of clients watching or blocking on keys from both databases.",
		}},
		{run: refuse(errMove), write: true, spec: &command.Spec{
			Name: "move", Arity: 3, Flags: command.Write | command.Fast, Since: "1.0.0", Group: "generic", ACL: []string{"keyspace"},
			FirstKey: 1, LastKey: 1, Step: 1, KeyFlags: "RW access update",
			Summary: "Move a key to another database", Complexity: "O(1)",
		}},
		{run: refuse(errReplicaOf), spec: &command.Spec{
			Name: "replicaof", Arity: 3, Flags: flagsChange | command.NoScript, Since: "5.0.0", Group: "server",
			Summary: "Make the server a replica of another instance, or promote it as master.", Complexity: "O(1)",
		}},
		{run: refuse(errReplicaOf), spec: &command.Spec{
			Name: "slaveof", Arity: 3, Flags: flagsChange | command.NoScript, Since: "1.0.0", Group: "server",
			Summary: "Make the server a replica of another instance, or promote it as master.", Complexity: "O(1)",
			DeprecatedSince: "5.0.0", ReplacedBy: "`REPLICAOF`",
		}},
		{run: refuse(errFailover), spec: &command.Spec{
			Name: "failover", Arity: -1, Flags: flagsAdmin | command.NoScript, Since: "6.2.0", Group: "server",
			Summary: "Start a coordinated failover between this server and one of its replicas.", Complexity: "O(1)",
		}},
	}
}

func role(s *Server, _ *Conn, _ [][]byte, w *resp.Writer) {
	s.clusterView().writeRole(w, s.inspect.Data().Replication())
}

// writeRole is the reply of ROLE:
//
//	["master", offset, [[replica host, port, offset], ...]]
//	["slave", master host, port, state, offset]
func (v *clusterView) writeRole(w *resp.Writer, r ReplicationStatus) {
	if !v.selfIsMaster() {
		v.writeReplicaRole(w, r)
		return
	}
	replicas := v.knownReplicas(r)
	w.Array(3)
	w.BulkString("master")
	w.Int(int64(r.Offset))
	w.Array(len(replicas))
	for _, replica := range replicas {
		n := v.find(replica.Node)
		w.Array(3)
		w.BulkString(n.ClientHost())
		w.BulkInt(int64(n.ClientPort()))
		w.BulkString(strconv.FormatUint(replica.Offset, 10))
	}
}

func (v *clusterView) writeReplicaRole(w *resp.Writer, r ReplicationStatus) {
	host, port := "", 0
	if master := v.ownMaster(); master != nil {
		host, port = master.ClientHost(), master.ClientPort()
	}
	w.Array(5)
	w.BulkString("slave")
	w.BulkString(host)
	w.Int(int64(port))
	w.BulkString(linkState(r))
	w.Int(int64(r.Offset))
}

func linkState(r ReplicationStatus) string {
	switch {
	case r.Syncing:
		return "sync"
	case r.LinkUp:
		return "connected"
	}
	return "connect"
}

// wait answers how many replicas hold all that was written before. What a client was told is written is on a majority
// already; WAIT is for those who want it on more nodes.
func wait(s *Server, c *Conn, args [][]byte, w *resp.Writer) {
	v := s.clusterView()
	if !v.selfIsMaster() {
		w.Error(errWaitReplica)
		return
	}
	n, limit, text := parseWait(args)
	if text != "" {
		w.Error(text)
		return
	}
	c.whileConnected(c.Context(), func(ctx context.Context) {
		cancel := func() {}
		switch {
		case c.inExec(): // as in Redis: nothing in a transaction waits
			ctx, cancel = context.WithTimeout(ctx, 0)
		case limit > 0:
			ctx, cancel = context.WithTimeout(ctx, limit)
		}
		defer cancel()
		held, err := s.inspect.Data().WaitReplicas(ctx, int(min(n, math.MaxInt32)))
		if err != nil && ctx.Err() == nil {
			w.Error(adminErrorText(err))
			return
		}
		w.Int(int64(held))
	})
}

// parseWait reads the number of replicas and the time-out, 0 for none.
func parseWait(args [][]byte) (n int64, limit time.Duration, text string) {
	n, ok := command.ParseInt(args[1])
	if !ok {
		return 0, 0, resp.ErrNotInteger
	}
	millis, ok := command.ParseInt(args[2])
	switch {
	case !ok:
		return 0, 0, errWaitTimeout
	case millis < 0:
		return 0, 0, resp.ErrTimeoutNegative
	}
	millis = min(millis, math.MaxInt64/int64(time.Millisecond))
	return max(n, 0), time.Duration(millis) * time.Millisecond, ""
}
