package command

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Limits on names and on what an error reply quotes.
const (
	maxNameBytes   = 64  // no command or subcommand name is longer
	maxQuotedBytes = 128 // of a request quoted in an error reply
)

// ErrDuplicate is returned by NewTable when two specs have the same name.
var ErrDuplicate = errors.New("command: duplicate name")

// ErrBadSpec is returned by NewTable for a spec that contradicts itself.
var ErrBadSpec = errors.New("command: malformed spec")

// Table finds specs by name. It is immutable and safe for concurrent use.
type Table struct {
	commands map[string]*Spec // by lower-case name
	subs     map[string]*Spec // by "container|sub"
	all      []*Spec          // top level, sorted by name
}

// NewTable gathers the specs of all families. It returns ErrDuplicate or
// ErrBadSpec, wrapped with the name, if they do not fit together.
func NewTable(families ...[]*Spec) (*Table, error) {
	t := &Table{commands: map[string]*Spec{}, subs: map[string]*Spec{}}
	for _, family := range families {
		for _, s := range family {
			if err := t.add(s); err != nil {
				return nil, err
			}
		}
	}
	slices.SortFunc(t.all, func(a, b *Spec) int { return strings.Compare(a.Name, b.Name) })
	return t, nil
}

func (t *Table) add(s *Spec) error {
	if err := insert(t.commands, s); err != nil {
		return err
	}
	t.all = append(t.all, s)
	for _, sub := range s.Subs {
		if sub.Container != s.Name || !strings.HasPrefix(sub.Name, s.Name+"|") {
			return fmt.Errorf("%w: %q is not a subcommand of %q", ErrBadSpec, sub.Name, s.Name)
		}
		if err := insert(t.subs, sub); err != nil {
			return err
		}
	}
	return nil
}

func insert(m map[string]*Spec, s *Spec) error {
	switch {
	case s.Name == "" || s.Name != strings.ToLower(s.Name) || len(s.Name) > maxNameBytes:
		return fmt.Errorf("%w: bad name %q", ErrBadSpec, s.Name)
	case s.Arity == 0:
		return fmt.Errorf("%w: %q has no arity", ErrBadSpec, s.Name)
	case m[s.Name] != nil:
		return fmt.Errorf("%w: %q", ErrDuplicate, s.Name)
	}
	m[s.Name] = s
	return nil
}

// All returns the commands sorted by name; subcommands hang below their
// containers. The caller must not change the slice.
func (t *Table) All() []*Spec { return t.all }

// Lookup returns the command called name, in whatever case, or nil. It does not
// look for subcommands and allocates nothing.
func (t *Table) Lookup(name []byte) *Spec {
	var buf [maxNameBytes]byte
	if len(name) > len(buf) {
		return nil
	}
	return t.commands[string(appendLower(buf[:0], name))]
}

// LookupSub returns the subcommand called name of the container, or nil.
func (t *Table) LookupSub(container *Spec, name []byte) *Spec {
	var buf [maxNameBytes]byte
	if len(container.Name)+1+len(name) > len(buf) {
		return nil
	}
	full := append(buf[:0], container.Name...)
	full = append(full, '|')
	return t.subs[string(appendLower(full, name))]
}

// Resolve finds the spec of a request, the subcommand's if the command is a
// container, and checks the number of arguments. If that fails the second result
// is the text of the error reply, and the spec is nil. args must not be empty.
func (t *Table) Resolve(args [][]byte) (*Spec, string) {
	s := t.Lookup(args[0])
	if s == nil {
		return nil, unknownCommand(args)
	}
	if len(s.Subs) > 0 && len(args) > 1 {
		sub := t.LookupSub(s, args[1])
		if sub == nil {
			return nil, unknownSubcommand(args)
		}
		s = sub
	}
	if !s.arityFits(len(args)) {
		return nil, "ERR wrong number of arguments for '" + s.Name + "' command"
	}
	return s, ""
}

// unknownCommand quotes the name and the arguments up to about 128 bytes each.
func unknownCommand(args [][]byte) string {
	var quoted strings.Builder
	for _, a := range args[1:] {
		if quoted.Len() >= maxQuotedBytes {
			break
		}
		fmt.Fprintf(&quoted, "'%s' ", clipC(a, maxQuotedBytes-quoted.Len()))
	}
	return fmt.Sprintf("ERR unknown command '%s', with args beginning with: %s", clipC(args[0], maxQuotedBytes), quoted.String())
}

func unknownSubcommand(args [][]byte) string {
	container := strings.ToUpper(string(clipC(args[0], maxQuotedBytes)))
	return fmt.Sprintf("ERR unknown subcommand '%s'. Try %s HELP.", clipC(args[1], maxQuotedBytes), container)
}

// clipC cuts b as C's "%.*s" does: at n bytes or at the first NUL.
func clipC(b []byte, n int) []byte {
	b = b[:min(len(b), n)]
	if i := slices.Index(b, 0); i >= 0 {
		b = b[:i]
	}
	return b
}

// appendLower appends b in lower case; only ASCII letters change.
func appendLower(dst, b []byte) []byte {
	for _, c := range b {
		dst = append(dst, lower(c))
	}
	return dst
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
