package server

import (
	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
)

const errIntRange = "ERR value is out of range, value must between -2147483648 and 2147483647"

func connectionCommands() []front {
	spec := func(name string, arity int, flags command.Flag, group, since, summary string) *command.Spec {
		return &command.Spec{Name: name, Arity: arity, Flags: flags | command.Fast, Group: group, Since: since,
			ACL: []string{"fast", "connection"}, Summary: summary, Complexity: "O(1)"}
	}
	const (
		always  = command.Loading | command.Stale
		anybody = always | command.NoScript | command.NoAuth | command.AllowBusy
	)
	pingSpec := spec("ping", -1, 0, "connection", "1.0.0", "Answers that the server is there")
	pingSpec.Tips = []string{"request_policy:all_shards", "response_policy:all_succeeded"}
	return []front{
		{spec: pingSpec, run: ping, rides: true},
		{spec: spec("echo", 2, always, "connection", "1.0.0", "Answers its argument"), run: echo, rides: true},
		{spec: spec("select", 2, always, "connection", "1.0.0", "Chooses the database; a cluster has one"), run: selectDB, rides: true},
		{spec: spec("quit", -1, anybody, "connection", "1.0.0", "Closes the connection"), run: quit, unqueued: true},
		{spec: spec("reset", 1, anybody, "connection", "6.2.0", "Makes the connection like a new one"), run: reset, unqueued: true},
		{spec: spec("readonly", 1, always, "cluster", "3.0.0", "Lets a replica serve this connection's reads"), run: readonly},
		{spec: spec("readwrite", 1, always, "cluster", "3.0.0", "Takes READONLY back"), run: readwrite},
		{spec: spec("asking", 1, 0, "cluster", "3.0.0", "Announces a command that was redirected by ASK"), run: asking},
	}
}

func ping(_ *Server, _ *Conn, args [][]byte, w *resp.Writer) {
	switch len(args) {
	case 1:
		w.SimpleString("PONG")
	case 2:
		w.Bulk(args[1])
	default:
		w.Errorf(resp.ErrWrongArityF, "ping")
	}
}

func echo(_ *Server, _ *Conn, args [][]byte, w *resp.Writer) { w.Bulk(args[1]) }

func selectDB(_ *Server, _ *Conn, args [][]byte, w *resp.Writer) {
	n, ok := command.ParseInt(args[1])
	switch {
	case !ok:
		w.Error(resp.ErrNotInteger)
	case n != int64(int32(n)):
		w.Error(errIntRange)
	case n != 0:
		w.Error(resp.ErrSelectInCluster)
	default:
		w.OK()
	}
}

func quit(_ *Server, c *Conn, _ [][]byte, w *resp.Writer) {
	c.closing = true
	w.OK()
}

// reset makes the connection like a new one, but for its id, its age and CLIENT NO-EVICT.
func reset(s *Server, c *Conn, _ [][]byte, w *resp.Writer) {
	c.endTransaction()
	c.replyOn()
	c.session = session{idleLimit: c.session.idleLimit, skipping: c.session.skipping}
	c.session.init(s.cfg.Load().Security.RequirePass == "")
	c.setProto(c.session.proto)
	c.setName("")
	c.shared.setFlag(flagReadonly, false)
	w.SimpleString("RESET")
}

func readonly(_ *Server, c *Conn, _ [][]byte, w *resp.Writer) {
	c.session.readonly = true
	c.shared.setFlag(flagReadonly, true)
	w.OK()
}

func readwrite(_ *Server, c *Conn, _ [][]byte, w *resp.Writer) {
	c.session.readonly = false
	c.shared.setFlag(flagReadonly, false)
	w.OK()
}

func asking(_ *Server, c *Conn, _ [][]byte, w *resp.Writer) {
	c.session.asking = true
	c.call.asking = false // what dispatch clears afterwards is an ASKING before this one
	w.OK()
}
