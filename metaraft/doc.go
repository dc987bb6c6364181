// Package metaraft is this node's part in the metadata group: the Raft group that owns the map of slots to groups.
//
// Its job: to keep the slotmap.Map as a replicated state machine whose entries are slotmap changes; to
// take a change on any node and carry it to the leader; to tell this node of every new map; and, on the
// leader, to control the cluster: to mark nodes failed, place witnesses, and choose the voters (Plan
// decides, the controller acts).
//
// Not its job: what a change means (slotmap), what a data group does about a new map (shardgroup),
// joining and leaving a cluster, which are sequences of changes (the node).
//
// Invariants:
//   - Member.Change returns nil only when the change is committed and applied on this node, and an
//     error other than ErrUnknownOutcome and ErrNotVisible only when it certainly has no effect.
//   - An entry or a snapshot that cannot be decoded halts the member; nothing is skipped or guessed.
//   - Maps reach OnMap and Cache in the order of their versions; a map may be skipped for a newer one.
//   - The controller changes the Raft configuration one server at a time, and never into one whose
//     voters that answer are not a majority.
package metaraft
