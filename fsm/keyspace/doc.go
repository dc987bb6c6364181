// Package keyspace holds the keys and values of one data group: typed values, one dense
// dictionary a slot, the expiry index and the constant-time freeze a snapshot is written from.
//
// It is not its job to know commands, time, ownership of slots, the log, or locking: the caller
// passes the present in, decides what has expired, and holds the slot's lock (all slots' locks for
// methods of DB that touch several slots).
//
// Invariants:
//
//   - Everything observable is a function of the sequence of calls: the order of keys and elements,
//     revisions, scan cursors and expiry order are equal on every member that makes the same calls.
//     Hash indexes are seeded at random and therefore never iterated.
//   - A dictionary is a dense array with an index over it. Deleting moves the last entry into the
//     hole, so that positions only ever shrink; scans walk downwards and miss nothing that stays.
//   - What a Frozen sees never changes: a page of the array is copied before its first change after
//     the freeze, a value before its first edit.
//   - A string and its key stand in one block of memory without pointers, which never changes (see String).
//   - Bytes handed out (keys, fields, members, elements) are immutable for ever; the bytes of a
//     String only until its next edit.
package keyspace
