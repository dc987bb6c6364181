// Package server is the frontend: it takes client connections, parses their commands, passes each through an
// ordered list of gates and hands it to this node's data group or runs it itself.
//
// Not its job: Raft, the state machine, and changing the cluster. It declares the small interfaces it needs
// (interfaces.go) and the composition root implements them.
//
// Invariants:
//   - Replies leave in the order of the commands of a connection, one reply a command.
//   - A write is answered by what the group's log says of it: done, certainly not run (then a redirection or
//     TRYAGAIN or CLUSTERDOWN), or INDETERMINATE. A word that makes clients retry never stands for a write that may have run.
//   - A request with unknown outcome keeps its memory: the connection goes on with fresh buffers.
//   - Every goroutine belongs to the Server and is gone when Close returns.
package server

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp/server/config"
)

// Deps are what a Server is made of. All are required.
type Deps struct {
	Config   *config.Live
	Topology Topology
	Shard    Shard
	Admin    Admin
	Inspect  Inspector
	Specs    []*command.Spec           // the commands the state machine runs (families command and lua)
	Compile  func(script []byte) error // checks a script for SCRIPT LOAD; its error text is what the client sees
	Log      *slog.Logger
}

// Server is the frontend of one node.
type Server struct {
	cfg      *config.Live
	topology Topology
	shard    Shard
	admin    Admin
	inspect  Inspector
	table    *command.Table
	fronts   map[*command.Spec]*front
	compile  func(script []byte) error
	log      *slog.Logger
	stats    *Stats
	started  time.Time

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
}
