package config

import (
	"io/fs"
	"strconv"
	"strings"
	"time"
)

// busPortOffset is the distance from the client port to the bus port where cluster-port does not name one.
const busPortOffset = 10000

// derive fills Settings from the texts, which were checked when they went in.
func (c *Config) derive() {
	c.Settings = Settings{
		Network: c.network(), TLS: c.tls(), Process: c.process(), Clients: c.clients(), Security: c.security(),
		Memory: c.memory(), Storage: c.storage(), Cluster: c.cluster(), Raft: c.raft(),
	}
}

func (c *Config) network() Network {
	return Network{
		Bind: c.words("bind"), Port: c.int("port"),
		UnixSocket: c.str("unixsocket"), UnixSocketPerm: c.mode("unixsocketperm"),
		ProtectedMode: c.bool("protected-mode"),
		IdleTimeout:   c.span("timeout", time.Second), KeepAlive: c.span("tcp-keepalive", time.Second),
	}
}

func (c *Config) tls() TLS {
	return TLS{
		Port: c.int("tls-port"), Cluster: c.bool("tls-cluster"), AuthClients: c.str("tls-auth-clients"),
		CertFile: c.str("tls-cert-file"), KeyFile: c.str("tls-key-file"), KeyPass: c.str("tls-key-file-pass"),
		ClientCertFile: c.str("tls-client-cert-file"), ClientKeyFile: c.str("tls-client-key-file"),
		ClientKeyPass: c.str("tls-client-key-file-pass"),
		CACertFile:    c.str("tls-ca-cert-file"), CACertDir: c.str("tls-ca-cert-dir"),
		Protocols: c.str("tls-protocols"), Ciphers: c.str("tls-ciphers"), CipherSuites: c.str("tls-ciphersuites"),
	}
}

func (c *Config) process() Process {
	return Process{
		LogLevel: c.str("loglevel"), LogFile: c.str("logfile"), PidFile: c.str("pidfile"), Supervised: c.str("supervised"),
		ShutdownTimeout: c.span("shutdown-timeout", time.Second),
		OnSigint:        c.words("shutdown-on-sigint"), OnSigterm: c.words("shutdown-on-sigterm"),
		SlowerThan:       c.span("slowlog-log-slower-than", time.Microsecond),
		SlowlogMax:       c.int64("slowlog-max-len"),
		LatencyThreshold: c.span("latency-monitor-threshold", time.Millisecond),
	}
}

func (c *Config) clients() Clients {
	out := Clients{
		Max: c.int("maxclients"), QueryLimit: c.int64("client-query-buffer-limit"), BulkLimit: c.int64("proto-max-bulk-len"),
		TrackingMax: c.int64("tracking-table-max-keys"), KeyspaceEvents: c.str("notify-keyspace-events"),
	}
	words := c.words("client-output-buffer-limit")
	for i := range out.Output {
		group := words[i*4:]
		out.Output[i] = OutputLimit{Hard: toUint(group[1]), Soft: toUint(group[2]), SoftTimeout: toSpan(group[3], time.Second)}
	}
	return out
}

func (c *Config) security() Security {
	return Security{
		RequirePass: c.str("requirepass"), MasterAuth: c.str("masterauth"),
		ACLFile: c.str("aclfile"), ACLLogMax: c.int64("acllog-max-len"), PubSubDefault: c.str("acl-pubsub-default"),
		ProtectedConfigs: Permission(c.str("enable-protected-configs")), DebugCommand: Permission(c.str("enable-debug-command")),
	}
}

func (c *Config) memory() Memory {
	out := Memory{
		Max: toUint(c.str("maxmemory")), Policy: c.str("maxmemory-policy"), Samples: c.int("maxmemory-samples"),
		Tenacity: c.int("maxmemory-eviction-tenacity"), LFULogFactor: c.int("lfu-log-factor"), LFUDecayTime: c.int("lfu-decay-time"),
	}
	if share, ok := strings.CutSuffix(c.str("maxmemory-clients"), "%"); ok {
		out.ClientsPerc = int(toUint(share))
	} else {
		out.ClientsMax = toUint(share)
	}
	return out
}

func (c *Config) storage() Storage {
	out := Storage{Dir: c.str("dir"), AppendFsync: c.str("appendfsync"), StopWritesOnError: c.bool("stop-writes-on-bgsave-error")}
	for words := c.words("save"); len(words) > 0; words = words[2:] {
		out.SavePoints = append(out.SavePoints, SavePoint{After: toSpan(words[0], time.Second), Changes: toInt(words[1])})
	}
	return out
}

func (c *Config) cluster() Cluster {
	out := Cluster{
		ConfigFile: c.str("cluster-config-file"), NodeTimeout: c.span("cluster-node-timeout", time.Millisecond),
		BusPort: c.int("cluster-port"),
		Announce: Announce{
			Host: c.str("cluster-announce-ip"), Port: c.int("cluster-announce-port"), TLSPort: c.int("cluster-announce-tls-port"),
			BusPort: c.int("cluster-announce-bus-port"), Hostname: c.str("cluster-announce-hostname"),
		},
		EndpointType:        c.str("cluster-preferred-endpoint-type"),
		RequireFullCoverage: c.bool("cluster-require-full-coverage"), AllowReadsWhenDown: c.bool("cluster-allow-reads-when-down"),
		AllowPubSubShardWhenDown: c.bool("cluster-allow-pubsubshard-when-down"),
		ReplicaNoFailover:        c.bool("cluster-replica-no-failover"),
	}
	if out.BusPort == 0 {
		out.BusPort = c.clientPort() + busPortOffset
	}
	return out
}

// clientPort is the port that the bus port is counted from: the TLS port where nodes speak TLS or there is no other.
func (c *Config) clientPort() int {
	if port := c.int("port"); port != 0 && !c.bool("tls-cluster") {
		return port
	}
	if port := c.int("tls-port"); port != 0 {
		return port
	}
	return c.int("port")
}

func (c *Config) raft() Raft {
	return Raft{
		ReadConsistency: c.str("read-consistency"), ReplicaReadConsistency: c.str("replica-read-consistency"),
		LogEngine: c.str("raft-log-engine"), SnapshotEntries: c.int64("raft-snapshot-entries"),
		TrailingEntries: c.int64("raft-trailing-entries"),
	}
}

// str panics on a name that is not in the tables: that is a fault in this file.
func (c *Config) str(name string) string {
	v, ok := c.Value(name)
	if !ok {
		panic("config: no directive " + name)
	}
	return v
}

func (c *Config) words(name string) []string { return strings.Fields(c.str(name)) }
func (c *Config) bool(name string) bool      { return c.str(name) == "yes" }
func (c *Config) int(name string) int        { return int(toInt(c.str(name))) }
func (c *Config) int64(name string) int64    { return toInt(c.str(name)) }

func (c *Config) span(name string, unit time.Duration) time.Duration {
	return toSpan(c.str(name), unit)
}

func (c *Config) mode(name string) fs.FileMode {
	n, _ := strconv.ParseUint(c.str(name), 8, 32)
	return fs.FileMode(n)
}

func toInt(s string) int64   { n, _ := strconv.ParseInt(s, 10, 64); return n }
func toUint(s string) uint64 { n, _ := strconv.ParseUint(s, 10, 64); return n }

// toSpan reads a number of units; one that does not fit is the longest span there is.
func toSpan(s string, unit time.Duration) time.Duration {
	const longest = time.Duration(maxInt64)
	n := toInt(s)
	if n > int64(longest/unit) {
		return longest
	}
	return time.Duration(n) * unit
}
