package replica

import (
	"io"
	"log/slog"
	"net"
	"slices"
	"time"

	"github.com/redoubtdb/redoubt/persistence"
)

// StateMachine is what committed entries are applied to. All its methods are
// called from one goroutine.
type StateMachine interface {
	// Apply runs one entry. data belongs to the log and must not be changed.
	Apply(index, term uint64, data []byte)
	// Snapshot captures the state in constant time.
	Snapshot() (Snapshot, error)
	// Restore replaces the state, wholly or not at all.
	Restore(r io.Reader) error
	// ConfigurationCommitted tells the configuration committed at index.
	ConfigurationCommitted(index uint64, c Configuration)
}

// Halter is implemented by a state machine that can find itself unable to go
// on, for example at an entry it cannot decode. It is asked after every Apply;
// an error is reported by Failed, and nothing is applied after it.
type Halter interface {
	Halted() error
}

// Snapshot is a captured state, written while entries go on being applied.
type Snapshot interface {
	Write(w io.Writer) error
	Release()
}

// Server is one member of a group.
type Server struct {
	ID    string
	Voter bool
}

// Configuration is the membership of a group.
type Configuration struct {
	Servers []Server
}

// Find returns the member with that id.
func (c Configuration) Find(id string) (Server, bool) {
	i := slices.IndexFunc(c.Servers, func(s Server) bool { return s.ID == id })
	if i < 0 {
		return Server{}, false
	}
	return c.Servers[i], true
}

// Voters counts the members that vote.
func (c Configuration) Voters() int {
	n := 0
	for _, s := range c.Servers {
		if s.Voter {
			n++
		}
	}
	return n
}

// StreamLayer carries the group's connections. *bus.Layer is one.
type StreamLayer interface {
	net.Listener
	// Dial connects to a member by its server id.
	Dial(serverID string, timeout time.Duration) (net.Conn, error)
}

// Deps is what a member is made of.
type Deps struct {
	Store  *persistence.GroupStore // stays the caller's: Shutdown does not close it
	Layer  StreamLayer             // becomes the member's: Shutdown closes it
	FSM    StateMachine
	Logger *slog.Logger
	// Retain gives the first index that must stay in the log because some
	// data member still lacks it; 0 means that nothing may be truncated. The
	// entry before it stays too, for otherwise the lagging member could not be
	// sent the next. Only a witness has it.
	Retain func() uint64
}

// Options of a member. Zero values stand for the defaults below.
type Options struct {
	ID          string        // server id
	NodeTimeout time.Duration // elections take half of it, at least ElectionFloor
	Witness     bool          // a voter that would rather not lead
	// SnapshotEntries and SnapshotBytes say after how many entries or bytes
	// since the last snapshot the next is due; whichever comes first.
	SnapshotEntries, SnapshotBytes uint64
	TrailingEntries                uint64 // kept in the log behind a snapshot
	// CommitInterval is how often an idle leader tells its followers the
	// commit index (randomly up to twice as long).
	CommitInterval time.Duration
	MaxAppend      int           // entries in one AppendEntries
	DiskStall      time.Duration // a write to the log that takes longer is a stall

	exposed hazards // of tests
}

// LeaderChange says that this member began or ceased to lead.
type LeaderChange struct {
	Leader bool
	Term   uint64
}

// Peer is what a leader knows of another member.
type Peer struct {
	ID    string
	Voter bool
	// LastContact is when the latest AppendEntries was started that the peer
	// answered with success; zero if there is none in this term.
	LastContact time.Time
	// Matched is the highest index known to be in the peer's log.
	Matched uint64
}
