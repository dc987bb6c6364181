package server

import "github.com/redoubtdb/redoubt/fsm/command"

// clusterCommands is CLUSTER. GROUPS, VERIFY and MYSHARDID are not in Redis 7.0.
func clusterCommands() []front {
	container := &command.Spec{
		Name: "cluster", Arity: -2, Since: "3.0.0", Group: "cluster",
		Summary: "A container for cluster commands", Complexity: "Depends on subcommand.",
	}
	var subs []front
	for _, part := range [][]front{clusterViewCommands(), clusterKeyCommands(), clusterMemberCommands(), clusterSlotCommands(), clusterEpochCommands()} {
		subs = append(subs, part...)
	}
	return family(container, append(subs, clusterHelp())...)
}

// clusterViewCommands show the cluster and change nothing.
func clusterViewCommands() []front {
	const perNode = "O(N) where N is the total number of Cluster nodes"
	vague := []string{"nondeterministic_output"}
	return []front{
		{run: clusterInfo, spec: &command.Spec{
			Name: "info", Arity: 2, Flags: command.Stale, Since: "3.0.0", Tips: vague,
			Summary: "Provides info about Redis Cluster node state", Complexity: "O(1)",
		}},
		{run: clusterNodes, spec: &command.Spec{
			Name: "nodes", Arity: 2, Flags: command.Stale, Since: "3.0.0", Tips: vague,
			Summary: "Get Cluster config for the node", Complexity: perNode,
		}},
		{run: clusterSlots, spec: &command.Spec{
			Name: "slots", Arity: 2, Flags: command.Stale, Since: "3.0.0", Tips: vague,
			Summary: "Get array of Cluster slot to node mappings", Complexity: perNode,
			DeprecatedSince: "7.0.0", ReplacedBy: "`CLUSTER SHARDS`",
		}},
		{run: clusterShards, spec: &command.Spec{
			Name: "shards", Arity: 2, Flags: command.Stale, Since: "7.0.0", Tips: vague,
			Summary: "Get array of cluster slots to node mappings", Complexity: "O(N) where N is the total number of cluster nodes",
		}},
		{run: clusterMyID, rides: true, spec: &command.Spec{
			Name: "myid", Arity: 2, Flags: command.Stale, Since: "3.0.0",
			Summary: "Return the node id", Complexity: "O(1)",
		}},
		{run: clusterMyShardID, rides: true, spec: &command.Spec{
			Name: "myshardid", Arity: 2, Flags: command.Stale, Since: "7.2.0", Tips: vague,
			Summary: "Return the id of the node's shard", Complexity: "O(1)",
		}},
		{run: clusterReplicas, spec: &command.Spec{
			Name: "replicas", Arity: 3, Flags: flagsAdmin, Since: "5.0.0", Tips: vague,
			Summary: "List replica nodes of the specified master node", Complexity: "O(1)",
		}},
		{run: clusterReplicas, spec: &command.Spec{
			Name: "slaves", Arity: 3, Flags: flagsAdmin, Since: "3.0.0", Tips: vague,
			Summary: "List replica nodes of the specified master node", Complexity: "O(1)",
			DeprecatedSince: "5.0.0", ReplacedBy: "`CLUSTER REPLICAS`",
		}},
		{run: clusterFailureReports, spec: &command.Spec{
			Name: "count-failure-reports", Arity: 3, Flags: flagsAdmin, Since: "3.0.0", Tips: vague,
			Summary: "Return the number of failure reports active for a given node", Complexity: "O(N) where N is the number of failure reports",
		}},
		{run: clusterLinks, spec: &command.Spec{
			Name: "links", Arity: 2, Flags: command.Stale, Since: "7.0.0", Tips: vague,
			Summary: "Returns a list of all TCP links to and from peer nodes in cluster", Complexity: perNode,
		}},
		{run: clusterGroups, spec: &command.Spec{
			Name: "groups", Arity: 2, Flags: flagsAdmin, Since: "7.0.0", Tips: vague,
			Summary: "Show the Raft groups this node is a member of", Complexity: "O(N) where N is the number of their members",
		}},
		{run: clusterVerify, spec: &command.Spec{
			Name: "verify", Arity: 2, Flags: flagsAdmin, Since: "7.0.0", Tips: vague,
			Summary: "Compare the state of all members of each group", Complexity: "O(N) where N is the number of keys",
		}},
	}
}

func clusterHelp() front {
	return helpFront("cluster", "5.0.0", "Show helpful text about the different subcommands",
		"ADDSLOTS <slot> [<slot> ...]", " Give unassigned slots to this node's shard.",
		"ADDSLOTSRANGE <start> <end> [<start> <end> ...]", " Give ranges of unassigned slots to this node's shard.",
		"BUMPEPOCH", " Raise this shard's config epoch above all others.",
		"COUNT-FAILURE-REPORTS <node-id>", " Return 1 if the cluster holds the node for failed, else 0.",
		"COUNTKEYSINSLOT <slot>", " Return how many keys of a slot this node holds.",
		"DELSLOTS <slot> [<slot> ...]", " Take slots away from this node's shard; they serve nobody then.",
		"DELSLOTSRANGE <start> <end> [<start> <end> ...]", " Take ranges of slots away from this node's shard.",
		"FAILOVER [FORCE|TAKEOVER]", " Make this replica the master. TAKEOVER does so without a majority, and may lose",
		" acknowledged writes.",
		"FLUSHSLOTS", " Take all slots away from this node's shard.",
		"FORGET <node-id>", " Remove a node from its shard and from the cluster.",
		"GETKEYSINSLOT <slot> <count>", " Return up to <count> keys of a slot that this node holds.",
		"GROUPS", " Show the Raft groups that this node is a member of.",
		"INFO", " Show the state of the cluster.",
		"KEYSLOT <key>", " Return the slot of a key.",
		"LINKS", " Show the connections of the cluster bus, with their buffers.",
		"MEET <ip> <port> [<bus-port>]", " Join this node's cluster and another node's.",
		"MYID", " Return this node's id.",
		"MYSHARDID", " Return the id of this node's shard.",
		"NODES", " Show all nodes, a line each:",
		" <id> <ip:port@bus-port> <flags> <master> <ping> <pong> <epoch> <link> <slot> ...",
		"REPLICAS <node-id>", " Show a master's replicas, as NODES does.",
		"REPLICATE <node-id>", " Make this node a replica of a master.",
		"RESET [HARD|SOFT]", " Leave the cluster and become a new, empty node (default: soft).",
		"SAVECONFIG", " Write the cluster config file now.",
		"SET-CONFIG-EPOCH <epoch>", " Set the config epoch of a node that knows no other.",
		"SETSLOT <slot> (IMPORTING <node-id>|MIGRATING <node-id>|NODE <node-id>|STABLE)", " Set the state of a slot.",
		"SHARDS", " Show each shard's slots and nodes.",
		"SLOTS", " Show which nodes serve which slots.",
		"VERIFY", " Compare the state of all members of each group, and say whether they differ.",
	)
}
