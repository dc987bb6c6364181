package command

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func words(line string) [][]byte {
	var args [][]byte
	for _, w := range strings.Fields(line) {
		args = append(args, []byte(w))
	}
	return args
}

func newTestTable(t *testing.T) *Table {
	t.Helper()
	table, err := NewTable(Specs())
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestNewTableRefuses(t *testing.T) {
	sub := func(name, container string) []*Spec {
		return []*Spec{{Name: "a", Arity: -2, Subs: []*Spec{{Name: name, Container: container, Arity: 2}}}}
	}
	tests := []struct {
		name  string
		specs []*Spec
		want  error
	}{
		{"the same name twice", []*Spec{{Name: "a", Arity: 1}, {Name: "a", Arity: 2}}, ErrDuplicate},
		{"no name", []*Spec{{Arity: 1}}, ErrBadSpec},
		{"upper case", []*Spec{{Name: "A", Arity: 1}}, ErrBadSpec},
		{"a name too long to look up", []*Spec{{Name: strings.Repeat("a", maxNameBytes+1), Arity: 1}}, ErrBadSpec},
		{"no arity", []*Spec{{Name: "a"}}, ErrBadSpec},
		{"a subcommand of another container", sub("b|x", "b"), ErrBadSpec},
		{"a subcommand without its container's name", sub("x", "a"), ErrBadSpec},
		{"a good subcommand", sub("a|x", "a"), nil},
	}
	for _, tt := range tests {
		if _, err := NewTable(tt.specs); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
	if _, err := NewTable([]*Spec{{Name: "a", Arity: 1}}, []*Spec{{Name: "a", Arity: 1}}); !errors.Is(err, ErrDuplicate) {
		t.Errorf("the same name in two families: %v", err)
	}
}

func TestLookup(t *testing.T) {
	table := newTestTable(t)
	for _, name := range []string{"get", "GET", "gEt"} {
		if s := table.Lookup([]byte(name)); s == nil || s.Name != "get" {
			t.Errorf("%s: got %v", name, s)
		}
	}
	for _, name := range []string{"", "ge", "gett", "object|encoding", strings.Repeat("x", 1000)} {
		if s := table.Lookup([]byte(name)); s != nil {
			t.Errorf("%s: got %s", name, s.Name)
		}
	}
	object := table.Lookup([]byte("object"))
	if s := table.LookupSub(object, []byte("EnCoding")); s == nil || s.Name != "object|encoding" {
		t.Errorf("subcommand: got %v", s)
	}
	if s := table.LookupSub(object, []byte(strings.Repeat("x", 1000))); s != nil {
		t.Errorf("long subcommand: got %s", s.Name)
	}
	if !slices.IsSortedFunc(table.All(), func(a, b *Spec) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("All is not sorted")
	}
}

func TestResolve(t *testing.T) {
	table := newTestTable(t)
	long := strings.Repeat("x", 200)
	tests := []struct{ request, name, problem string }{
		{"GET k", "get", ""},
		{"mget a b c", "mget", ""},
		{"object ENCODING k", "object|encoding", ""},
		{"GET", "", "ERR wrong number of arguments for 'get' command"},
		{"get a b", "", "ERR wrong number of arguments for 'get' command"},
		{"MGET", "", "ERR wrong number of arguments for 'mget' command"},
		{"object", "", "ERR wrong number of arguments for 'object' command"},
		{"OBJECT encoding", "", "ERR wrong number of arguments for 'object|encoding' command"},
		{"oBject fOo k", "", "ERR unknown subcommand 'fOo'. Try OBJECT HELP."},
		{"nope", "", "ERR unknown command 'nope', with args beginning with: "},
		{"nope a b", "", "ERR unknown command 'nope', with args beginning with: 'a' 'b' "},
		{"object|encoding k", "", "ERR unknown command 'object|encoding', with args beginning with: 'k' "},
		{long + " " + long + " a", "", "ERR unknown command '" + long[:128] + "', with args beginning with: '" + long[:128] + "' "},
		{"object " + long, "", "ERR unknown subcommand '" + long[:128] + "'. Try OBJECT HELP."},
		{"n\x00o a\x00b", "", "ERR unknown command 'n', with args beginning with: 'a' "},
	}
	for _, tt := range tests {
		s, problem := table.Resolve(words(tt.request))
		name := ""
		if s != nil {
			name = s.Name
		}
		if name != tt.name || problem != tt.problem {
			t.Errorf("%q: got %q, %q; want %q, %q", tt.request, name, problem, tt.name, tt.problem)
		}
	}
}

func TestKeyPositions(t *testing.T) {
	moving := func(args [][]byte) ([]int, error) { return []int{len(args) - 1}, nil }
	tests := []struct {
		name    string
		spec    Spec
		request string
		want    []int
		err     error
	}{
		{"none", Spec{}, "a b c", nil, nil},
		{"one", Spec{FirstKey: 1, LastKey: 1, Step: 1}, "get k v", []int{1}, nil},
		{"all", Spec{FirstKey: 1, LastKey: -1, Step: 1}, "del a b c", []int{1, 2, 3}, nil},
		{"every other", Spec{FirstKey: 1, LastKey: -1, Step: 2}, "mset a 1 b 2", []int{1, 3}, nil},
		{"every other, one short", Spec{FirstKey: 1, LastKey: -1, Step: 2}, "mset a 1 b", []int{1, 3}, nil},
		{"all but the last", Spec{FirstKey: 1, LastKey: -2, Step: 1}, "blpop a b 0", []int{1, 2}, nil},
		{"second only", Spec{FirstKey: 2, LastKey: 2, Step: 1}, "object encoding k", []int{2}, nil},
		{"too short", Spec{FirstKey: 1, LastKey: 2, Step: 1}, "copy a", nil, ErrKeyArguments},
		{"much too short", Spec{FirstKey: 2, LastKey: 2, Step: 1}, "object", nil, ErrKeyArguments},
		{"movable", Spec{FirstKey: 1, LastKey: 1, Step: 1, Keys: moving}, "x a b", []int{2}, nil},
	}
	for _, tt := range tests {
		got, err := tt.spec.KeyPositions(words(tt.request))
		if !slices.Equal(got, tt.want) || !errors.Is(err, tt.err) {
			t.Errorf("%s: got %v, %v; want %v, %v", tt.name, got, err, tt.want, tt.err)
		}
	}
	s := Spec{FirstKey: 1, LastKey: -1, Step: 1}
	if got, _ := s.AppendKeyPositions([]int{7}, words("del a b")); !slices.Equal(got, []int{7, 1, 2}) {
		t.Errorf("append: got %v", got)
	}
}

func TestFlagNames(t *testing.T) {
	got := (Write | DenyOOM | Fast | AllSlots | AllowBusy).Names()
	if want := []string{"write", "denyoom", "fast", "allow_busy"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if f := Write | Fast; !f.Has(Write) || f.Has(Write|ReadOnly) || f.Has(ReadOnly) {
		t.Error("Has")
	}
}
