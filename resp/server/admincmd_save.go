package server

import (
	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
)

// saveCommands are those about snapshots and the end of the process.
func saveCommands() []front {
	const (
		all    = "O(N) where N is the total number of keys in all databases"
		flags  = command.Admin | command.NoScript | command.NoAsyncLoading
		ending = "O(N) when saving, where N is the total number of keys in all databases when saving data, otherwise O(1)"
	)
	return []front{
		{run: save, spec: &command.Spec{
			Name: "save", Arity: 1, Flags: flags | command.NoMulti, Since: "1.0.0", Group: "server",
			Summary: "Synchronously save the dataset to disk", Complexity: all,
		}},
		{run: backgroundSave, spec: &command.Spec{
			Name: "bgsave", Arity: -1, Flags: flags, Since: "1.0.0", Group: "server",
			Summary: "Asynchronously save the dataset to disk", Complexity: "O(1)",
		}},
		{run: backgroundRewrite, spec: &command.Spec{
			Name: "bgrewriteaof", Arity: 1, Flags: flags, Since: "1.0.0", Group: "server",
			Summary: "Asynchronously rewrite the append-only file", Complexity: "O(1)",
		}},
		{run: lastSave, spec: &command.Spec{
			Name: "lastsave", Arity: 1, Flags: command.Loading | command.Stale | command.Fast, Since: "1.0.0", Group: "server",
			ACL: []string{"admin", "dangerous"}, Tips: []string{"nondeterministic_output"},
			Summary: "Get the UNIX time stamp of the last successful save to disk", Complexity: "O(1)",
		}},
		{run: shutdown, spec: &command.Spec{
			Name: "shutdown", Arity: -1, Flags: flagsServer | command.NoMulti | command.AllowBusy, Since: "1.0.0", Group: "server",
			Summary: "Synchronously save the dataset to disk and then shut down the server", Complexity: ending,
		}},
	}
}

// save compacts the group's log into a snapshot. Nothing that was acknowledged depends on it.
func save(s *Server, c *Conn, _ [][]byte, w *resp.Writer) {
	answerAdmin(w, s.admin.Save(c.Context()))
}

func backgroundSave(s *Server, c *Conn, args [][]byte, w *resp.Writer) {
	if len(args) > 2 || len(args) == 2 && !command.EqualFold(args[1], "SCHEDULE") {
		w.Error(resp.ErrSyntax)
		return
	}
	beginSave(s, c, w, "Background saving started")
}

// backgroundRewrite is BGREWRITEAOF: the log that takes the append only file's place becomes short by a snapshot.
func backgroundRewrite(s *Server, c *Conn, _ [][]byte, w *resp.Writer) {
	beginSave(s, c, w, "Background append only file rewriting started")
}

func beginSave(s *Server, c *Conn, w *resp.Writer, started string) {
	if err := s.admin.BackgroundSave(c.Context()); err != nil {
		w.Error(adminErrorText(err))
		return
	}
	w.SimpleString(started)
}

func lastSave(s *Server, _ *Conn, _ [][]byte, w *resp.Writer) { w.Int(s.lastSave().Unix()) }

// shutdown has no reply when it works: the connection closes with the process. ABORT is answered.
func shutdown(s *Server, c *Conn, args [][]byte, w *resp.Writer) {
	o, ok := parseShutdown(args[1:])
	if !ok {
		w.Error(resp.ErrSyntax)
		return
	}
	err := s.admin.Shutdown(c.Context(), o)
	switch {
	case err != nil:
		w.Error(adminErrorText(err))
	case o.Abort:
		w.OK()
	default:
		c.closing = true
	}
}

// parseShutdown reads the modifiers of SHUTDOWN: SAVE and NOSAVE exclude each other, ABORT excludes all.
func parseShutdown(args [][]byte) (o ShutdownOptions, ok bool) {
	for _, arg := range args {
		switch {
		case command.EqualFold(arg, "NOSAVE"):
			o.NoSave = true
		case command.EqualFold(arg, "SAVE"):
			o.Save = true
		case command.EqualFold(arg, "NOW"):
			o.Now = true
		case command.EqualFold(arg, "FORCE"):
			o.Force = true
		case command.EqualFold(arg, "ABORT"):
			o.Abort = true
		default:
			return o, false
		}
	}
	return o, !(o.Save && o.NoSave) && !(o.Abort && o != ShutdownOptions{Abort: true})
}
