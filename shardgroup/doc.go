// Package shardgroup runs the data groups of a node: each is one Raft group that
// owns hash slots and answers the commands on their keys.
//
// A Group batches the requests of all connections into entries (group commit),
// answers them when their entry is applied, serves reads under a lease or by a
// quorum round, and, while it leads, makes Raft's configuration and the slots'
// gates follow the cluster map.
//
// It is not the job of this package to parse or route commands (resp/server), to
// decide who belongs to which group (the map: slotmap, metaraft), or to know Raft's
// library (shardgroup/replica).
//
// Invariants:
//   - A request is answered from an applied entry or not at all: what was handed to
//     Raft and not seen applied is ErrIndeterminate, what certainly was not is ErrNotRun.
//   - A read is answered only if leadership was proved after the value was read.
//   - Gates change only through the group's own log.
//
// Lock order: Group.queue.mu and Group.inflight.mu are leaves; neither is held while
// calling into the machine, the replica or a request's owner.
package shardgroup
