package replica

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/hashicorp/raft"

	"github.com/redoubtdb/redoubt/persistence"
)

// Recover rewrites the store of a stopped member so that it is the only member of its
// group: its snapshot and all of its log, committed or not, become a new snapshot whose
// configuration names this member alone. It is for a group whose majority is gone for
// good; what only the others had is lost. fsm must be empty; it is not used afterwards.
func Recover(store *persistence.GroupStore, id string, fsm StateMachine, log *slog.Logger) error {
	conf := raft.DefaultConfig()
	conf.LocalID = raft.ServerID(id)
	conf.Logger = newHclog(log)
	_, transport := raft.NewInmemTransport(raft.ServerAddress(id)) // only encodes addresses
	alone := toRaft(Configuration{Servers: []Server{{ID: id, Voter: true}}})
	err := raft.RecoverCluster(conf, recovering{fsm}, store.Log, store.Stable, store.Snapshots, transport, alone)
	if err != nil {
		return fmt.Errorf("rebuilding the group from this member: %w", err)
	}
	return nil
}

// recovering is the state machine as the library wants it for Recover.
type recovering struct{ fsm StateMachine }

var _ raft.FSM = recovering{}

func (r recovering) Apply(l *raft.Log) any {
	if h, ok := r.fsm.(Halter); ok && h.Halted() != nil {
		return errHaltedBefore
	}
	r.fsm.Apply(l.Index, l.Term, l.Data)
	return nil
}

// Snapshot comes behind all entries, and before anything is rewritten.
func (r recovering) Snapshot() (raft.FSMSnapshot, error) {
	if h, ok := r.fsm.(Halter); ok && h.Halted() != nil {
		return nil, fmt.Errorf("%w: %w", ErrHalted, h.Halted())
	}
	s, err := r.fsm.Snapshot()
	return recovered{s}, err
}

func (r recovering) Restore(rc io.ReadCloser) error {
	defer rc.Close()
	return r.fsm.Restore(rc)
}

// recovered writes the captured state.
type recovered struct{ Snapshot }

func (s recovered) Persist(sink raft.SnapshotSink) error { return s.Write(sink) }
