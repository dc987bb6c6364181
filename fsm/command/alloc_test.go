package command

import (
	"strings"
	"testing"

	"github.com/redoubtdb/redoubt/fsm/keyspace"
	"github.com/redoubtdb/redoubt/resp"
)

// hotPath runs one request again and again as the state machine does.
type hotPath struct {
	spec *Spec
	ctx  Ctx
	w    resp.Writer
}

func newHotPath(t testing.TB, request string) *hotPath {
	t.Helper()
	table, err := NewTable(Specs())
	if err != nil {
		t.Fatal(err)
	}
	db := keyspace.NewDB()
	h := &hotPath{}
	h.ctx = Ctx{Args: words(request), W: &h.w, DB: db, Slot: db.Slot(0), Now: 1000, MachineNow: 1000, Applying: true, Rand: NewRand(1)}
	spec, problem := table.Resolve(h.ctx.Args)
	if problem != "" {
		t.Fatal(problem)
	}
	h.spec = spec
	h.ctx.PutString([]byte("k"), []byte("12345"), 0)
	return h
}

func (h *hotPath) run() {
	h.w.Reset()
	h.spec.Run(&h.ctx)
}

// TestAllocations: reads allocate nothing, and SET nothing but the stored value,
// which is two objects.
func TestAllocations(t *testing.T) {
	tests := []struct {
		request string
		most    float64
	}{
		{"GET k", 0}, {"GET none", 0}, {"STRLEN k", 0}, {"GETRANGE k 0 2", 0}, {"MGET k none k", 0}, {"EXISTS k none", 0}, {"TYPE k", 0},
		{"TTL k", 0}, {"EXPIREAT k 99999", 0}, {"PERSIST k", 0}, {"DEL none", 0}, {"SETNX k v", 0}, {"SETRANGE k 1 x", 0}, {"SET k v NX", 0},
		{"SET k value", 2}, {"SET k value EX 100", 2}, {"SET k value KEEPTTL GET", 2}, {"GETSET k 1", 2}, {"INCR k", 2}, {"MSET k 1 k 2", 4},
	}
	for _, tt := range tests {
		h := newHotPath(t, tt.request)
		if got := testing.AllocsPerRun(1000, h.run); got > tt.most {
			t.Errorf("%s: %v allocations, want at most %v", tt.request, got, tt.most)
		}
	}
}

func TestLookupAllocatesNothing(t *testing.T) {
	table, err := NewTable(Specs())
	if err != nil {
		t.Fatal(err)
	}
	args, positions := words("MGET a b c"), make([]int, 0, 8)
	sub, deep := words("OBJECT encoding k"), []byte(strings.Repeat("x", 100))
	got := testing.AllocsPerRun(1000, func() {
		s, _ := table.Resolve(args)
		positions, _ = s.AppendKeyPositions(positions[:0], args)
		table.Resolve(sub)
		table.Lookup(deep)
	})
	if got != 0 {
		t.Errorf("%v allocations", got)
	}
}

func BenchmarkResolve(b *testing.B) {
	table, err := NewTable(Specs())
	if err != nil {
		b.Fatal(err)
	}
	args := words("GET k")
	b.ReportAllocs()
	for b.Loop() {
		table.Resolve(args)
	}
}

func BenchmarkCommands(b *testing.B) {
	for _, request := range []string{"GET k", "SET k value", "SET k value EX 100", "INCR k", "APPEND k2 x", "MGET k k k k", "EXPIREAT k 99999"} {
		b.Run(strings.Fields(request)[0], func(b *testing.B) {
			h := newHotPath(b, request)
			b.ReportAllocs()
			for b.Loop() {
				h.run()
			}
		})
	}
}
