// Package replica is one member of one Raft group, and the only place besides
// persistence that knows hashicorp/raft.
//
// Its job: to start and stop the member, to propose entries and say honestly
// what became of them, to tell who leads and whether this member may read as
// leader (lease, quorum), to change the configuration one step at a time, to
// hand leadership over, to decide when a snapshot is due, and to work around
// what the library leaves to its user (see DESIGN.md).
//
// Not its job: what an entry means, which configuration is desired, batching,
// and what a client is told.
//
// Invariants:
//   - ErrNotRun means that the entry is in no log and never will be. Whatever
//     is not certain is ErrUnknown.
//   - At no moment do two members of a group report LeaseValid. It rests on
//     the promise every member keeps: no vote, for itself or for another,
//     within ElectionFloor of an AppendEntries it may have answered with
//     success, or of its own restart.
//   - Index and term given to the state machine never decrease, and no entry
//     is given twice, except after a Restore.
//   - Once Failed has delivered an error the state machine is given nothing
//     more, nothing is proposed and no lease is valid.
//   - Shutdown returns: the library's goroutines are cut off from network and
//     disk rather than waited for.
package replica
