package slotmap_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/redoubtdb/redoubt/slotmap"
)

// failer is what testing.T and rapid.T have in common.
type failer interface{ Fatal(args ...any) }

func mustEncode(t failer, m *slotmap.Map) string {
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func throughCodec(t failer, c slotmap.Change) slotmap.Change {
	b, err := slotmap.EncodeChange(c)
	if err != nil {
		t.Fatal(err)
	}
	got, err := slotmap.DecodeChange(b)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// The encoded form is a format on disk: this text must stay readable for ever.
const golden = `{"v":1,"cluster":"c","version":7,"epoch":3,"fence":4,` +
	`"nodes":[{"id":"n0","incarnation":"1","host":"h","port":1,"bus_port":2,"group":"g0","failed":true},` +
	`{"id":"n1","incarnation":"2","host":"h","port":3,"bus_port":4,"announce_host":"a","announce_port":5,"announce_bus_port":6,"hostname":"x","group":"g1"}],` +
	`"groups":[{"id":"g0","members":["n0"],"witness":"n1","leader":"n0","term":2,"epoch":1},{"id":"g1","members":["n1"],"term":0,"epoch":3}],` +
	`"slots":[{"start":0,"end":299,"group":"g0","epoch":1},{"start":300,"end":300,"group":"g0","epoch":1,"to":"g1","handoff":2},` +
	`{"start":301,"end":301,"group":"g0","epoch":1,"handoff":3},{"start":400,"end":400,"epoch":4},{"start":16383,"end":16383,"group":"g1","epoch":1}]}`

func TestDecodeGolden(t *testing.T) {
	m, err := slotmap.Decode([]byte(golden))
	if err != nil {
		t.Fatal(err)
	}
	if got := mustEncode(t, m); got != golden {
		t.Errorf("round trip:\n%s\n%s", got, golden)
	}
	if to, active := m.Handoff(300); to != "g1" || !active || m.HandoffEpoch(300) != 2 || m.Owner(300) != "g0" {
		t.Error("hand-over of slot 300")
	}
	if m.Count("g0") != 302 || m.Assigned() != 303 || m.SlotEpoch(400) != 4 || m.Owner(400) != "" || m.State() != slotmap.StateFail {
		t.Error(render(m))
	}
	if n := m.Node("n1"); n.BusAddr() != "a:6" || n.ClientPort() != 5 || n.ClientHost() != "a" || n.ServerID() != "n1:2" || m.ByServerID("n1:2") != n || m.ByServerID("n1:1") != nil {
		t.Error("node n1", n)
	}
}

// Each row breaks the golden map in one way; Decode must say so.
func TestDecodeRefuses(t *testing.T) {
	for name, edit := range map[string][2]string{
		"another version":           {`"v":1`, `"v":2`},
		"an unknown field":          {`"epoch":3,"fence"`, `"epoch":3,"fancy":1,"fence"`},
		"an unknown node field":     {`"host":"h"`, `"host":"h","rack":"r"`},
		"more after the end":        {`"epoch":1}]}`, `"epoch":1}]} {}`},
		"cut short":                 {`"epoch":1}]}`, `"epoch":1}]`},
		"unsorted nodes":            {`"id":"n0"`, `"id":"n9"`},
		"no groups":                 {`"id":"g1","members":["n1"]`, `"id":"g1","members":[]`},
		"foreign member":            {`"members":["n1"]`, `"members":["n0","n1"]`},
		"member twice":              {`"members":["n1"]`, `"members":["n1","n1"]`},
		"leader not a member":       {`"leader":"n0"`, `"leader":"n1"`},
		"witness is a member":       {`"witness":"n1"`, `"witness":"n0"`},
		"witness is nobody":         {`"witness":"n1"`, `"witness":"n7"`},
		"node in no group":          {`"group":"g1"}],`, `"group":""}],`},
		"node in an unknown group":  {`"group":"g1"}],`, `"group":"g7"}],`},
		"group epoch too high":      {`"epoch":3}],"slots"`, `"epoch":4}],"slots"`},
		"group epoch twice":         {`"epoch":3}],"slots"`, `"epoch":1}],"slots"`},
		"slot of nobody":            {`"end":16383,"group":"g1"`, `"end":16383,"group":"g7"`},
		"slot without epoch":        {`"end":299,"group":"g0","epoch":1`, `"end":299,"group":"g0"`},
		"slot epoch above fence":    {`"end":400,"epoch":4`, `"end":400,"epoch":5`},
		"range past the end":        {`"end":16383`, `"end":16384`},
		"reversed range":            {`"start":0,"end":299`, `"start":299,"end":0`},
		"target without hand-over":  {`"to":"g1","handoff":2`, `"to":"g1"`},
		"hand-over to the owner":    {`"to":"g1","handoff":2`, `"to":"g0","handoff":2`},
		"hand-over to nobody known": {`"to":"g1","handoff":2`, `"to":"g7","handoff":2`},
		"hand-over of the past":     {`"to":"g1","handoff":2`, `"to":"g1","handoff":1`},
		"null node":                 {`"nodes":[`, `"nodes":[null,`},
	} {
		b := strings.Replace(golden, edit[0], edit[1], 1)
		if b == golden {
			t.Fatalf("%s: the edit does not apply", name)
		}
		if _, err := slotmap.Decode([]byte(b)); !errors.Is(err, slotmap.ErrCodec) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMapAsJSONField(t *testing.T) {
	type file struct{ Map *slotmap.Map }
	b, err := json.Marshal(file{Map: startMap()})
	if err != nil {
		t.Fatal(err)
	}
	var got file
	if err := json.Unmarshal(b, &got); err != nil || mustEncode(t, got.Map) != mustEncode(t, startMap()) {
		t.Errorf("%v %s", err, b)
	}
	if err := json.Unmarshal([]byte(`{"Map":{"v":9}}`), &got); err == nil {
		t.Error("version 9 was accepted")
	}
}

func TestDecodeChangeRefuses(t *testing.T) {
	for text, want := range map[string]error{
		`{"kind":"add-knot"}`:                slotmap.ErrUnknownKind,
		`{}`:                                 slotmap.ErrUnknownKind,
		`{"kind":"leave","id":"a","mood":1}`: slotmap.ErrCodec,
		`{"kind":"leave"`:                    slotmap.ErrCodec,
		`{"kind":"leave"}{}`:                 slotmap.ErrCodec,
		``:                                   slotmap.ErrCodec,
	} {
		if _, err := slotmap.DecodeChange([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestErrorsCrossTheWire(t *testing.T) {
	all := []error{
		slotmap.ErrNoNode, slotmap.ErrNoGroup, slotmap.ErrNotMember, slotmap.ErrIncarnation, slotmap.ErrGroupExists, slotmap.ErrLeaving,
		slotmap.ErrInGroup, slotmap.ErrLastHolder, slotmap.ErrNotEmpty, slotmap.ErrWitness, slotmap.ErrConflict, slotmap.ErrSlotBusy,
		slotmap.ErrUnassigned, slotmap.ErrHandoffActive, slotmap.ErrStaleHandoff, slotmap.ErrEpochSet,
		slotmap.ErrKnowsOthers, slotmap.ErrBadChange, slotmap.ErrBadRange, slotmap.ErrUnknownKind, slotmap.ErrCodec,
		&slotmap.SlotConflictError{Slots: []slotmap.Range{{Start: 3, End: 9}, {Start: 12, End: 12}}},
		&slotmap.SlotBusyError{Slot: 77},
	}
	codes := map[string]bool{}
	for _, err := range all {
		code := slotmap.ErrorCode(err)
		codes[code] = true
		got := slotmap.ErrorFromCode(code, err.Error())
		if code == "" || got == nil || got.Error() != err.Error() || slotmap.ErrorCode(got) != code {
			t.Errorf("%v: code %q, came back as %v", err, code, got)
		}
	}
	if len(codes) != len(all)-2 {
		t.Errorf("%d codes for %d errors", len(codes), len(all))
	}
	var conflict *slotmap.SlotConflictError
	if err := slotmap.ErrorFromCode("slot-conflict", all[len(all)-2].Error()); !errors.As(err, &conflict) || len(conflict.Slots) != 2 || conflict.Slots[0].End != 9 {
		t.Errorf("conflict: %v", err)
	}
	var busy *slotmap.SlotBusyError
	if err := slotmap.ErrorFromCode("slot-busy", all[len(all)-1].Error()); !errors.As(err, &busy) || busy.Slot != 77 {
		t.Errorf("busy: %v", err)
	}
	if slotmap.ErrorCode(errors.New("x")) != "" || slotmap.ErrorFromCode("x", "x") != nil {
		t.Error("a stranger's error has a code")
	}
}

func TestRanges(t *testing.T) {
	got := slotmap.RangesOf([]uint16{5, 3, 4, 4, 16383, 20000, 0})
	want := []slotmap.Range{{Start: 0, End: 0}, {Start: 3, End: 5}, {Start: 16383, End: 16383}}
	if len(got) != len(want) {
		t.Fatal(got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%v, want %v", got, want)
		}
	}
	if s := want[1].String() + " " + want[0].String(); s != "3-5 0" || want[1].Len() != 3 {
		t.Error(s)
	}
}
