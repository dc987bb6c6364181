package server

import (
	"strconv"
	"time"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
)

// debugCommands is DEBUG. enable-debug-command guards it; the gates see to that.
func debugCommands() []front {
	return single(front{run: runDebug, spec: &command.Spec{
		Name: "debug", Arity: -2, Flags: flagsServer | command.Protected, Since: "1.0.0", Group: "server",
		Summary: "A container for debugging commands", Complexity: "Depends on subcommand.",
	}})
}

func runDebug(s *Server, c *Conn, args [][]byte, w *resp.Writer) {
	switch sub := args[1]; {
	case command.EqualFold(sub, "HELP") && len(args) == 2:
		writeHelp(w, "debug", []string{
			"ERROR <string>", " Answer an error with the given text.",
			"LOG <message>", " Write a message into the server's log.",
			"SLEEP <seconds>", " Let the whole node stand still, cluster bus included. Decimals are allowed.",
		})
	case command.EqualFold(sub, "SLEEP") && len(args) == 3:
		s.admin.Sleep(c.Context(), parseSleep(args[2]))
		w.OK()
	case command.EqualFold(sub, "ERROR") && len(args) == 3:
		w.Error(string(args[2]))
	case command.EqualFold(sub, "LOG") && len(args) == 3:
		s.log.Warn("DEBUG LOG", "message", string(args[2]))
		w.OK()
	default:
		subSyntax(w, "DEBUG", args)
	}
}

// parseSleep reads seconds; what is no number is none, as in Redis.
func parseSleep(arg []byte) time.Duration {
	f, err := strconv.ParseFloat(string(arg), 64)
	if err != nil || !(f > 0) {
		return 0
	}
	return time.Duration(min(f, maxSleepSeconds) * float64(time.Second))
}
