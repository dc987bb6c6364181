package server

import (
	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
)

// front is a command the frontend itself runs: its spec has no Run.
//
// Each family is a function `func xxxCommands() []front` that stands in the file of its family, its spec
// line beside the function that runs it; families lists them all. A container (CLIENT, CLUSTER, CONFIG)
// is a front whose spec has Subs and which has no run of its own; each subcommand is a front as well.
//
// run is called on the connection's own goroutine, after every earlier command of the connection is
// answered, with all gates passed: the arity is right, the client is authenticated. It writes exactly one
// reply into w. args and what they alias are gone when it returns. It may block; c.Context() ends when the
// client or the server goes.
type front struct {
	spec *command.Spec
	run  func(s *Server, c *Conn, args [][]byte, w *resp.Writer)
	// rides says that run is short, never blocks and changes nothing: behind a write of the same pipeline
	// it may be called from the goroutine that applies the batch.
	rides bool
}

// families gathers every command the frontend runs itself.
func families() [][]front {
	return [][]front{
		connectionCommands(),
		clientCommands(),
		transactionCommands(),
		scriptCommands(),
		clusterCommands(),
		infoCommands(),
		configCommands(),
		commandCommands(),
		adminCommands(),
	}
}
