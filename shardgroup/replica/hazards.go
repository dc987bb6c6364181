package replica

// hazards are faults of the library that a member is exposed to, because the wrapper against
// them is taken out. Tests do that, to show that the fault is real and that the wrapper is
// what keeps it away; nothing else does.
type hazards uint16

const (
	hazardHeartbeats hazards = 1 << iota // are handled beside the main loop
	hazardNotify                         // the library waits for somebody who reads its NotifyCh
	hazardOldCommit                      // reads do not wait for an entry of the leader's own term
	hazardRestore                        // a restore that fails half-way does not halt the member
	hazardInstall                        // a snapshot that comes late is installed
	hazardGraft                          // requests that begin before the snapshot, or whose commit index lies beyond them, are passed on
	hazardRollback                       // what the group has lost stays applied
	hazardDeafened                       // answers behind one that is no success are for somebody who does not listen
	hazardReturn                         // requests that failed are left to the library's pauses
)

func (h hazards) has(one hazards) bool { return h&one != 0 }
