// Package bus is the cluster bus of a node: one port over which every Raft
// group and every node-to-node call runs.
//
// Its job: to say who is speaking to whom before the first byte of a
// conversation (a preamble with protocol version, cluster id, node and
// incarnation of both ends, and channel), to refuse with a code what must not
// be spoken, to prove both ends to each other when a secret is set, and then
// either to hand the connection to the Raft group it is meant for (a Layer)
// or to answer calls on it (Handle, Call).
//
// Not its job: who the members are (Resolve and Admit decide), what the bytes
// of a group mean, retrying a call, and encrypting.
//
// Invariants:
//   - A connection reaches a layer or a handler only if both ends named the
//     same cluster, the caller named exactly this node and this incarnation,
//     and Admit agreed. The one exception is a stranger (CallAddr), who reaches
//     the methods of HandleOpen and nothing else.
//   - With a secret, nothing is answered before the caller has proved that it
//     knows it, and nothing of the answer is believed before we have checked
//     the callee's proof.
//   - ErrNotSent means that the handler certainly did not run. Any other error
//     of a call leaves that open, unless it is a *RemoteError, which is the
//     handler's own answer.
//   - Everything read from a peer is bounded before it is read.
//   - What strangers may hold, in their handshake and after it, is bounded, and
//     none of them keeps a place that somebody else needs (room).
//   - Close returns when no goroutine of the bus is left.
package bus
