package config

// defaultOutputLimits is client-output-buffer-limit's default: hard, soft, soft seconds of each class.
const defaultOutputLimits = "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"

func clientDirectives() []directive {
	return []directive{
		integer("maxclients", "10000", 1, maxUint32),
		memory("client-query-buffer-limit", "1073741824", megabyte, maxInt64),
		special("client-output-buffer-limit", defaultOutputLimits, parseOutputLimits),
		memory("proto-max-bulk-len", "536870912", megabyte, maxInt64),
		integer("tracking-table-max-keys", "1000000", 0, maxInt64).says(noteLater).unless("1000000"),
		directive{name: "notify-keyspace-events", kind: kindSpecial, parse: parseEvents}.says(noteLater).unless(""),
		integer("databases", "16", 1, maxInt32).with(immutable).says("has no effect: a cluster has database 0 only").unless("16"),
		integer("busy-reply-threshold", "5000", 0, maxInt64).also("lua-time-limit").says(
			"has no effect: a script has an instruction budget, which is the same on every replica").unless("5000"),
		integer("slowlog-log-slower-than", "10000", -1, maxInt64).says(noteLater).unless("10000"),
		integer("slowlog-max-len", "128", 0, maxInt64).says(noteLater).unless("128"),
		integer("latency-monitor-threshold", "0", 0, maxInt64).says(noteLater).unless("0"),
		boolean("latency-tracking", "yes").says(noteLater).unless("yes"),
		special("latency-tracking-info-percentiles", "50 99 99.9", parsePercentiles).says(noteLater).unless("50 99 99.9"),
	}
}

func securityDirectives() []directive {
	local := []string{"no", "yes", "local"}
	return []directive{
		text("requirepass", "").with(sensitive),
		text("masteruser", "").says("has no effect: nodes prove themselves to each other with masterauth alone"),
		text("masterauth", "").with(sensitive).says("is the secret with which nodes prove themselves to each other on the cluster bus"),
		text("aclfile", "").with(immutable).says(noteLater).unless(""),
		integer("acllog-max-len", "128", 0, maxInt64).says(noteLater).unless("128"),
		enum("acl-pubsub-default", "resetchannels", "allchannels", "resetchannels").says(noteLater).unless("resetchannels"),
		enum("enable-protected-configs", "no", local...).with(immutable),
		enum("enable-debug-command", "no", local...).with(immutable),
		enum("enable-module-command", "no", local...).with(immutable).says(noteModules).unless("no"),
		enum("sanitize-dump-payload", "no", "no", "yes", "clients").says("has no effect: payloads of RESTORE are always checked"),
	}
}

func memoryDirectives() []directive {
	policies := []string{"volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl",
		"allkeys-lru", "allkeys-lfu", "allkeys-random", "noeviction"}
	return []directive{
		memory("maxmemory", "0", 0, maxUint64).says(noteLater).unless("0"),
		enum("maxmemory-policy", "noeviction", policies...).says(noteLater).unless("noeviction"),
		integer("maxmemory-samples", "5", 1, maxInt32).says(noteLater).unless("5"),
		integer("maxmemory-eviction-tenacity", "10", 0, 100).says(noteLater).unless("10"),
		directive{name: "maxmemory-clients", kind: kindMemoryPercent, def: "0", max: maxInt64}.says(
			"counts read buffers, queued commands and replies that wait; without it the limit is 4 GiB").unless("0"),
		integer("active-expire-effort", "1", 1, 10).says("has no effect: keys expire through entries of the group's log, on time").unless("1"),
		integer("lfu-log-factor", "10", 0, maxInt32).says(noteLater).unless("10"),
		integer("lfu-decay-time", "1", 0, maxInt32).says(noteLater).unless("1"),
		boolean("lazyfree-lazy-eviction", "no").says(noteMemory).unless("no"),
		boolean("lazyfree-lazy-expire", "no").says(noteMemory).unless("no"),
		boolean("lazyfree-lazy-server-del", "no").says(noteMemory).unless("no"),
		boolean("lazyfree-lazy-user-del", "no").says(noteMemory).unless("no"),
		boolean("lazyfree-lazy-user-flush", "no").says(noteMemory).unless("no"),
		boolean("activedefrag", "no").says(noteMemory).unless("no"),
		memory("active-defrag-ignore-bytes", "104857600", 1, maxInt64).says(noteMemory),
		integer("active-defrag-threshold-lower", "10", 0, 1000).says(noteMemory),
		integer("active-defrag-threshold-upper", "100", 0, 1000).says(noteMemory),
		integer("active-defrag-cycle-min", "1", 1, 99).says(noteMemory),
		integer("active-defrag-cycle-max", "25", 1, 99).says(noteMemory),
		integer("active-defrag-max-scan-fields", "1000", 1, maxInt64).says(noteMemory),
	}
}

// dataDirectives set thresholds of Redis' compact encodings.
func dataDirectives() []directive {
	return []directive{
		integer("hash-max-listpack-entries", "512", 0, maxInt64).also("hash-max-ziplist-entries").says(noteEncoding).unless("512"),
		memory("hash-max-listpack-value", "64", 0, maxInt64).also("hash-max-ziplist-value").says(noteEncoding).unless("64"),
		integer("list-max-listpack-size", "-2", -maxInt32-1, maxInt32).also("list-max-ziplist-size").says(noteEncoding).unless("-2"),
		integer("list-compress-depth", "0", 0, maxInt32).says(noteEncoding).unless("0"),
		integer("set-max-intset-entries", "512", 0, maxInt64).says(noteEncoding).unless("512"),
		integer("zset-max-listpack-entries", "128", 0, maxInt64).also("zset-max-ziplist-entries").says(noteEncoding).unless("128"),
		memory("zset-max-listpack-value", "64", 0, maxInt64).also("zset-max-ziplist-value").says(noteEncoding).unless("64"),
		memory("hll-sparse-max-bytes", "3000", 0, maxInt64).says(noteEncoding).unless("3000"),
		memory("stream-node-max-bytes", "4096", 0, maxInt64).says(noteEncoding).unless("4096"),
		integer("stream-node-max-entries", "100", 0, maxInt64).says(noteEncoding).unless("100"),
		boolean("activerehashing", "yes").says(noteEncoding).unless("yes"),
	}
}
