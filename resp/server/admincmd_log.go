package server

import (
	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
)

const (
	errSlowlogCount   = "ERR count should be greater than or equal to -1"
	errNoSamplesF     = "ERR No samples available for event '%s'"
	errModuleDisabled = "ERR MODULE command not allowed. If the enable-module-command option is set to \"local\", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server."
	latencyAdvice     = "Latency monitoring is not available in this server: look at its metrics instead.\n"
)

// The slow log, the latency monitor and modules are not there: their commands answer as a server does that has nothing
// to report, so that tools which ask go on.

func emptyArray(_ *Server, _ *Conn, _ [][]byte, w *resp.Writer) { w.Array(0) }
func emptyMap(_ *Server, _ *Conn, _ [][]byte, w *resp.Writer)   { w.Map(0) }
func zero(_ *Server, _ *Conn, _ [][]byte, w *resp.Writer)       { w.Int(0) }

func slowlogCommands() []front {
	container := &command.Spec{
		Name: "slowlog", Arity: -2, Since: "2.2.12", Group: "server",
		Summary: "A container for slow log commands", Complexity: "Depends on subcommand.",
	}
	const flags = command.Admin | command.Loading | command.Stale
	return family(container,
		front{run: slowlogGet, spec: &command.Spec{
			Name: "get", Arity: -2, Flags: flags, Since: "2.2.12", Tips: []string{"request_policy:all_nodes", "nondeterministic_output"},
			Summary: "Get the slow log's entries", Complexity: "O(N) where N is the number of entries returned",
		}},
		front{run: zero, rides: true, spec: &command.Spec{
			Name: "len", Arity: 2, Flags: flags, Since: "2.2.12",
			Tips:    []string{"request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"},
			Summary: "Get the slow log's length", Complexity: "O(1)",
		}},
		front{run: func(_ *Server, _ *Conn, _ [][]byte, w *resp.Writer) { w.OK() }, rides: true, spec: &command.Spec{
			Name: "reset", Arity: 2, Flags: flags, Since: "2.2.12", Tips: []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
			Summary: "Clear all entries from the slow log", Complexity: "O(N) where N is the number of entries in the slowlog",
		}},
		helpFront("slowlog", "6.2.0", "Show helpful text about the different subcommands",
			"GET [<count>]", " Show the newest entries of the slow log: none, this server keeps none.",
			"LEN", " Return the number of entries.",
			"RESET", " Forget all entries.",
		),
	)
}

func slowlogGet(_ *Server, _ *Conn, args [][]byte, w *resp.Writer) {
	if len(args) > 3 {
		subSyntax(w, "SLOWLOG", args)
		return
	}
	if len(args) == 3 {
		if n, ok := command.ParseInt(args[2]); !ok || n < -1 {
			w.Error(errSlowlogCount)
			return
		}
	}
	w.Array(0)
}

func latencyCommands() []front {
	container := &command.Spec{
		Name: "latency", Arity: -2, Since: "2.8.13", Group: "server",
		Summary: "A container for latency diagnostics commands", Complexity: "Depends on subcommand.",
	}
	tips := []string{"nondeterministic_output", "request_policy:all_nodes", "response_policy:special"}
	sub := func(name string, arity int, since, summary string, run func(*Server, *Conn, [][]byte, *resp.Writer)) front {
		return front{run: run, spec: &command.Spec{Name: name, Arity: arity, Flags: flagsServer, Since: since, Tips: tips, Summary: summary, Complexity: "O(1)"}}
	}
	histogram := sub("histogram", -2, "7.0.0", "Return the cumulative distribution of latencies of a subset of commands or all.", emptyMap)
	histogram.spec.Complexity = "O(N) where N is the number of commands with latency information being retrieved."
	reset := sub("reset", -2, "2.8.13", "Reset latency data for one or more events.", zero)
	reset.spec.Tips = []string{"request_policy:all_nodes", "response_policy:all_succeeded"}
	return family(container,
		sub("doctor", 2, "2.8.13", "Return a human readable latency analysis report.",
			func(_ *Server, _ *Conn, _ [][]byte, w *resp.Writer) { w.Verbatim("txt", latencyAdvice) }),
		sub("graph", 3, "2.8.13", "Return a latency graph for the event.",
			func(_ *Server, _ *Conn, args [][]byte, w *resp.Writer) { w.Errorf(errNoSamplesF, args[2]) }),
		histogram,
		sub("history", 3, "2.8.13", "Return timestamp-latency samples for the event.", emptyArray),
		sub("latest", 2, "2.8.13", "Return the latest latency samples for all events.", emptyArray),
		reset,
		helpFront("latency", "2.8.13", "Show helpful text about the different subcommands.",
			"DOCTOR", " Say what can be told about latency.",
			"GRAPH <event>", " Draw an event's samples.",
			"HISTORY <event>", " Show an event's samples.",
			"LATEST", " Show the newest sample of each event.",
			"RESET [<event> ...]", " Forget the samples of events, of all if none is named.",
			"HISTOGRAM [<command> ...]", " Show how long commands took.",
		),
	)
}

func moduleCommands() []front {
	container := &command.Spec{
		Name: "module", Arity: -2, Since: "4.0.0", Group: "server",
		Summary: "A container for module commands", Complexity: "Depends on subcommand.",
	}
	refuse := func(_ *Server, _ *Conn, _ [][]byte, w *resp.Writer) { w.Error(errModuleDisabled) }
	const flags = command.Admin | command.NoScript
	return family(container,
		front{run: emptyArray, rides: true, spec: &command.Spec{
			Name: "list", Arity: 2, Flags: flags, Since: "4.0.0", Tips: []string{"nondeterministic_output_order"},
			Summary: "List all modules loaded by the server", Complexity: "O(N) where N is the number of loaded modules.",
		}},
		front{run: refuse, spec: &command.Spec{Name: "load", Arity: -3, Flags: flags | command.NoAsyncLoading, Since: "4.0.0", Summary: "Load a module", Complexity: "O(1)"}},
		front{run: refuse, spec: &command.Spec{
			Name: "loadex", Arity: -3, Flags: flags | command.NoAsyncLoading, Since: "7.0.0",
			Summary: "Load a module with extended parameters", Complexity: "O(1)",
		}},
		front{run: refuse, spec: &command.Spec{Name: "unload", Arity: 3, Flags: flags | command.NoAsyncLoading, Since: "4.0.0", Summary: "Unload a module", Complexity: "O(1)"}},
		helpFront("module", "5.0.0", "Show helpful text about the different subcommands",
			"LIST", " List the modules: none, this server has no module interface.",
			"LOAD <path> [<arg> ...]", " Refused.",
			"LOADEX <path> [CONFIG <name> <value> ...] [ARGS <arg> ...]", " Refused.",
			"UNLOAD <name>", " Refused.",
		),
	)
}
