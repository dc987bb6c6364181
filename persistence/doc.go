// Package persistence is bytes on disk: the data directory of a node, and in it
// the Raft log, the stable store and the snapshots of each group.
//
// It knows nothing of what the bytes mean: the state machine checks a snapshot
// through GroupOptions.CheckSnapshot, and entries are opaque. It starts no
// elections and keeps no membership; that is the replica's.
//
// Invariants:
//   - What a method that stores has returned from without error survives a
//     crash of the process, and, unless NoSync, of the machine.
//   - A write that finds the disk full waits for space; it is no failure.
//   - After a write has failed nothing is written any more through that
//     GroupStore: a disk that lost a write must not be trusted with the next.
//   - A log's torn tail after a crash is cut. Any other damage makes OpenGroup
//     refuse with ErrCorrupt, which names the file and says what to do. Nothing
//     is skipped.
//   - A snapshot is listed only when it is complete, was checked by
//     CheckSnapshot, and its files and their directory were synced.
//   - What OpenGroup returns is whole: the log begins at or before the entry
//     after the newest snapshot, and does not end before the snapshot unless it
//     is empty.
//
// Dir keeps it all in real files; Memory is its twin for tests in virtual time.
package persistence
