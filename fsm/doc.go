// Package fsm is the state machine of a data group: what a committed entry does to the keys, the gates
// of the slots, and time.
//
// It is not its job to reach consensus, to know other nodes, to store anything, to listen to clients,
// or to look at a clock. Entries come in by Apply, reads by View; snapshots go out by Freeze and come
// back by Load.
//
// Invariants:
//
//   - Apply depends on the entries before and on the entry's bytes, and on nothing else: no clock, no
//     random source, no map iteration, no configuration, no goroutine. A test of this package's syntax
//     tree keeps it so for everything below this directory.
//   - Time is the entries' and never runs backwards. Keys expire only by it.
//   - What cannot be decoded is an error, after which the machine must not be used: it never guesses.
//   - A machine that was loaded from a snapshot cannot be told from the one that wrote it.
//   - A slot's gate decides who may run a command, at the moment it runs.
//
// Locks, in this order:
//
//	Machine.applying   held by the applier for an entry and by Freeze; shared by views of all slots
//	keyspace.Slot      held by the applier while a command changes the slot; shared by views of it
//
// A view holds the lock of one slot, or applying, never both; so the applier may take further slots
// while it holds some.
package fsm
