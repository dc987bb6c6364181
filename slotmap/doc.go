// Package slotmap says which group serves which slot, and how that may change.
//
// Its job: the hash slot of a key, the Map (nodes, groups, slot owners, hand-overs under way) as an
// immutable value, the Change values that lead from one Map to the next, the codec of both, and the
// errors a change can meet. Map.Apply is a pure function; every node of a cluster runs it over the
// same changes in the same order and so holds the same map.
//
// Not its job: agreeing on changes (metaraft), fencing (each group's own log), or speaking to clients.
//
// Invariants, checked by Map.Check and kept by every Apply:
//   - each owned slot's owner exists, and a group exists only as long as it has members;
//   - a group's members are existing nodes that name that group; a witness is a node of another group;
//   - Version, Epoch and Fence never decrease; no two groups have the same nonzero config epoch;
//   - the owner of a slot changes only from nobody (AssignSlots, AddNode), by a finished hand-over, or
//     to nobody;
//   - a change that is applied again has no further effect and is no error.
//
// # Three counters
//
// Version counts changes. Epoch is Redis' currentEpoch, and Group.Epoch its configEpoch: they grow by
// one at each leader change and each slot assignment, except that a map with a single node assigns
// slots without touching them: redis-cli --cluster create adds slots to lone nodes first and
// sets their config epochs afterwards, which Redis allows only while the config epoch is zero. Fence is
// ours: it grows with every step of a slot's ownership, and the gates in the groups' logs are ordered by it.
package slotmap
