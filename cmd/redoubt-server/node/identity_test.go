package node

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/redoubtdb/redoubt/persistence"
	"github.com/redoubtdb/redoubt/slotmap"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// load is loadRecord, which must succeed.
func load(t *testing.T, s persistence.Storage) *record {
	t.Helper()
	r, err := loadRecord(s, quiet)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// only keeps a storage's config file, as a lost data directory does.
func onlyConfig(t *testing.T, s persistence.Storage) *persistence.Memory {
	t.Helper()
	b, err := s.LoadConfig()
	if err != nil {
		t.Fatal(err)
	}
	fresh := persistence.NewMemory()
	if err := fresh.SaveConfig(b); err != nil {
		t.Fatal(err)
	}
	return fresh
}

// clustered gives the record a map of two nodes with a slot each; alone or in one group.
func clustered(t *testing.T, s persistence.Storage, r *record, oneGroup bool) {
	t.Helper()
	m := slotmap.NewMap(r.Cluster, slotmap.Node{ID: r.Node, Incarnation: r.Incarnation}, slotmap.Group{ID: r.Founding})
	other := freshRecord("")
	for _, c := range []slotmap.Change{
		slotmap.AssignSlots(r.Founding, []slotmap.Range{{Start: 0, End: 9}}),
		slotmap.AddNode(slotmap.Node{ID: other.Node, Incarnation: other.Incarnation}, slotmap.Group{ID: other.Founding}, nil, 0, 0),
	} {
		m = apply(t, m, c)
	}
	if oneGroup {
		m = apply(t, m, slotmap.MoveNode(other.Node, r.Founding))
	}
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	r.Map = raw
	if err := save(s, r); err != nil {
		t.Fatal(err)
	}
}

func apply(t *testing.T, m *slotmap.Map, c slotmap.Change) *slotmap.Map {
	t.Helper()
	next, err := m.Apply(c)
	if err != nil {
		t.Fatalf("%s: %v", c.Kind, err)
	}
	return next
}

func TestIdentitySurvivesRestart(t *testing.T) {
	s := persistence.NewMemory()
	first := load(t, s)
	if again := load(t, s); again.Node != first.Node || again.Incarnation != first.Incarnation || again.Cluster != first.Cluster {
		t.Errorf("was %+v, is %+v", first, again)
	}
}

func TestLostDataDirectory(t *testing.T) {
	s := persistence.NewMemory()
	first := load(t, s)
	clustered(t, s, first, true)
	lost := onlyConfig(t, s)
	r := load(t, lost)
	if r.Node != first.Node || r.Incarnation == first.Incarnation || r.Replaces != first.Incarnation || r.Founding != "" {
		t.Errorf("came back as %+v, was %+v", r, first)
	}
	if again := load(t, lost); again.Incarnation != r.Incarnation || again.Replaces != first.Incarnation {
		t.Errorf("a restart before it rejoined made it %+v, was %+v", again, r)
	}
}

func TestLostDataDirectoryOfALoneNode(t *testing.T) {
	s := persistence.NewMemory()
	first := load(t, s)
	r := load(t, onlyConfig(t, s))
	if r.Node != first.Node || r.Incarnation == first.Incarnation || r.Cluster == first.Cluster || r.Replaces != "" {
		t.Errorf("came back as %+v, was %+v", r, first)
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name, text string
		damage     func(t *testing.T, s *persistence.Memory)
	}{
		{"an edited config file", "checksum", func(t *testing.T, s *persistence.Memory) {
			b, _ := s.LoadConfig()
			_ = s.SaveConfig([]byte(strings.Replace(string(b), `"version":1`, `"version": 1 `, 1)))
			b, _ = s.LoadConfig()
			_ = s.SaveConfig([]byte(strings.Replace(string(b), `"cluster":"`, `"cluster":"0`, 1)))
		}},
		{"another program's config file", "not a cluster config file", func(t *testing.T, s *persistence.Memory) {
			_ = s.SaveConfig([]byte("vars currentEpoch 1 lastVoteEpoch 0\n"))
		}},
		{"a data directory of another node", "must not share", func(t *testing.T, s *persistence.Memory) {
			_ = saveDiskIdentity(s, &diskIdentity{Node: slotmap.NodeID(strings.Repeat("1", 40)), Incarnation: "2"})
		}},
		{"a damaged identity in the data directory", "damaged", func(t *testing.T, s *persistence.Memory) {
			_ = s.WriteFile(identityFile, []byte(`{"no`))
		}},
	} {
		s := persistence.NewMemory()
		load(t, s)
		c.damage(t, s)
		if r, err := loadRecord(s, quiet); err == nil || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: got %+v, %v; wanted an error with %q", c.name, r, err, c.text)
		}
	}
}

func TestConfigFileLostButDataThere(t *testing.T) {
	s := persistence.NewMemory()
	load(t, s)
	identity, err := s.ReadFile(identityFile)
	if err != nil {
		t.Fatal(err)
	}
	bare := persistence.NewMemory()
	_ = bare.WriteFile(identityFile, identity)
	if _, err := loadRecord(bare, quiet); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("a data directory without its config file: %v", err)
	}
}

func TestMissingGroupDirectory(t *testing.T) {
	for _, shared := range []bool{true, false} {
		s := persistence.NewMemory()
		first := load(t, s)
		clustered(t, s, first, shared)
		for _, name := range []string{seat{first.Founding, roleData}.store(), "group-lost"} {
			store, err := s.OpenGroup(name, persistence.GroupOptions{})
			if err != nil {
				t.Fatal(err)
			}
			_ = store.Close()
			if err := noteStore(s, name, true); err != nil {
				t.Fatal(err)
			}
		}
		load(t, s) // both are there
		if err := s.RemoveGroup("group-lost"); err != nil {
			t.Fatal(err)
		}
		r, err := loadRecord(s, quiet)
		switch {
		case shared && (err != nil || r.Incarnation == first.Incarnation || r.Replaces != first.Incarnation):
			t.Errorf("with another holder: %+v, %v", r, err)
		case !shared && (err == nil || !strings.Contains(err.Error(), "only one")):
			t.Errorf("as the only holder: %+v, %v", r, err)
		}
	}
}

func TestInterruptedReset(t *testing.T) {
	s := persistence.NewMemory()
	first := load(t, s)
	store, err := s.OpenGroup("group-old", persistence.GroupOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_ = store.Close()
	next := freshRecord("")
	next.Former = slotmap.ServerID(first.Node, first.Incarnation)
	if err := saveConfig(s, next); err != nil { // and the process dies
		t.Fatal(err)
	}
	if r := load(t, s); r.Node != next.Node {
		t.Errorf("came back as %s, the reset had made it %s", r.Node, next.Node)
	}
	if names, _ := s.GroupNames(); len(names) != 0 {
		t.Errorf("left behind: %v", names)
	}
	load(t, s)
}

// A data directory with groups that does not say whose they are is nobody's: to begin anew
// beside them would be to forget them.
func TestGroupsWithoutIdentity(t *testing.T) {
	s := persistence.NewMemory()
	load(t, s)
	orphan := onlyConfig(t, s)
	store, err := orphan.OpenGroup("group-g", persistence.GroupOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_ = store.Close()
	if r, err := loadRecord(orphan, quiet); err == nil || !strings.Contains(err.Error(), "there are groups (group-g, for example)") {
		t.Errorf("got %+v, %v", r, err)
	}
}

// TestEveryByteOfIdentity inverts each byte of the config file and of the data directory's
// identity, and cuts them off at each length: the node is refused with advice, or is who it
// was. Nothing is removed, and no incarnation begins.
func TestEveryByteOfIdentity(t *testing.T) {
	s := persistence.NewMemory()
	first := load(t, s)
	clustered(t, s, first, true)
	name := seat{first.Founding, roleData}.store()
	store, err := s.OpenGroup(name, persistence.GroupOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_ = store.Close()
	if err := noteStore(s, name, true); err != nil {
		t.Fatal(err)
	}
	config, err := s.LoadConfig()
	if err != nil {
		t.Fatal(err)
	}
	identity, err := s.ReadFile(identityFile)
	if err != nil {
		t.Fatal(err)
	}
	try := func(what string, c, i []byte) {
		t.Helper()
		_ = s.SaveConfig(c)
		_ = s.WriteFile(identityFile, i)
		r, err := loadRecord(s, quiet)
		if err != nil && !strings.Contains(err.Error(), "restore") {
			t.Errorf("%s: no advice in %v", what, err)
		}
		if err == nil && (r.Node != first.Node || r.Incarnation != first.Incarnation || r.Replaces != "" || string(r.Map) != string(first.Map)) {
			t.Errorf("%s: it is %+v, was %+v", what, r, first)
		}
		if names, _ := s.GroupNames(); len(names) != 1 {
			t.Fatalf("%s: the group is gone", what)
		}
	}
	each := func(file string, whole []byte, use func(what string, b []byte)) {
		for i := range whole {
			for _, mask := range []byte{0xff, 1, 1 << 5} { // the last makes other letters of letters
				flipped := append([]byte{}, whole...)
				flipped[i] ^= mask
				use(fmt.Sprintf("%s, byte %d ^ %#x", file, i, mask), flipped)
			}
			use(fmt.Sprintf("%s, cut at %d", file, i), whole[:i])
		}
	}
	each("config file", config, func(what string, b []byte) { try(what, b, identity) })
	each("identity", identity, func(what string, b []byte) { try(what, config, b) })
	try("whole", config, identity)
}
