package server

import (
	"slices"
	"strings"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
)

const (
	errScriptFlush = "ERR SCRIPT FLUSH only support SYNC|ASYNC option"
	errScriptDebug = "ERR Use SCRIPT DEBUG YES/SYNC/NO"
	errNoDebugger  = "ERR the script debugger is not supported"
)

// scriptCommands are SCRIPT and the four forms of EVAL. Those become the state machine's EVAL and EVAL_RO,
// with the body from the cache where only its name was given; the log never depends on a node's cache.
func scriptCommands(own scriptSpecs) []front {
	eval := func(spec *command.Spec, name string) *command.Spec {
		s := *spec
		s.Name, s.Run = name, nil
		s.Flags &^= command.MayReplicate | command.Write // as COMMAND INFO shows it
		if strings.HasPrefix(name, "evalsha") {
			s.KeySpecs = slices.Clone(s.KeySpecs)
			for i := range s.KeySpecs {
				s.KeySpecs[i].Notes = "" // Redis has a note on EVAL's keys only
			}
		}
		return &s
	}
	return append(scriptSubcommands(),
		front{spec: eval(own.eval, "eval"), prepare: prepareEval(own), write: true},
		front{spec: eval(own.eval, "evalsha"), prepare: prepareEvalSHA(own), write: true},
		front{spec: eval(own.evalRO, "eval_ro"), prepare: prepareEval(scriptSpecs{own.evalRO, own.evalRO})},
		front{spec: eval(own.evalRO, "evalsha_ro"), prepare: prepareEvalSHA(scriptSpecs{own.evalRO, own.evalRO})},
	)
}

// become turns a call into the state machine's script command. A replica can run it only as one that reads.
func (q *call) become(own scriptSpecs) {
	q.spec = own.eval
	if q.replica {
		q.spec = own.evalRO
	}
	q.front = nil
}

// prepareEval remembers the script for EVALSHA, unless its number of keys is wrong. One that does not compile is
// let through: its error is the state machine's to answer.
func prepareEval(own scriptSpecs) func(*Conn, *call) string {
	return func(c *Conn, q *call) string {
		if n, ok := command.ParseInt(q.args[2]); ok && 0 <= n && n <= int64(len(q.args)-3) {
			_, _ = c.srv.scripts.add(q.args[1])
		}
		q.become(own)
		return ""
	}
}

func prepareEvalSHA(own scriptSpecs) func(*Conn, *call) string {
	return func(c *Conn, q *call) string {
		body := c.srv.scripts.find(q.args[1])
		if body == nil {
			return resp.ErrNoScript
		}
		q.become(own)
		args := make([][]byte, len(q.args))
		copy(args, q.args)
		args[0], args[1] = []byte(q.spec.Name), body
		q.args = args
		return ""
	}
}

func scriptSubcommands() []front {
	sub := func(name string, arity int, flags command.Flag, since, summary, complexity string, tips ...string) *command.Spec {
		return &command.Spec{Name: "script|" + name, Container: "script", Arity: arity, Flags: flags, Group: "scripting", Since: since,
			ACL: []string{"slow", "scripting"}, Summary: summary, Complexity: complexity, Tips: tips}
	}
	subs := []front{
		{spec: sub("load", 3, command.NoScript|command.Stale, "2.6.0", "Puts a script into the cache", "O(N) with N being the length in bytes of the script body.", "request_policy:all_nodes", "response_policy:all_succeeded"), run: scriptLoad, early: true},
		{spec: sub("debug", 3, command.NoScript, "3.2.0", "Controls the script debugger", "O(1)"), run: scriptDebug},
		{spec: sub("exists", -3, command.NoScript, "2.6.0", "Tells which scripts are in the cache", "O(N) with N being the number of scripts to check", "request_policy:all_shards", "response_policy:agg_logical_and"), run: scriptExists, early: true},
		{spec: sub("flush", -2, command.NoScript, "2.6.0", "Empties the cache", "O(N) with N being the number of scripts in cache", "request_policy:all_nodes", "response_policy:all_succeeded"), run: scriptFlush, early: true},
		{spec: sub("help", 2, command.Loading|command.Stale, "5.0.0", "Lists the subcommands", "O(1)"), run: scriptHelp},
		{spec: sub("kill", 2, command.NoScript|command.AllowBusy, "2.6.0", "Stops the script that is running", "O(1)", "request_policy:all_shards", "response_policy:one_succeeded"), run: scriptKill},
	}
	container := &command.Spec{Name: "script", Arity: -2, Group: "scripting", Since: "2.6.0", ACL: []string{"slow"},
		Summary: "Commands about scripts", Complexity: "Depends on subcommand."}
	for i := range subs {
		container.Subs = append(container.Subs, subs[i].spec)
	}
	return append([]front{{spec: container}}, subs...)
}

func scriptLoad(s *Server, _ *Conn, args [][]byte, w *resp.Writer) {
	sha, err := s.scripts.add(args[2])
	if err != nil {
		w.Error(err.Error())
		return
	}
	w.BulkString(sha)
}

func scriptExists(s *Server, _ *Conn, args [][]byte, w *resp.Writer) {
	w.Array(len(args) - 2)
	for _, sha := range args[2:] {
		if s.scripts.find(sha) != nil {
			w.Int(1)
		} else {
			w.Int(0)
		}
	}
}

func scriptFlush(s *Server, _ *Conn, args [][]byte, w *resp.Writer) {
	if len(args) > 3 || len(args) == 3 && !command.EqualFold(args[2], "SYNC") && !command.EqualFold(args[2], "ASYNC") {
		w.Error(errScriptFlush)
		return
	}
	s.scripts.flush()
	w.OK()
}

// scriptKill finds nothing to stop: a script's budget of instructions bounds it.
func scriptKill(_ *Server, _ *Conn, _ [][]byte, w *resp.Writer) { w.Error(resp.ErrNotBusy) }

func scriptDebug(_ *Server, _ *Conn, args [][]byte, w *resp.Writer) {
	switch {
	case command.EqualFold(args[2], "NO"):
		w.OK()
	case command.EqualFold(args[2], "YES"), command.EqualFold(args[2], "SYNC"):
		w.Error(errNoDebugger)
	default:
		w.Error(errScriptDebug)
	}
}

func scriptHelp(_ *Server, _ *Conn, _ [][]byte, w *resp.Writer) {
	help(w, "SCRIPT",
		"DEBUG (YES|SYNC|NO)", "    The script debugger is not supported.",
		"EXISTS <sha1> [<sha1> ...]", "    Which of the scripts are in the cache.",
		"FLUSH [ASYNC|SYNC]", "    Empty the cache of this node.",
		"KILL", "    Stop the script that is running.",
		"LOAD <script>", "    Put a script into the cache of this node.",
	)
}
