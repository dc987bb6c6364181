package replica

import (
	"context"

	"github.com/redoubtdb/redoubt/persistence"
)

// Replica is one running member of one group.
type Replica struct{}

// Bootstrap writes the first configuration into an empty store.
func Bootstrap(store *persistence.GroupStore, c Configuration) error { panic("not yet") }

// Start opens the member and lets it take part.
func Start(d Deps, o Options) (*Replica, error) { panic("not yet") }

// Shutdown stops the member.
func (r *Replica) Shutdown() error { panic("not yet") }

// Failed delivers the error that ended this member, once.
func (r *Replica) Failed() <-chan error { panic("not yet") }

// Proposal is an entry on its way.
type Proposal struct{}

// Propose hands an entry to the group. It does not wait.
func (r *Replica) Propose(data []byte) *Proposal { panic("not yet") }

// Wait returns nil when the entry is committed and applied here.
func (p *Proposal) Wait(ctx context.Context) error { panic("not yet") }

// Index is the entry's index in the log; valid after Wait returned nil.
func (p *Proposal) Index() uint64 { panic("not yet") }

// Leadership delivers the changes of this member's leadership; one reader.
func (r *Replica) Leadership() <-chan LeaderChange { panic("not yet") }

// Leader is the leader this member knows ("" none) and this member's term.
func (r *Replica) Leader() (serverID string, term uint64) { panic("not yet") }

// IsLeader says whether this member leads.
func (r *Replica) IsLeader() bool { panic("not yet") }

// LeadingTerm is the term this member leads in, if it leads.
func (r *Replica) LeadingTerm() (term uint64, ok bool) { panic("not yet") }

// Term is this member's current term.
func (r *Replica) Term() uint64 { panic("not yet") }

// State is "Follower", "Candidate", "Leader" or "Shutdown".
func (r *Replica) State() string { panic("not yet") }

// LeaseValid says whether the state as it is now may be read as the leader's.
func (r *Replica) LeaseValid() bool { panic("not yet") }

// Confirm returns nil when this member was still the leader after the call began.
func (r *Replica) Confirm(ctx context.Context) error { panic("not yet") }

// Configuration is the latest configuration in this member's log.
func (r *Replica) Configuration() Configuration { panic("not yet") }

// AddLearner adds a member that does not vote.
func (r *Replica) AddLearner(id string) error { panic("not yet") }

// Promote gives a caught-up learner its vote.
func (r *Replica) Promote(id string) error { panic("not yet") }

// Demote takes a voter's vote.
func (r *Replica) Demote(id string) error { panic("not yet") }

// Remove takes a member out of the group.
func (r *Replica) Remove(id string) error { panic("not yet") }

// Transfer hands leadership to a caught-up voter.
func (r *Replica) Transfer(ctx context.Context, id string) error { panic("not yet") }

// Progress is what this leader knows of the others; empty on others.
func (r *Replica) Progress() []Peer { panic("not yet") }

// Matched is the highest index known to be in that member's log.
func (r *Replica) Matched(id string) uint64 { panic("not yet") }

// AppliedIndex is the index of the latest entry given to the state machine.
func (r *Replica) AppliedIndex() uint64 { panic("not yet") }

// CommitIndex is the highest index this member knows to be committed.
func (r *Replica) CommitIndex() uint64 { panic("not yet") }

// LastIndex is the last index in this member's log.
func (r *Replica) LastIndex() uint64 { panic("not yet") }

// SnapshotIndex is the index of this member's newest snapshot, 0 without one.
func (r *Replica) SnapshotIndex() uint64 { panic("not yet") }

// TakeSnapshot takes a snapshot now.
func (r *Replica) TakeSnapshot() error { panic("not yet") }
