package server

import (
	"errors"
	"slices"
	"strings"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/slotmap"
)

// Flags that administrative commands have in common.
const (
	flagsAdmin  = command.Admin | command.Stale
	flagsChange = flagsAdmin | command.NoAsyncLoading
	flagsServer = command.Admin | command.NoScript | command.Loading | command.Stale
	flagsHelp   = command.Loading | command.Stale
)

// family makes the fronts of a container and its subcommands. A subcommand's spec is given with its bare name; group and
// ACL categories are filled in where they are missing.
func family(container *command.Spec, subs ...front) []front {
	container.ACL = categories(container)
	for i := range subs {
		sub := subs[i].spec
		sub.Container = container.Name
		sub.Name = container.Name + "|" + sub.Name
		if sub.Group == "" {
			sub.Group = container.Group
		}
		sub.ACL = categories(sub, container.ACL...)
		container.Subs = append(container.Subs, sub)
	}
	return append([]front{{spec: container}}, subs...)
}

// single fills in the ACL categories of commands that are no containers.
func single(fronts ...front) []front {
	for i := range fronts {
		fronts[i].spec.ACL = categories(fronts[i].spec)
	}
	return fronts
}

// categories returns a command's ACL categories in Redis' order: those its flags imply and those it has of its own.
// What subcommands take from their container is "connection" alone.
func categories(s *command.Spec, inherited ...string) []string {
	has := map[string]bool{"admin": s.Flags.Has(command.Admin), "dangerous": s.Flags.Has(command.Admin), "blocking": s.Flags.Has(command.Blocking)}
	has["write"], has["read"] = s.Flags.Has(command.Write), s.Flags.Has(command.ReadOnly)
	has["fast"], has["slow"] = s.Flags.Has(command.Fast), !s.Flags.Has(command.Fast)
	for _, own := range s.ACL {
		has[own] = true
	}
	has["connection"] = has["connection"] || slices.Contains(inherited, "connection")
	var out []string
	for _, name := range [...]string{"keyspace", "read", "write", "pubsub", "admin", "fast", "slow", "blocking", "dangerous", "connection"} {
		if has[name] {
			out = append(out, name)
		}
	}
	return out
}

// helpFront is a container's HELP. A line that starts with a blank explains the line before it.
func helpFront(container, since, summary string, lines ...string) front {
	return front{
		spec: &command.Spec{Name: "help", Arity: 2, Flags: flagsHelp, Since: since, Summary: summary, Complexity: "O(1)"},
		run: func(_ *Server, _ *Conn, _ [][]byte, w *resp.Writer) {
			writeHelp(w, container, lines)
		},
		rides: true,
	}
}

func writeHelp(w *resp.Writer, container string, lines []string) {
	w.Array(len(lines) + 3)
	w.SimpleString(strings.ToUpper(container) + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
	for _, line := range lines {
		if rest, ok := strings.CutPrefix(line, " "); ok {
			line = "    " + rest
		}
		w.SimpleString(line)
	}
	w.SimpleString("HELP")
	w.SimpleString("    Prints this help.")
}

// subSyntax answers a wrong number of arguments that the arity does not catch.
func subSyntax(w *resp.Writer, container string, args [][]byte) {
	w.Errorf(resp.ErrSyntaxHelpF, string(args[1]), container)
}

// answerAdmin answers the outcome of an administrative change.
func answerAdmin(w *resp.Writer, err error) {
	if err != nil {
		w.Error(adminErrorText(err))
		return
	}
	w.OK()
}

// answerNode is answerAdmin for a change that names a node.
func answerNode(w *resp.Writer, id slotmap.NodeID, err error) {
	if errors.Is(err, slotmap.ErrNoNode) {
		w.Errorf(errUnknownNodeF, id)
		return
	}
	answerAdmin(w, err)
}
