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
type front struct {
	spec *command.Spec

	// run is called on the connection's own goroutine, after every earlier command of the connection is
	// answered, with all gates passed: the arity is right, the client is authenticated. It writes exactly
	// one reply into w. args and what they alias are gone when it returns. It may block; c.Context() ends
	// when the client or the server goes. Inside MULTI it runs right after EXEC, its reply in its place.
	run func(s *Server, c *Conn, args [][]byte, w *resp.Writer)

	// rides says that run is short, never blocks and touches nothing: behind a write of the same pipeline
	// it may be called from the goroutine that applies the batch.
	rides bool

	// inline takes run's place for what must not wait for the writes before it: it acts while the pipeline
	// is being read, and answers through c.answer.
	inline func(c *Conn, q *call)

	// prepare takes run's place for what becomes a command of the state machine: it rewrites the call, or
	// returns the text of the error to answer.
	prepare func(c *Conn, q *call) string

	// early says that inside MULTI run is called when EXEC begins, whatever becomes of the transaction: the
	// commands behind it in the queue are prepared by what it does.
	early bool

	unqueued bool // runs inside MULTI instead of being queued
	write    bool // prepare makes a write of it: it is routed to the leader
}

// families gathers every command the frontend runs itself. scripts are the state machine's EVAL and EVAL_RO.
func families(scripts scriptSpecs) [][]front {
	return [][]front{
		connectionCommands(),
		helloCommands(),
		clientCommands(),
		transactionCommands(),
		scriptCommands(scripts),
		clusterCommands(),
		infoCommands(),
		configCommands(),
		commandCommands(),
		adminCommands(),
	}
}
