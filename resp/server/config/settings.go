package config

import (
	"io/fs"
	"time"
)

// Settings is the typed form of the directives that something in the process acts on. It is derived from the texts.
type Settings struct {
	Network  Network
	TLS      TLS
	Process  Process
	Clients  Clients
	Security Security
	Memory   Memory
	Storage  Storage
	Cluster  Cluster
	Raft     Raft
}

// Network is where clients connect.
type Network struct {
	Bind           []string // addresses; a leading "-" means that it may be unavailable
	Port           int      // 0: none
	UnixSocket     string
	UnixSocketPerm fs.FileMode
	ProtectedMode  bool
	IdleTimeout    time.Duration // 0: never
	KeepAlive      time.Duration // 0: off
}

// TLS is the certificates and rules of encrypted connections.
type TLS struct {
	Port                             int // 0: none
	Cluster                          bool
	AuthClients                      string // no, yes, optional
	CertFile, KeyFile, KeyPass       string
	ClientCertFile, ClientKeyFile    string
	ClientKeyPass                    string
	CACertFile, CACertDir            string
	Protocols, Ciphers, CipherSuites string
}

// Process is the log and the way the process ends.
type Process struct {
	LogLevel, LogFile, PidFile string
	Supervised                 string
	ShutdownTimeout            time.Duration
	OnSigint, OnSigterm        []string
	SlowerThan                 time.Duration // slowlog; negative: off
	SlowlogMax                 int64
	LatencyThreshold           time.Duration // 0: off
}

// Clients is the limits on connections.
type Clients struct {
	Max            int
	QueryLimit     int64          // bytes of unparsed requests
	BulkLimit      int64          // bytes of one argument
	Output         [3]OutputLimit // normal, replica, pubsub
	TrackingMax    int64          // keys
	KeyspaceEvents string         // notify-keyspace-events, as CONFIG GET prints it
}

// OutputLimit is one class of client-output-buffer-limit; zero values mean no limit.
type OutputLimit struct {
	Hard, Soft  uint64 // bytes
	SoftTimeout time.Duration
}

// Permission is the value of the enable-... directives.
type Permission string

// Allows tells whether a client may; local: it is connected over loopback or a unix socket.
func (p Permission) Allows(local bool) bool { return p == "yes" || p == "local" && local }

// Security is who may do what.
type Security struct {
	RequirePass, MasterAuth string
	ACLFile                 string
	ACLLogMax               int64
	PubSubDefault           string
	ProtectedConfigs        Permission
	DebugCommand            Permission
}

// Memory is maxmemory and what to do about it.
type Memory struct {
	Max          uint64 // bytes, 0: no limit
	Policy       string
	Samples      int
	Tenacity     int
	LFULogFactor int
	LFUDecayTime int // minutes
	ClientsMax   uint64
	ClientsPerc  int // share of Max, when ClientsMax is written in percent
}

// Storage is where and how the node keeps its data.
type Storage struct {
	Dir               string // absolute
	SavePoints        []SavePoint
	AppendFsync       string // always, everysec, no
	StopWritesOnError bool
}

// SavePoint asks for a snapshot when so many changes happened within so much time.
type SavePoint struct {
	After   time.Duration
	Changes int64
}

// Cluster is the node's part in the cluster and what it tells clients about itself.
type Cluster struct {
	ConfigFile               string
	NodeTimeout              time.Duration
	BusPort                  int // as reached by peers
	Announce                 Announce
	EndpointType             string // ip, hostname, unknown-endpoint
	RequireFullCoverage      bool
	AllowReadsWhenDown       bool
	AllowPubSubShardWhenDown bool
	ReplicaNoFailover        bool
}

// Announce is the addresses a node gives itself; zero values mean: as it really is.
type Announce struct {
	Host                   string
	Port, TLSPort, BusPort int
	Hostname               string
}

// Raft is the directives that Redis does not have.
type Raft struct {
	ReadConsistency        string // lease, quorum
	ReplicaReadConsistency string // linearizable, stale
	LogEngine              string // wal, boltdb
	SnapshotEntries        int64
	TrailingEntries        int64
}
