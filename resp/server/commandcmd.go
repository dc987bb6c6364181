package server

import (
	"strings"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/resp/server/config"
)

const (
	errInvalidCommand = "ERR Invalid command specified"
	errNoKeyArguments = "ERR The command has no key arguments"
	errArgumentCount  = "ERR Invalid number of arguments specified for command"
)

// commandCommands is COMMAND. Alone it lists all commands, so the container itself runs too.
func commandCommands() []front {
	const perCommand = "O(N) where N is the number of commands to look up"
	unordered := []string{"nondeterministic_output_order"}
	container := &command.Spec{
		Name: "command", Arity: -1, Flags: flagsHelp, Since: "2.8.13", Group: "server", ACL: []string{"connection"}, Tips: unordered,
		Summary: "Get array of Redis command details", Complexity: "O(N) where N is the total number of Redis commands",
	}
	out := family(container,
		front{run: commandCount, spec: &command.Spec{
			Name: "count", Arity: 2, Flags: flagsHelp, Since: "2.8.13",
			Summary: "Get total number of Redis commands", Complexity: "O(1)",
		}},
		front{run: commandDocs, spec: &command.Spec{
			Name: "docs", Arity: -2, Flags: flagsHelp, Since: "7.0.0", Tips: unordered,
			Summary: "Get array of specific Redis command documentation", Complexity: perCommand,
		}},
		front{run: commandInfo, spec: &command.Spec{
			Name: "info", Arity: -2, Flags: flagsHelp, Since: "2.8.13", Tips: unordered,
			Summary: "Get array of specific Redis command details, or all when no argument is given.", Complexity: perCommand,
		}},
		front{run: commandList, spec: &command.Spec{
			Name: "list", Arity: -2, Flags: flagsHelp, Since: "7.0.0", Tips: unordered,
			Summary: "Get an array of Redis command names", Complexity: "O(N) where N is the total number of Redis commands",
		}},
		front{run: commandGetKeys, spec: &command.Spec{
			Name: "getkeys", Arity: -4, Flags: flagsHelp, Since: "2.8.13",
			Summary: "Extract keys given a full Redis command", Complexity: "O(N) where N is the number of arguments to the command",
		}},
		front{run: commandGetKeysAndFlags, spec: &command.Spec{
			Name: "getkeysandflags", Arity: -4, Flags: flagsHelp, Since: "7.0.0",
			Summary: "Extract keys and access flags given a full Redis command", Complexity: "O(N) where N is the number of arguments to the command",
		}},
		helpFront("command", "5.0.0", "Show helpful text about the different subcommands",
			"(no subcommand)", " Describe all commands.",
			"COUNT", " Return the number of commands.",
			"LIST [FILTERBY (MODULE <module-name>|ACLCAT <category>|PATTERN <pattern>)]", " List the names of commands.",
			"INFO [<command-name> ...]", " Describe commands, all if none is named.",
			"DOCS [<command-name> ...]", " Show the documentation of commands, all if none is named.",
			"GETKEYS <command> [<arg> ...]", " Return the keys of a whole command.",
			"GETKEYSANDFLAGS <command> [<arg> ...]", " Return the keys of a whole command, and what it does with each.",
		),
	)
	out[0].run = commandInfo
	return out
}

// findCommand looks a name up, that of a subcommand written "container|sub".
func (s *Server) findCommand(name []byte) *command.Spec {
	container, sub, isSub := strings.Cut(string(name), "|")
	spec := s.table.Lookup([]byte(container))
	if spec != nil && isSub {
		return s.table.LookupSub(spec, []byte(sub))
	}
	return spec
}

func commandCount(s *Server, _ *Conn, _ [][]byte, w *resp.Writer) {
	w.Int(int64(len(s.table.All())))
}

// commandFilter says which names COMMAND LIST lists.
type commandFilter func(spec *command.Spec) bool

func commandList(s *Server, _ *Conn, args [][]byte, w *resp.Writer) {
	keep, ok := parseCommandFilter(args[2:])
	if !ok {
		w.Error(resp.ErrSyntax)
		return
	}
	at, n := w.Len(), 0
	var list func(specs []*command.Spec)
	list = func(specs []*command.Spec) {
		for _, spec := range specs {
			if keep(spec) {
				w.BulkString(spec.Name)
				n++
			}
			list(spec.Subs)
		}
	}
	list(s.table.All())
	w.InsertArray(at, n)
}

func parseCommandFilter(args [][]byte) (commandFilter, bool) {
	if len(args) == 0 {
		return func(*command.Spec) bool { return true }, true
	}
	if len(args) != 3 || !command.EqualFold(args[0], "FILTERBY") {
		return nil, false
	}
	value := string(args[2])
	switch by := args[1]; {
	case command.EqualFold(by, "MODULE"):
		return func(*command.Spec) bool { return false }, true
	case command.EqualFold(by, "ACLCAT"):
		return func(spec *command.Spec) bool { return inCategory(spec, value) }, true
	case command.EqualFold(by, "PATTERN"):
		return func(spec *command.Spec) bool { return config.Match(value, spec.Name, true) }, true
	}
	return nil, false
}

// inCategory tells whether a command belongs to an ACL category.
func inCategory(spec *command.Spec, category string) bool {
	for _, c := range spec.ACL {
		if strings.EqualFold(c, category) {
			return true
		}
	}
	return false
}
