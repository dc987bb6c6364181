// Package node is the composition root: it makes one Redoubt process out of its parts
// (storage, bus, metadata group, data groups, frontend) and is importable, so that
// tests run whole clusters in one process.
//
// It owns what only a whole node can decide: who it is (identity.go), how it joins,
// leaves and is reborn (join.go, leave.go, rejoin.go), which groups run here
// (groups.go), and what the frontend's administrative commands do (admin*.go).
//
// Invariants:
//   - A node whose disk was lost never speaks under its old incarnation.
//   - A group's data is removed only when the committed map, and the group's own
//     configuration, no longer name this node.
//   - Start and Stop mirror each other; every goroutine is waited for.
//
// Lock order: Node.life, then topology.mu; neither is held while waiting for consensus
// except Node.life during a change of cluster, which nothing else may interleave with.
package node
