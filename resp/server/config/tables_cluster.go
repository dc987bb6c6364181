package config

func storageDirectives() []directive {
	return []directive{
		text("dir", ".").with(protected | immutable),
		text("dbfilename", "dump.rdb").with(protected).checked(checkFileName("dbfilename", "filename", true)).says(
			"has no effect: snapshots stand in the data directory beside cluster-config-file").unless("dump.rdb"),
		special("save", "3600 1 300 100 60 10000", parseSave).with(appends).says(
			"sets points at which a snapshot is taken, besides those by the log's length (raft-snapshot-entries); no acknowledged write depends on them").unless(""),
		enum("appendfsync", "always", "everysec", "always", "no").says(
			"is the sync policy of the Raft log, from the next start on: when a majority loses power at once, everysec may lose the acknowledged writes of the last second, and no may lose more").unless("always"),
		boolean("stop-writes-on-bgsave-error", "yes").says("has no effect: a write counts when it is in the log, whatever becomes of a snapshot").unless("yes"),
		boolean("appendonly", "no").says(noteAOF),
		text("appendfilename", "appendonly.aof").with(immutable).checked(checkFileName("appendfilename", "filename", false)).says(noteAOF),
		text("appenddirname", "appendonlydir").with(immutable).checked(checkFileName("appenddirname", "dirname", false)).says(noteAOF),
		boolean("no-appendfsync-on-rewrite", "no").says(noteAOF),
		integer("auto-aof-rewrite-percentage", "100", 0, maxInt32).says(noteAOF),
		memory("auto-aof-rewrite-min-size", "67108864", 0, maxInt64).says(noteAOF),
		boolean("aof-load-truncated", "yes").says(noteAOF),
		boolean("aof-use-rdb-preamble", "yes").says(noteAOF),
		boolean("aof-timestamp-enabled", "no").says(noteAOF),
		boolean("aof-rewrite-incremental-fsync", "yes").says(noteAOF),
		boolean("aof-disable-auto-gc", "no").says(noteAOF),
		boolean("rdbcompression", "yes").says(noteRDB),
		boolean("rdbchecksum", "yes").with(immutable).says(noteRDB),
		boolean("rdb-save-incremental-fsync", "yes").says(noteRDB),
		boolean("rdb-del-sync-files", "no").says(noteRDB),
	}
}

func replicationDirectives() []directive {
	const announce = "has no effect: see cluster-announce-ip and cluster-announce-port"
	const majority = "has no effect: a write is acknowledged only when a majority of its group has it"
	return []directive{
		special("replicaof", "", parseReplicaOf).also("slaveof").with(immutable),
		boolean("replica-serve-stale-data", "yes").also("slave-serve-stale-data").says("has no effect: see replica-read-consistency"),
		boolean("replica-read-only", "yes").also("slave-read-only").says("has no effect: a replica never takes writes of its own").unless("yes"),
		boolean("replica-ignore-maxmemory", "yes").also("slave-ignore-maxmemory").says(noteReplStream),
		boolean("replica-ignore-disk-write-errors", "no").says("has no effect: a node that can't write its log stops").unless("no"),
		boolean("replica-lazy-flush", "no").also("slave-lazy-flush").says(noteMemory).unless("no"),
		boolean("replica-announced", "yes").says(announce).unless("yes"),
		integer("replica-priority", "100", 0, maxInt32).also("slave-priority").says("has no effect: Raft elects the most up-to-date replica").unless("100"),
		text("replica-announce-ip", "").also("slave-announce-ip").says(announce),
		integer("replica-announce-port", "0", 0, maxPort).also("slave-announce-port").says(announce),
		integer("min-replicas-to-write", "0", 0, maxInt32).also("min-slaves-to-write").says(majority).unless("0"),
		integer("min-replicas-max-lag", "10", 0, maxInt32).also("min-slaves-max-lag").says(majority).unless("10"),
		integer("repl-ping-replica-period", "10", 1, maxInt32).also("repl-ping-slave-period").says(noteReplStream),
		integer("repl-timeout", "60", 1, maxInt32).says(noteReplStream),
		memory("repl-backlog-size", "1048576", 1, maxInt64).says(noteReplStream),
		integer("repl-backlog-ttl", "3600", 0, maxInt64).says(noteReplStream),
		boolean("repl-disable-tcp-nodelay", "no").says(noteReplStream),
		boolean("repl-diskless-sync", "yes").says(noteReplStream),
		integer("repl-diskless-sync-delay", "5", 0, maxInt32).says(noteReplStream),
		integer("repl-diskless-sync-max-replicas", "0", 0, maxInt32).says(noteReplStream),
		enum("repl-diskless-load", "disabled", "disabled", "on-empty-db", "swapdb").says(noteReplStream),
		enum("propagation-error-behavior", "ignore", "ignore", "panic", "panic-on-replicas").says(noteReplStream),
	}
}

func clusterDirectives() []directive {
	const bus = "has no effect: the cluster bus is made of Raft groups and has no link buffers to limit"
	return []directive{
		boolean("cluster-enabled", "yes").with(immutable).says(
			"has no effect: a node is always a cluster, a lone one a cluster of one").unless("yes"),
		text("cluster-config-file", "nodes.conf").with(immutable),
		integer("cluster-node-timeout", "1000", 0, maxInt64),
		integer("cluster-port", "0", 0, maxPort).with(immutable),
		text("cluster-announce-ip", ""),
		integer("cluster-announce-port", "0", 0, maxPort),
		integer("cluster-announce-tls-port", "0", 0, maxPort),
		integer("cluster-announce-bus-port", "0", 0, maxPort),
		text("cluster-announce-hostname", "").checked(checkHostname),
		enum("cluster-preferred-endpoint-type", "ip", "ip", "hostname", "unknown-endpoint"),
		boolean("cluster-require-full-coverage", "yes"),
		boolean("cluster-allow-reads-when-down", "no"),
		boolean("cluster-allow-pubsubshard-when-down", "yes").says(noteLater).unless("yes"),
		integer("cluster-replica-validity-factor", "10", 0, maxInt32).also("cluster-slave-validity-factor").says(
			"has no effect: only a replica that has every acknowledged write can be elected"),
		boolean("cluster-replica-no-failover", "no").also("cluster-slave-no-failover").says(noteLater).unless("no"),
		boolean("cluster-allow-replica-migration", "yes").says("has no effect: replicas stay where they were put"),
		integer("cluster-migration-barrier", "1", 0, maxInt32).says("has no effect: replicas stay where they were put"),
		memory("cluster-link-sendbuf-limit", "0", 0, maxUint64).says(bus).unless("0"),
	}
}

// raftDirectives are ours alone.
func raftDirectives() []directive {
	return []directive{
		enum("read-consistency", "lease", "lease", "quorum"),
		enum("replica-read-consistency", "linearizable", "linearizable", "stale"),
		enum("raft-log-engine", "wal", "wal", "boltdb").with(immutable),
		integer("raft-snapshot-entries", "65536", 1, maxInt64),
		integer("raft-trailing-entries", "16384", 1, maxInt64),
	}
}
