package server

import (
	"context"
	"time"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/slotmap"
)

// What the frontend needs of the node around it. The composition root implements all of it; errors that
// reach a client carry the text the client sees (an error code word first: "ERR ...").

// Shard is this node's own data group.
type Shard interface {
	// Do runs the request's writes through the group's log, and what rides with them, in order. It blocks.
	//   nil                every op is answered into r.W
	//   ErrNotRun          wrapped: certainly nothing of it ran, r.W is as it was
	//   ErrNoSpace         wrapped: the same, for want of space on the disks
	//   ErrIndeterminate   wrapped: nobody knows; r, r.W and all memory its ops point at belong to Do for ever
	// Any other error counts as ErrIndeterminate.
	Do(ctx context.Context, r *fsm.Request) error
	// Read answers one read-only op into w, linearizably unless the operator chose otherwise. An error is
	// ErrNotRun or ErrNotOwned, and then nothing was written.
	Read(ctx context.Context, op *fsm.Op, w *resp.Writer, o ReadOptions) error
	// Watch says what WATCH has to compare at EXEC. Errors as Read.
	Watch(ctx context.Context, key []byte) (fsm.Watch, error)
	// Leading reports whether this node leads its group: it serves the group's slots.
	Leading() bool
	// Leader is the group's leader as this node's Raft knows it; "" when unknown.
	Leader() slotmap.NodeID
}

// ReadOptions say how a read may be served.
type ReadOptions struct {
	Replica bool // by this node although it does not lead: the client sent READONLY, or the command has no key
}

// Topology is the cluster as this node knows it.
type Topology interface {
	Map() *slotmap.Map          // never nil
	Self() slotmap.NodeID       // changes only with CLUSTER RESET HARD
	MetaLeader() slotmap.NodeID // leader of the metadata group; "" unknown
}

// Admin is everything that changes the cluster or the process.
type Admin interface {
	Membership
	SlotAdmin
	EpochAdmin
	Process
}

// Membership changes who is in the cluster and in which role. A nil error answers OK.
type Membership interface {
	Meet(ctx context.Context, host string, port, busPort int) error
	Forget(ctx context.Context, id slotmap.NodeID) error
	Replicate(ctx context.Context, master slotmap.NodeID) error
	Failover(ctx context.Context, mode FailoverMode) error
	Reset(ctx context.Context, hard bool) error
}

// FailoverMode is the argument of CLUSTER FAILOVER.
type FailoverMode uint8

// The modes of CLUSTER FAILOVER.
const (
	FailoverGraceful FailoverMode = iota
	FailoverForce
	FailoverTakeover
)

// SlotAdmin gives slots to this node's group and takes them away.
type SlotAdmin interface {
	AddSlots(ctx context.Context, ranges []slotmap.Range) error
	DelSlots(ctx context.Context, ranges []slotmap.Range) error
	FlushSlots(ctx context.Context) error
}

// EpochAdmin serves the commands about epochs and the cluster config file.
type EpochAdmin interface {
	BumpEpoch(ctx context.Context) (epoch uint64, bumped bool, err error) // "BUMPED n" or "STILL n"
	SetConfigEpoch(ctx context.Context, epoch uint64) error
	SaveConfig(ctx context.Context) error
}

// Process serves the commands about the process and its disk.
type Process interface {
	Shutdown(ctx context.Context, o ShutdownOptions) error // returns once the stop has begun
	Save(ctx context.Context) error                        // SAVE, and BGSAVE in a goroutine of the node: a snapshot now
	BackgroundSave(ctx context.Context) error              // returns once begun; an error if one is running
	Sleep(ctx context.Context, d time.Duration)            // DEBUG SLEEP: the whole node stands still, Raft included
}

// ShutdownOptions are the modifiers of SHUTDOWN.
type ShutdownOptions struct {
	NoSave, Save, Now, Force, Abort bool
}

// Inspector shows what runs inside this node. All of it is cheap: it may be called for every INFO.
type Inspector interface {
	Groups() []GroupStatus // the metadata group first, then the data group, then witnesses this node hosts
	Verify(ctx context.Context) ([]VerifyResult, error)
	Links() []LinkInfo
	Data() DataInspector            // this node's own data group
	Persistence() PersistenceStatus // snapshots and log, for INFO persistence
}

// DataInspector looks into the keys and the replication of this node's own group, locally and without a quorum.
type DataInspector interface {
	Keys() (keys, expires int)
	CountKeysInSlot(slot uint16) int
	KeysInSlot(slot uint16, n int) [][]byte
	Replication() ReplicationStatus
	// WaitReplicas returns how many replicas hold everything committed before the call, once they are n or ctx is over.
	WaitReplicas(ctx context.Context, n int) (int, error)
}

// GroupKind says what a Raft group is for.
type GroupKind uint8

// The kinds of groups a node has members of.
const (
	GroupMeta GroupKind = iota
	GroupData
	GroupWitness
)

// GroupStatus is one Raft group as its local member sees it.
type GroupStatus struct {
	Kind          GroupKind
	ID            slotmap.GroupID // "" for the metadata group
	State         string          // leader, follower, candidate, stopped
	Leader        slotmap.NodeID  // "" unknown
	Term          uint64
	LastIndex     uint64 // newest entry in the log
	CommitIndex   uint64
	AppliedIndex  uint64 // newest entry in the state machine
	SnapshotIndex uint64
	LeaseValid    bool // leader only: reads are served without a message
	Members       []MemberStatus
	Compared      uint64 // own data group only: the newest entry at which the members' states were compared
	Mismatches    uint64 // own data group only: comparisons that found a difference since the member was opened
	Pending       string // own data group only: what still differs from the map (members, votes, leader, slots), "" when nothing does
}

// MemberStatus is one member of a group, as the local member sees it.
type MemberStatus struct {
	Node        slotmap.NodeID
	ServerID    string // node id and incarnation
	Voter       bool
	Witness     bool
	Matched     uint64        // leader only: newest entry it is known to hold
	LastContact time.Duration // leader only: since it last answered; negative: never
}

// ReplicationStatus is what ROLE and INFO replication print.
type ReplicationStatus struct {
	Offset   uint64 // bytes or entries: grows with each write, the same on every member at the same entry
	Leading  bool
	Leader   slotmap.NodeID
	LinkUp   bool          // replica: the leader was heard within an election time
	LastIO   time.Duration // replica: since then
	Syncing  bool          // replica: receiving a snapshot
	Replicas []ReplicaStatus
	ReplID   string // 40 hex digits
}

// ReplicaStatus is one data replica as its master sees it.
type ReplicaStatus struct {
	Node   slotmap.NodeID
	Offset uint64
	Lag    time.Duration // since its last answer
	Online bool
}

// VerifyResult is one member's digest of one group's state, for CLUSTER VERIFY.
type VerifyResult struct {
	Group  slotmap.GroupID
	Node   slotmap.NodeID
	Index  uint64 // the entry at which the digest was taken
	Digest uint64
	Err    string // why there is none
}

// LinkInfo is one connection of the cluster bus, for CLUSTER LINKS.
type LinkInfo struct {
	Outgoing        bool
	Node            slotmap.NodeID
	Created         time.Time
	SendBufferBytes int
}

// PersistenceStatus is what INFO persistence and LASTSAVE print.
type PersistenceStatus struct {
	Saving        bool
	LastSave      time.Time
	LastSaveOK    bool
	LastSaveTook  time.Duration
	ChangesSince  uint64 // changes of keys since the last snapshot
	LogBytes      int64
	LogSyncFailed bool
}
