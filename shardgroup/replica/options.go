package replica

import (
	"cmp"
	"errors"
	"hash/fnv"
	"math"
	"time"

	"github.com/hashicorp/raft"
)

// Times on which the lease rests. A leader trusts a majority's answers to
// AppendEntries started less than Lease ago; no member votes within
// ElectionFloor of one that it may have answered. What lies between the two
// is there for clocks that run at different speeds.
const (
	ElectionFloor = 300 * time.Millisecond
	Lease         = 200 * time.Millisecond
)

// Defaults of Options.
const (
	DefaultNodeTimeout     = time.Second
	DefaultSnapshotEntries = 1 << 20
	DefaultSnapshotBytes   = 256 << 20
	DefaultTrailingEntries = 10_000
	DefaultCommitInterval  = 20 * time.Millisecond
	DefaultMaxAppend       = 64
)

// Limits.
const (
	maxProposals   = 1024                  // waited for at a time
	logCacheSize   = 128                   // entries
	enqueueLimit   = time.Second           // until the library takes a request
	shutdownLimit  = 5 * time.Second       // until the library's goroutines end
	caughtUpLimit  = 256                   // entries a member may lag and still count as caught up
	maxPool        = 3                     // idle connections to a peer
	retryLimit     = 50 * time.Millisecond // a request for a vote that failed later is not repeated
	idleLimit      = 10 * time.Second      // without a byte on an incoming connection
	paceStep       = 64 << 10              // bytes written that count as progress
	ackRate        = 8 << 20               // bytes a second that a peer must be able to store
	snapshotRetry  = 5 * time.Second       // after a snapshot that failed
	renewLimit     = time.Minute           // between two snapshots that replace damaged ones
	neverByLibrary = 24 * time.Hour        // between the library's own looks for a due snapshot
	stallHalves    = 3                     // half election times that a write to the log may take
	lookLimit      = 50 * time.Millisecond // for the library to look whether it has heard from its leader
	jitterPart     = 4                     // the part of the patience that is random on top
	changeFactor   = 10                    // election times that a configuration change may take
	transferFactor = 3                     // election times that a transfer may take
)

// withDefaults fills in what is zero.
func (o Options) withDefaults() (Options, error) {
	if o.ID == "" {
		return o, errors.New("replica: Options.ID is needed")
	}
	o.NodeTimeout = cmp.Or(o.NodeTimeout, DefaultNodeTimeout)
	o.SnapshotEntries = cmp.Or(o.SnapshotEntries, DefaultSnapshotEntries)
	o.SnapshotBytes = cmp.Or(o.SnapshotBytes, DefaultSnapshotBytes)
	o.TrailingEntries = cmp.Or(o.TrailingEntries, DefaultTrailingEntries)
	o.CommitInterval = cmp.Or(o.CommitInterval, DefaultCommitInterval)
	o.MaxAppend = cmp.Or(o.MaxAppend, DefaultMaxAppend)
	o.DiskStall = cmp.Or(o.DiskStall, o.election()*stallHalves/2)
	return o, nil
}

// election is the base of every time-out of the group: without contact for so
// long, a voter begins an election.
func (o Options) election() time.Duration { return max(o.NodeTimeout/2, ElectionFloor) }

// patience is this member's own election time: a witness lets the others try
// first.
func (o Options) patience() time.Duration {
	if o.Witness {
		return 2 * o.election()
	}
	return o.election()
}

// rpcLimit bounds a request to a peer that carries no data.
func (o Options) rpcLimit() time.Duration { return 2 * o.election() }

// spread is a factor between 1 and 1.25 that differs from member to member,
// so that they do not all take their snapshots at the same entry.
func (o Options) spread() float64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(o.ID))
	return 1 + float64(h.Sum32()%256)/1024
}

// raftConfig translates the options for the library.
func (o Options) raftConfig() *raft.Config {
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(o.ID)
	c.HeartbeatTimeout = o.patience()
	c.ElectionTimeout = o.patience()
	c.LeaderLeaseTimeout = o.election() * 9 / 10
	c.CommitTimeout = o.CommitInterval
	c.MaxAppendEntries = o.MaxAppend
	c.BatchApplyCh = true // so that Propose does not wait for the disk
	c.ShutdownOnRemove = false
	c.TrailingLogs = o.TrailingEntries
	// Snapshots are taken when the snapshotter says so, and never by the
	// library's own count.
	c.SnapshotInterval = neverByLibrary
	c.SnapshotThreshold = math.MaxUint64
	c.NoLegacyTelemetry = true
	if o.exposed.has(hazardNotify) {
		c.NotifyCh = make(chan bool)
	}
	return c
}
