package node

import (
	"bytes"
	"errors"
	"testing"

	"github.com/redoubtdb/redoubt/persistence"
	"github.com/redoubtdb/redoubt/slotmap"
)

// fullDisk is a storage whose config file cannot be written while it is full.
type fullDisk struct {
	persistence.Storage
	full bool
}

func (d *fullDisk) SaveConfig(b []byte) error {
	if d.full {
		return errors.New("no space left on device")
	}
	return d.Storage.SaveConfig(b)
}

// A map that could not be written is not taken for written.
func TestMapIsWrittenWhenThereIsSpace(t *testing.T) {
	s := &fullDisk{Storage: persistence.NewMemory()}
	n := &Node{dep: Deps{Storage: s}, rec: load(t, s), life: newLock(), log: quiet}
	m := slotmap.NewMap(n.rec.Cluster, slotmap.Node{ID: n.rec.Node, Incarnation: n.rec.Incarnation}, slotmap.Group{ID: n.rec.Founding})
	n.topology = newTopology(m, func(_, _ *slotmap.Map) {})
	s.full = true
	if n.remember() {
		t.Error("written to a full disk")
	}
	s.full = false
	if !n.remember() {
		t.Error("not written although there is space")
	}
	if r := load(t, s); !bytes.Equal(r.Map, n.rec.Map) || len(r.Map) == 0 {
		t.Errorf("the file has the map %s, not %s", r.Map, n.rec.Map)
	}
}

// A node that could not write that it joins a cluster does not take it for written when it tries again: taken in, and
// restarted before it has moved, it would never learn that it has another cluster.
func TestJoiningIsWrittenBeforeItCounts(t *testing.T) {
	s := &fullDisk{Storage: persistence.NewMemory()}
	n := &Node{dep: Deps{Storage: s}, rec: load(t, s), life: newLock(), log: quiet}
	s.full = true
	for range 2 {
		if n.rememberJoining("10.0.0.7:17000", "other") == nil {
			t.Error("written to a full disk")
		}
	}
	if _, cluster := n.pendingJoin(); cluster != "" {
		t.Errorf("it joins %s, says the memory only", cluster)
	}
	s.full = false
	if err := n.rememberJoining("10.0.0.7:17000", "other"); err != nil {
		t.Error(err)
	}
	if r := load(t, s); r.JoinCluster != "other" {
		t.Errorf("the file has %q", r.JoinCluster)
	}
}

// Likewise a node that has founded its group: one that only believes to have written it would found it again.
func TestFoundingIsWrittenBeforeItCounts(t *testing.T) {
	s := &fullDisk{Storage: persistence.NewMemory()}
	n := &Node{dep: Deps{Storage: s}, rec: load(t, s), life: newLock(), log: quiet}
	store, err := s.OpenGroup("data", persistence.GroupOptions{})
	if err != nil {
		t.Fatal(err)
	}
	own := seat{group: n.rec.Founding, role: roleData}
	s.full = true
	if n.found(own, store) == nil || n.rec.Founded {
		t.Error("founded, says the memory only")
	}
	s.full = false
	if err := n.found(own, store); err != nil {
		t.Error(err)
	}
	if !load(t, s).Founded {
		t.Error("the file does not say that the group is founded")
	}
}
