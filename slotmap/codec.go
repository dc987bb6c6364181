package slotmap

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// mapVersion is the version of the encoded map. Versions are never reused.
const mapVersion = 1

// encodedMap is a Map on disk and on the wire. Slots stand in it as runs that are alike.
type encodedMap struct {
	V         int       `json:"v"`
	ClusterID string    `json:"cluster"`
	Version   uint64    `json:"version"`
	Epoch     uint64    `json:"epoch"`
	Fence     uint64    `json:"fence"`
	Nodes     []*Node   `json:"nodes"`
	Groups    []*Group  `json:"groups"`
	Slots     []slotRun `json:"slots,omitempty"`
}

type slotRun struct {
	Range
	Group   GroupID `json:"group,omitempty"`
	Epoch   uint64  `json:"epoch,omitempty"`
	To      GroupID `json:"to,omitempty"`
	Handoff uint64  `json:"handoff,omitempty"`
}

// MarshalJSON encodes the map; equal maps give equal bytes.
func (m *Map) MarshalJSON() ([]byte, error) {
	return json.Marshal(encodedMap{
		V: mapVersion, ClusterID: m.ClusterID, Version: m.Version, Epoch: m.Epoch, Fence: m.Fence,
		Nodes: m.nodes, Groups: m.groups, Slots: m.runs(),
	})
}

// runs returns all slots that are not blank, in runs that are alike.
func (m *Map) runs() []slotRun {
	var out []slotRun
	for s, r := range m.alike() {
		if s != (slot{}) {
			out = append(out, slotRun{Range: r, Group: s.owner, Epoch: s.epoch, To: s.to, Handoff: s.handoff})
		}
	}
	return out
}

func (r slotRun) slot() slot {
	return slot{owner: r.Group, epoch: r.Epoch, to: r.To, handoff: r.Handoff}
}

// Decode reads an encoded map and checks it. Bytes of another version, with unknown fields, or that
// make no sound map are ErrCodec.
func Decode(b []byte) (*Map, error) {
	var e encodedMap
	if err := strict(b, &e); err != nil {
		return nil, err
	}
	if e.V != mapVersion {
		return nil, fmt.Errorf("%w: map version %d", ErrCodec, e.V)
	}
	d := &draft{Map: Map{ClusterID: e.ClusterID, Version: e.Version, Epoch: e.Epoch, Fence: e.Fence, nodes: e.Nodes, groups: e.Groups}}
	for _, run := range e.Slots {
		if !run.valid() {
			return nil, fmt.Errorf("%w: %w: %d-%d", ErrCodec, ErrBadRange, run.Start, run.End)
		}
		for i := range slotsOf([]Range{run.Range}) {
			*d.editSlot(i) = run.slot()
		}
	}
	return d.decoded()
}

func (d *draft) decoded() (*Map, error) {
	m := d.Map
	m.index = m.makeIndex()
	if err := m.Check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCodec, err)
	}
	m.state = m.computeState()
	return &m, nil
}

// UnmarshalJSON makes a Map a field of other JSON values; use Decode for a map by itself.
func (m *Map) UnmarshalJSON(b []byte) error {
	decoded, err := Decode(b)
	if err != nil {
		return err
	}
	*m = *decoded
	return nil
}

// EncodeChange encodes a change; the caller's envelope carries version and checksum.
func EncodeChange(c Change) ([]byte, error) { return json.Marshal(c) }

// DecodeChange reads an encoded change. A kind or a field that this build does not know is an error:
// ErrUnknownKind, ErrCodec.
func DecodeChange(b []byte) (Change, error) {
	var c Change
	if err := strict(b, &c); err != nil {
		return Change{}, err
	}
	if !c.Kind.Known() {
		return Change{}, fmt.Errorf("%w: %q", ErrUnknownKind, c.Kind)
	}
	return c, nil
}

// strict decodes exactly one JSON value without unknown fields.
func strict(b []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("%w: %w", ErrCodec, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return fmt.Errorf("%w: more after the end", ErrCodec)
	}
	return nil
}
