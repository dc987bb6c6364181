package server

import (
	"strings"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
)

// commandInfo is COMMAND and COMMAND INFO: the named commands, null for an unknown one, or all.
func commandInfo(s *Server, _ *Conn, args [][]byte, w *resp.Writer) {
	if len(args) <= 2 {
		all := s.table.All()
		w.Array(len(all))
		for _, spec := range all {
			writeCommand(w, spec)
		}
		return
	}
	w.Array(len(args) - 2)
	for _, name := range args[2:] {
		spec := s.findCommand(name)
		if spec == nil {
			w.Null()
			continue
		}
		writeCommand(w, spec)
	}
}

// writeCommand describes a command: name, arity, flags, first key, last key, step, ACL categories, tips, key
// specifications, subcommands.
func writeCommand(w *resp.Writer, spec *command.Spec) {
	w.Array(10)
	w.BulkString(spec.Name)
	w.Int(int64(spec.Arity))
	writeStatusSet(w, shownFlags(spec))
	w.Int(int64(spec.FirstKey))
	w.Int(int64(spec.LastKey))
	w.Int(int64(spec.Step))
	acl := make([]string, len(spec.ACL))
	for i, c := range spec.ACL {
		acl[i] = "@" + c
	}
	writeStatusSet(w, acl)
	w.Set(len(spec.Tips))
	for _, tip := range spec.Tips {
		w.BulkString(tip)
	}
	keys := spec.Specifications()
	w.Set(len(keys))
	for _, ks := range keys {
		writeKeySpec(w, ks)
	}
	writeSubcommands(w, spec.Subs)
}

// writeSubcommands writes an array, but an empty set where there are none: so does Redis.
func writeSubcommands(w *resp.Writer, subs []*command.Spec) {
	if len(subs) == 0 {
		w.Set(0)
		return
	}
	w.Array(len(subs))
	for _, sub := range subs {
		writeCommand(w, sub)
	}
}

// shownFlags are a command's flags without those that Redis keeps to itself.
func shownFlags(spec *command.Spec) []string {
	return (spec.Flags &^ command.Protected).Names()
}

func writeStatusSet(w *resp.Writer, names []string) {
	w.Set(len(names))
	for _, name := range names {
		w.SimpleString(name)
	}
}

// writeKeySpec writes one key specification: notes if there are any, flags, how the search begins, how keys follow.
func writeKeySpec(w *resp.Writer, ks command.KeySpec) {
	fields := 3
	if ks.Notes != "" {
		fields++
	}
	w.Map(fields)
	if ks.Notes != "" {
		writePair(w, "notes", ks.Notes)
	}
	w.BulkString("flags")
	writeStatusSet(w, strings.Fields(ks.Flags))
	w.BulkString("begin_search")
	writeBeginSearch(w, ks)
	w.BulkString("find_keys")
	writeFindKeys(w, ks)
}

func writeBeginSearch(w *resp.Writer, ks command.KeySpec) {
	switch {
	case ks.Keyword != "":
		writeKeySpecPart(w, "keyword", 2)
		writePair(w, "keyword", ks.Keyword)
		writeSigned(w, "startfrom", ks.StartFrom)
	case ks.Index != 0:
		writeKeySpecPart(w, "index", 1)
		writeSigned(w, "index", ks.Index)
	default:
		writeKeySpecPart(w, "unknown", 0)
	}
}

func writeFindKeys(w *resp.Writer, ks command.KeySpec) {
	switch {
	case ks.KeyNum:
		writeKeySpecPart(w, "keynum", 3)
		writeSigned(w, "keynumidx", ks.KeyNumIndex)
		writeSigned(w, "firstkey", ks.FirstKey)
		writeSigned(w, "keystep", ks.Step)
	case ks.Keyword == "" && ks.Index == 0:
		writeKeySpecPart(w, "unknown", 0)
	default:
		writeKeySpecPart(w, "range", 3)
		writeSigned(w, "lastkey", ks.Last)
		writeSigned(w, "keystep", ks.Step)
		writeSigned(w, "limit", ks.Limit)
	}
}

// writeKeySpecPart writes the head of begin_search or find_keys; the fields of spec follow.
func writeKeySpecPart(w *resp.Writer, kind string, fields int) {
	w.Map(2)
	writePair(w, "type", kind)
	w.BulkString("spec")
	w.Map(fields)
}

func writeSigned(w *resp.Writer, name string, n int) {
	w.BulkString(name)
	w.Int(int64(n))
}

// commandDocs is COMMAND DOCS: unknown names are left out.
func commandDocs(s *Server, _ *Conn, args [][]byte, w *resp.Writer) {
	specs := s.table.All()
	if len(args) > 2 {
		specs = nil
		for _, name := range args[2:] {
			if spec := s.findCommand(name); spec != nil {
				specs = append(specs, spec)
			}
		}
	}
	w.Map(len(specs))
	for _, spec := range specs {
		w.BulkString(spec.Name)
		writeDocs(w, spec)
	}
}

func writeDocs(w *resp.Writer, spec *command.Spec) {
	at, fields := w.Len(), 0
	pair := func(name, value string) {
		if value != "" {
			writePair(w, name, value)
			fields++
		}
	}
	pair("summary", spec.Summary)
	pair("since", spec.Since)
	pair("group", spec.Group)
	pair("complexity", spec.Complexity)
	if flags := docFlags(spec); len(flags) > 0 {
		w.BulkString("doc_flags")
		writeStatusSet(w, flags)
		fields++
	}
	pair("deprecated_since", spec.DeprecatedSince)
	pair("replaced_by", spec.ReplacedBy)
	if len(spec.Subs) > 0 {
		w.BulkString("subcommands")
		fields++
		w.Map(len(spec.Subs))
		for _, sub := range spec.Subs {
			w.BulkString(sub.Name)
			writeDocs(w, sub)
		}
	}
	w.InsertMap(at, fields)
}

// docFlags marks commands that clients should not use any more, or never: those that need an enable-... directive.
func docFlags(spec *command.Spec) []string {
	var out []string
	if spec.DeprecatedSince != "" {
		out = append(out, "deprecated")
	}
	if spec.Flags.Has(command.Protected) {
		out = append(out, "syscmd")
	}
	return out
}
