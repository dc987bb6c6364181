package config

import "math"

// Bounds of Redis' number types, which error texts print.
const (
	maxInt32  = math.MaxInt32
	maxInt64  = math.MaxInt64
	maxUint32 = math.MaxUint32
	maxUint64 = math.MaxUint64
	maxPort   = 65535
	megabyte  = 1 << 20
)

// Notes on directives that are known but do nothing, by reason.
const (
	noteOS         = "has no effect: the Go runtime or the service manager decides this"
	noteModules    = "has no effect: there is no module interface"
	noteReplStream = "has no effect: replicas follow their group's Raft log, there is no replication stream or backlog"
	noteAOF        = "has no effect: every group keeps a Raft log, which takes the place of the append only file"
	noteRDB        = "has no effect: snapshots are always checked and are written beside the Raft log"
	noteMemory     = "has no effect: memory is returned by the Go runtime's collector"
	noteEncoding   = "has no effect: containers choose their own layout"
	noteLater      = "is accepted but not supported yet: it has NO effect"
)

func networkDirectives() []directive {
	return []directive{
		special("bind", "* -::*", parseBind).with(immutable),
		text("bind-source-addr", "").says(noteOS),
		integer("port", "6379", 0, maxPort).with(immutable),
		integer("tcp-backlog", "511", 0, maxInt32).with(immutable).says(noteOS).unless("511"),
		integer("socket-mark-id", "0", 0, maxUint32).with(immutable).says(noteOS).unless("0"),
		text("unixsocket", "").with(immutable).says(noteLater).unless(""),
		directive{name: "unixsocketperm", kind: kindOctal, def: "0", max: 0o777, flags: immutable}.says(noteLater).unless("0"),
		boolean("protected-mode", "yes"),
		integer("timeout", "0", 0, maxInt32),
		integer("tcp-keepalive", "300", 0, maxInt32),
	}
}

func tlsDirectives() []directive {
	return []directive{
		integer("tls-port", "0", 0, maxPort).with(immutable).says(noteLater).unless("0"),
		boolean("tls-cluster", "no").with(immutable).says(noteLater).unless("no"),
		boolean("tls-replication", "no").says("has no effect: replicas use the cluster bus, see tls-cluster"),
		enum("tls-auth-clients", "yes", "no", "yes", "optional").says(noteLater).unless("yes"),
		text("tls-cert-file", "").says(noteLater).unless(""), text("tls-key-file", "").says(noteLater).unless(""), text("tls-key-file-pass", "").with(sensitive).says(noteLater).unless(""),
		text("tls-client-cert-file", "").says(noteLater).unless(""), text("tls-client-key-file", "").says(noteLater).unless(""), text("tls-client-key-file-pass", "").with(sensitive).says(noteLater).unless(""),
		text("tls-ca-cert-file", "").says(noteLater).unless(""), text("tls-ca-cert-dir", "").says(noteLater).unless(""),
		text("tls-protocols", "").says(noteLater).unless(""), text("tls-ciphers", "").says(noteLater).unless(""), text("tls-ciphersuites", "").says(noteLater).unless(""),
		text("tls-dh-params-file", "").says(noteOS),
		boolean("tls-prefer-server-ciphers", "no").says(noteOS),
		boolean("tls-session-caching", "yes").says(noteOS).unless("yes"),
		integer("tls-session-cache-size", "20480", 0, maxInt32).says(noteOS),
		integer("tls-session-cache-timeout", "300", 0, maxInt32).says(noteOS),
	}
}

// processDirectives are those about the process as the operating system sees it, and its log.
func processDirectives() []directive {
	facilities := []string{"user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"}
	shutdown := []string{"default", "save", "nosave", "now", "force"}
	return []directive{
		boolean("daemonize", "no").with(immutable).says("has no effect: the process stays in the foreground, let the service manager start it").unless("no"),
		enum("supervised", "no", "upstart", "systemd", "auto", "no").with(immutable).says(noteOS).unless("no"),
		text("pidfile", "").with(immutable),
		enum("loglevel", "notice", "debug", "verbose", "notice", "warning"),
		text("logfile", "").with(immutable),
		boolean("syslog-enabled", "no").with(immutable).says("has no effect: the log goes to logfile or standard output").unless("no"),
		text("syslog-ident", "redis").with(immutable).says("has no effect: the log goes to logfile or standard output"),
		enum("syslog-facility", "local0", facilities...).with(immutable).says("has no effect: the log goes to logfile or standard output"),
		boolean("crash-log-enabled", "yes").says(noteOS).unless("yes"),
		boolean("crash-memcheck-enabled", "yes").says(noteOS).unless("yes"),
		boolean("always-show-logo", "no").with(immutable).says("has no effect: there is no logo").unless("no"),
		boolean("set-proc-title", "yes").with(immutable).says(noteOS).unless("yes"),
		text("proc-title-template", "{title} {listen-addr} {server-mode}").checked(checkTitle).says(noteOS).unless("{title} {listen-addr} {server-mode}"),
		boolean("disable-thp", "yes").with(immutable).says(noteOS).unless("yes"),
		enum("oom-score-adj", "no", "no", "yes", "relative", "absolute").says(noteOS).unless("no"),
		special("oom-score-adj-values", "0 200 800", parseOomScores).says(noteOS).unless("0 200 800"),
		text("server_cpulist", "").with(immutable).says(noteOS),
		text("bio_cpulist", "").with(immutable).says(noteOS),
		text("aof_rewrite_cpulist", "").with(immutable).says(noteOS),
		text("bgsave_cpulist", "").with(immutable).says(noteOS),
		text("ignore-warnings", "").says(noteOS),
		integer("io-threads", "1", 1, 128).with(immutable).says(noteOS).unless("1"),
		boolean("io-threads-do-reads", "no").with(immutable).says(noteOS).unless("no"),
		integer("hz", "10", 0, maxInt32).says(noteOS).unless("10"),
		boolean("dynamic-hz", "yes").says(noteOS).unless("yes"),
		boolean("jemalloc-bg-thread", "yes").says(noteMemory).unless("yes"),
		integer("shutdown-timeout", "10", 0, maxInt32),
		enum("shutdown-on-sigint", "default", shutdown...).with(multi | combines).says(noteLater).unless("default"),
		enum("shutdown-on-sigterm", "default", shutdown...).with(multi | combines).says(noteLater).unless("default"),
	}
}
