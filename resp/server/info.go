package server

import (
	"fmt"
	"strings"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
)

// infoCommands is INFO.
func infoCommands() []front {
	return single(front{run: info, spec: &command.Spec{
		Name: "info", Arity: -1, Flags: command.Loading | command.Stale, Since: "1.0.0", Group: "server", ACL: []string{"dangerous"},
		Summary: "Get information and statistics about the server", Complexity: "O(1)",
		Tips: []string{"nondeterministic_output", "request_policy:all_shards", "response_policy:special"},
	}})
}

// infoSection is one part of INFO.
type infoSection struct {
	name  string // as the client asks for it
	title string
	extra bool // only for "all" and "everything", or by name
	write func(s *Server, b *infoText)
}

// infoSections returns all sections in the order in which INFO prints them. Raft is ours.
func infoSections() []infoSection {
	return []infoSection{
		{name: "server", title: "Server", write: infoServer},
		{name: "clients", title: "Clients", write: infoClients},
		{name: "memory", title: "Memory", write: infoMemory},
		{name: "persistence", title: "Persistence", write: infoPersistence},
		{name: "stats", title: "Stats", write: infoStats},
		{name: "replication", title: "Replication", write: infoReplication},
		{name: "cpu", title: "CPU", write: infoCPU},
		{name: "modules", title: "Modules", write: func(*Server, *infoText) {}},
		{name: "commandstats", title: "Commandstats", extra: true, write: infoCommandStats},
		{name: "errorstats", title: "Errorstats", write: infoErrorStats},
		{name: "latencystats", title: "Latencystats", extra: true, write: func(*Server, *infoText) {}},
		{name: "cluster", title: "Cluster", write: func(_ *Server, b *infoText) { b.put("cluster_enabled", 1) }},
		{name: "keyspace", title: "Keyspace", write: infoKeyspace},
		{name: "raft", title: "Raft", write: infoRaft},
	}
}

// infoText collects "name:value" lines.
type infoText struct{ strings.Builder }

func (b *infoText) put(name string, value any) { fmt.Fprintf(b, "%s:%v\r\n", name, value) }

// flag puts a yes or no as 1 or 0.
func (b *infoText) flag(name string, yes bool) {
	value := 0
	if yes {
		value = 1
	}
	b.put(name, value)
}

func info(s *Server, _ *Conn, args [][]byte, w *resp.Writer) {
	var b infoText
	for _, section := range chooseSections(args[1:]) {
		if b.Len() > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString("# " + section.title + "\r\n")
		section.write(s, &b)
	}
	w.Verbatim("txt", b.String())
}

// chooseSections returns the sections that the arguments name, in INFO's own order: the usual ones without arguments.
func chooseSections(args [][]byte) []infoSection {
	usual, extra := len(args) == 0, false
	named := map[string]bool{}
	for _, arg := range args {
		switch name := strings.ToLower(string(arg)); name {
		case "default":
			usual = true
		case "all", "everything":
			usual, extra = true, true
		default:
			named[name] = true
		}
	}
	var out []infoSection
	for _, section := range infoSections() {
		if named[section.name] || usual && (extra || !section.extra) {
			out = append(out, section)
		}
	}
	return out
}
