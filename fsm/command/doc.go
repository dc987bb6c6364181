// Package command holds the data commands: what each one is called, which
// arguments it takes, where its keys stand, and what it does to the key space.
//
// A command is a [Spec]. Its description and its function stand side by side in
// the file of its family (string.go, keys.go, ...); a [Table] gathers specs and
// resolves a request to one of them. The function runs in a [Ctx], which is its
// only view of the world.
//
// Not its job: routing, authorisation, transactions, connections, replication.
// A Spec whose Run is nil is run by the frontend and stands in the table only to
// be described and checked.
//
// Invariants every handler keeps:
//
//   - It is deterministic: time is Ctx.Now, randomness is Ctx.Rand, nothing
//     iterates over a Go map.
//   - It parses all its arguments first and touches state after that, so an error
//     reply means that nothing changed.
//   - It marks a key as changed (Put, Del, Touched, SetExpireAt, Persist) exactly
//     when the key did change, because WATCH compares revisions.
//   - It never leaves an empty container behind.
//   - Arguments alias the request's memory; what is stored is a copy.
package command
