package lua

import "strings"

// script is the text of a script with what its first line says.
type script struct {
	source    string // without the first line's text, so that line numbers stay
	declared  bool   // it has a first line of the form #!lua
	noWrites  bool
	noCluster bool
}

// parseScript reads the line "#!lua flags=a,b" that a script may begin with. If
// that is malformed, problem is the error reply.
func parseScript(body string) (s script, problem string) {
	s.source = body
	if !strings.HasPrefix(body, "#!") {
		return s, ""
	}
	line, _, found := strings.Cut(body, "\n")
	if !found {
		return s, "ERR Invalid script shebang"
	}
	s.source, s.declared = body[len(line):], true
	words := strings.Fields(line)
	if words[0] != "#!lua" {
		return s, "ERR Unexpected engine in script shebang: " + words[0]
	}
	for _, w := range words[1:] {
		flags, ok := strings.CutPrefix(w, "flags=")
		if !ok {
			return s, "ERR Unknown lua shebang option: " + w
		}
		if problem := s.setFlags(flags); problem != "" {
			return s, problem
		}
	}
	return s, ""
}

func (s *script) setFlags(flags string) (problem string) {
	for f := range strings.SplitSeq(flags, ",") {
		switch f {
		case "", "allow-oom", "allow-stale", "allow-cross-slot-keys":
		case "no-writes":
			s.noWrites = true
		case "no-cluster":
			s.noCluster = true
		default:
			return "ERR Unexpected flag in script shebang: " + f
		}
	}
	return ""
}

// refused returns the error reply if the script must not be run at all.
func (s *script) refused(readOnly bool) (problem string) {
	switch {
	case s.noCluster:
		return "ERR Can not run script on cluster, 'no-cluster' flag is set."
	case readOnly && s.declared && !s.noWrites:
		return "ERR Can not execute a script with write flag using *_ro command."
	}
	return ""
}
