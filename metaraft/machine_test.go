package metaraft

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/redoubtdb/redoubt/shardgroup/bus"
	"github.com/redoubtdb/redoubt/slotmap"
)

func loneMap(id string) *slotmap.Map {
	n := slotmap.Node{ID: slotmap.NodeID(id), Incarnation: "1", Host: "127.0.0.1", Port: 7000, BusPort: 17000}
	return slotmap.NewMap("c", n, slotmap.Group{ID: slotmap.GroupID("g" + id)})
}

func mustEntry(t *testing.T, e entry, c *slotmap.Change) []byte {
	t.Helper()
	b, err := encodeEntry(e, c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func silent(*slotmap.Map, uint64) {}

// begun returns a machine whose first entry was the genesis.
func begun(t *testing.T) *machine {
	m := newMachine(silent)
	m.Apply(1, 1, mustEntry(t, entry{Genesis: loneMap("a")}, nil))
	if now, applied := m.state(); now == nil || applied != 1 {
		t.Fatal("no map", applied, m.Halted())
	}
	return m
}

func TestMachineApplies(t *testing.T) {
	m := begun(t)
	var published []uint64
	m.publish = func(_ *slotmap.Map, applied uint64) { published = append(published, applied) }
	mine := ticket{"me", 7}
	result := m.await(mine)
	assign := slotmap.AssignSlots("ga", []slotmap.Range{{Start: 0, End: 9}})

	m.Apply(2, 1, mustEntry(t, entry{Proposer: "other", Seq: 7}, &assign))
	m.Apply(3, 1, mustEntry(t, entry{}, nil))
	m.Apply(4, 1, mustEntry(t, entry{Genesis: loneMap("b")}, nil)) // a second one has no effect
	wrong := slotmap.AssignSlots("gx", nil)
	m.Apply(7, 2, mustEntry(t, entry{Proposer: "me", Seq: 7}, &wrong))

	now, applied := m.state()
	if now.Count("ga") != 10 || now.Version != 2 || now.ClusterID != "c" || now.Node("a") == nil || applied != 7 || m.Halted() != nil {
		t.Errorf("version %d, applied %d, %v", now.Version, applied, m.Halted())
	}
	if got := <-result; got.index != 7 || !errors.Is(got.err, slotmap.ErrNoGroup) {
		t.Error("result", got)
	}
	if len(published) != 4 || published[3] != 7 {
		t.Error("published", published)
	}
	m.forget(mine)
	if len(m.waiting) != 0 {
		t.Error("tickets are left")
	}
}

func TestMachineBeforeGenesis(t *testing.T) {
	m := newMachine(silent)
	result := m.await(ticket{"me", 1})
	bump := slotmap.BumpEpoch("a")
	m.Apply(1, 1, mustEntry(t, entry{Proposer: "me", Seq: 1}, &bump))
	if got := <-result; !errors.Is(got.err, ErrNoMap) || m.Halted() != nil {
		t.Error(got, m.Halted())
	}
}

// TestMachineHalts feeds entries that make no sense: the machine must stop, stay as it was, and say so.
func TestMachineHalts(t *testing.T) {
	bump := slotmap.BumpEpoch("a")
	good := mustEntry(t, entry{}, &bump)
	flipped := bytes.Clone(good)
	flipped[len(flipped)-3] ^= 1
	unknown, _ := seal(envelopeEntry, map[string]any{"proposer": "", "seq": 1, "change": map[string]any{"kind": "dance"}})
	field, _ := seal(envelopeEntry, map[string]any{"proposer": "", "seq": 1, "mood": 1})
	badMap, _ := seal(envelopeEntry, map[string]any{"proposer": "", "seq": 1, "genesis": map[string]any{"v": 1}})
	wrongKind, _ := seal(envelopeSnapshot, entry{})
	for name, data := range map[string][]byte{
		"empty": nil, "short": good[:4], "cut": good[:len(good)-1], "bit flip": flipped, "unknown change": unknown,
		"unknown field": field, "unsound map": badMap, "another envelope": wrongKind, "version 0": append([]byte{0}, good[1:]...),
	} {
		m := begun(t)
		m.Apply(2, 1, data)
		if !errors.Is(m.Halted(), ErrCorrupt) {
			t.Errorf("%s: %v", name, m.Halted())
		}
		m.Apply(3, 1, good)
		if now, applied := m.state(); now.Version != 1 || applied != 1 {
			t.Errorf("%s: went on to version %d, index %d", name, now.Version, applied)
		}
		if _, err := m.Snapshot(); err == nil {
			t.Errorf("%s: a halted machine makes snapshots", name)
		}
	}
	m := begun(t)
	m.Apply(1, 1, good)
	if !errors.Is(m.Halted(), ErrCorrupt) {
		t.Error("an index that came before was taken again")
	}
}

func TestMachineSnapshot(t *testing.T) {
	m := begun(t)
	bump := slotmap.BumpEpoch("a")
	m.Apply(5, 1, mustEntry(t, entry{}, &bump))
	b := snapshotOf(t, m)
	if err := CheckSnapshot(bytes.NewReader(b)); err != nil {
		t.Fatal(err)
	}
	restored := newMachine(silent)
	if err := restored.Restore(bytes.NewReader(b)); err != nil {
		t.Fatal(err)
	}
	if again := snapshotOf(t, restored); !bytes.Equal(again, b) {
		t.Errorf("%s\n%s", again, b)
	}
	restored.Apply(6, 1, mustEntry(t, entry{}, &bump))
	if now, applied := restored.state(); now.Version != 2 || applied != 6 {
		t.Error(now.Version, applied)
	}
}

func snapshotOf(t *testing.T, m *machine) []byte {
	t.Helper()
	snap, err := m.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Release()
	var b bytes.Buffer
	if err := snap.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestMachineRestoreRefuses(t *testing.T) {
	good := snapshotOf(t, begun(t))
	flipped := bytes.Clone(good)
	flipped[20] ^= 4
	for name, b := range map[string][]byte{"empty": {}, "cut": good[:len(good)-2], "flipped": flipped, "longer": append(bytes.Clone(good), ' ')} {
		m := begun(t)
		if err := m.Restore(bytes.NewReader(b)); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
		if now, applied := m.state(); now == nil || applied != 1 {
			t.Errorf("%s: the state is gone", name)
		}
		if err := CheckSnapshot(bytes.NewReader(b)); err == nil {
			t.Errorf("%s: passed the check", name)
		}
	}
	blank := newMachine(silent)
	if err := blank.Restore(bytes.NewReader(snapshotOf(t, newMachine(silent)))); err != nil {
		t.Error("a snapshot from before the first map:", err)
	}
}

func TestEntryTooLarge(t *testing.T) {
	c := slotmap.SetAddress(slotmap.Node{ID: "a", Hostname: strings.Repeat("x", MaxEntry)})
	if _, err := encodeEntry(entry{}, &c); !errors.Is(err, slotmap.ErrBadChange) {
		t.Error(err)
	}
}

// The envelope is a format on disk: this text must stay readable for ever.
func TestGoldenEntry(t *testing.T) {
	c := slotmap.SetHealth("a", true)
	b := mustEntry(t, entry{Proposer: "p", Seq: 3}, &c)
	const want = "\x01\xe3\x1dn(" + `{"proposer":"p","seq":3,"change":{"kind":"set-health","id":"a","failed":true}}`
	if string(b) != want {
		t.Errorf("%q", b)
	}
	var e entry
	if err := unseal(envelopeEntry, []byte(want), &e); err != nil {
		t.Fatal(err)
	}
	got, err := slotmap.DecodeChange(e.Change)
	if text, _ := json.Marshal(got); err != nil || got.Kind != slotmap.KindSetHealth || !got.Failed {
		t.Errorf("%s %v", text, err)
	}
}

// TestForwarded checks what the sender of a change concludes from the error of the call.
func TestForwarded(t *testing.T) {
	conflict := &slotmap.SlotBusyError{Slot: 5}
	for _, row := range []struct {
		err  error
		want error
	}{
		{errors.Join(bus.ErrNotSent, bus.ErrDenied), ErrNotRun},
		{bus.ErrConnectionLost, ErrUnknownOutcome},
		{errors.New("anything else"), ErrUnknownOutcome},
		{remote(ErrNotRun), ErrNotRun},
		{remote(ErrUnknownOutcome), ErrUnknownOutcome},
		{remote(ErrNoMap), ErrUnknownOutcome},
		{&bus.RemoteError{Code: "error", Msg: "panic"}, ErrUnknownOutcome},
		{remote(slotmap.ErrNoNode), slotmap.ErrNoNode},
		{remote(conflict), slotmap.ErrSlotBusy},
	} {
		got := forwarded(row.err)
		for _, sentinel := range []error{ErrNotRun, ErrUnknownOutcome, slotmap.ErrNoNode, slotmap.ErrSlotBusy} {
			if errors.Is(got, sentinel) != (sentinel == row.want) {
				t.Errorf("%v became %v, which is %v: %v", row.err, got, sentinel, errors.Is(got, sentinel))
			}
		}
	}
	var busy *slotmap.SlotBusyError
	if !errors.As(forwarded(remote(conflict)), &busy) || busy.Slot != 5 {
		t.Error("the slot is lost on the way")
	}
}

// remote is what the bus makes of a handler's error.
func remote(err error) error {
	var coded interface{ Code() string }
	if !errors.As(withCode(err), &coded) {
		panic("no code")
	}
	return &bus.RemoteError{Code: coded.Code(), Msg: err.Error()}
}
