package server

import (
	"strings"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
)

func commandGetKeys(s *Server, _ *Conn, args [][]byte, w *resp.Writer) {
	keys, _, text := s.keysOf(args[2:])
	if text != "" {
		w.Error(text)
		return
	}
	w.Array(len(keys))
	for _, at := range keys {
		w.Bulk(args[2+at])
	}
}

func commandGetKeysAndFlags(s *Server, _ *Conn, args [][]byte, w *resp.Writer) {
	keys, spec, text := s.keysOf(args[2:])
	if text != "" {
		w.Error(text)
		return
	}
	w.Array(len(keys))
	for _, at := range keys {
		flags := keyFlags(spec, args[2:], at)
		w.Array(2)
		w.Bulk(args[2+at])
		w.Set(len(flags))
		for _, f := range flags {
			w.SimpleString(f)
		}
	}
}

// keysOf finds the keys of a whole command; text is the error if they can't be told.
func (s *Server) keysOf(args [][]byte) (keys []int, spec *command.Spec, text string) {
	spec = s.specOf(args)
	switch {
	case spec == nil:
		return nil, nil, errInvalidCommand
	case spec.FirstKey == 0 && spec.Keys == nil:
		return nil, nil, errNoKeyArguments
	}
	if fits, _ := s.table.Resolve(args); fits == nil {
		return nil, nil, errArgumentCount
	}
	keys, err := spec.KeyPositions(args)
	if len(keys) == 0 && !spec.Flags.Has(command.NoMandatoryKeys) || err != nil && len(keys) > 0 {
		return nil, nil, "ERR " + command.ErrKeyArguments.Error()
	}
	return keys, spec, ""
}

// specOf finds the command or subcommand that a request names, whatever the number of its arguments.
func (s *Server) specOf(args [][]byte) *command.Spec {
	spec := s.table.Lookup(args[0])
	if spec != nil && len(spec.Subs) > 0 && len(args) > 1 {
		return s.table.LookupSub(spec, args[1])
	}
	return spec
}

// keyFlags returns what a command does with the key at a position: the flags of the key specification that covers it.
func keyFlags(spec *command.Spec, args [][]byte, at int) []string {
	if flags := variableKeyFlags(spec, args); flags != nil {
		return flags
	}
	specs := spec.Specifications()
	for _, ks := range specs {
		if covers(ks, args, at) {
			return shownKeyFlags(ks)
		}
	}
	if len(specs) > 0 {
		return shownKeyFlags(specs[0])
	}
	return nil
}

// variableKeyFlags are those of commands whose options decide what happens to the key.
func variableKeyFlags(spec *command.Spec, args [][]byte) []string {
	switch spec.Name {
	case "set":
		if hasWord(args[3:], "GET") {
			return []string{"RW", "access", "update"}
		}
		return []string{"OW", "update"}
	case "bitfield":
		if !hasWord(args[2:], "SET") && !hasWord(args[2:], "INCRBY") {
			return []string{"RO", "access"}
		}
		return []string{"RW", "access", "update"}
	}
	return nil
}

func hasWord(args [][]byte, word string) bool {
	for _, arg := range args {
		if command.EqualFold(arg, word) {
			return true
		}
	}
	return false
}

// covers tells whether a key specification that begins at an index covers a position.
func covers(ks command.KeySpec, args [][]byte, at int) bool {
	begin := ks.Index
	if ks.Keyword != "" {
		begin = afterKeyword(ks, args)
	}
	if begin <= 0 || at < begin {
		return false
	}
	if ks.KeyNum {
		return true
	}
	last := begin + ks.Last
	if ks.Last < 0 {
		last = len(args) + ks.Last
	}
	return at <= last && (at-begin)%max(ks.Step, 1) == 0
}

func afterKeyword(ks command.KeySpec, args [][]byte) int {
	for i := max(ks.StartFrom, 1); i < len(args); i++ {
		if command.EqualFold(args[i], ks.Keyword) {
			return i + 1
		}
	}
	return 0
}

// shownKeyFlags leaves out what COMMAND GETKEYSANDFLAGS never says of a single key.
func shownKeyFlags(ks command.KeySpec) []string {
	var out []string
	for _, f := range strings.Fields(ks.Flags) {
		if f != "variable_flags" && f != "incomplete" {
			out = append(out, f)
		}
	}
	return out
}
