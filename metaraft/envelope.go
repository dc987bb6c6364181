package metaraft

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"

	"github.com/redoubtdb/redoubt/slotmap"
)

// Everything this package writes stands in an envelope:
//
//	version  1 byte   what it is, in which version; a number is never reused
//	crc32c   4 bytes  big endian, over version and body
//	body     JSON
const (
	envelopeEntry    byte = 1
	envelopeSnapshot byte = 2
	envelopeRequest  byte = 3 // of meta.change
	envelopeAnswer   byte = 4 // to meta.change
	envelopeHeader        = 5 // bytes
	// MaxEntry bounds an encoded change, in bytes.
	MaxEntry = 4 << 20
)

// entry is one entry of the metadata log: a change, the first map, or neither (a barrier).
type entry struct {
	Proposer string          `json:"proposer"` // who waits for the result
	Seq      uint64          `json:"seq"`
	Change   json.RawMessage `json:"change,omitempty"`
	Genesis  *slotmap.Map    `json:"genesis,omitempty"`
}

// snapshotBody is the machine's state.
type snapshotBody struct {
	Applied uint64       `json:"applied"`
	Map     *slotmap.Map `json:"map"` // null before the genesis entry
}

func seal(version byte, body any) ([]byte, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	out := make([]byte, envelopeHeader, envelopeHeader+len(b))
	out[0] = version
	out = append(out, b...)
	binary.BigEndian.PutUint32(out[1:], checksum(version, b))
	return out, nil
}

func unseal(version byte, b []byte, into any) error {
	if len(b) < envelopeHeader {
		return fmt.Errorf("%w: %d bytes", ErrCorrupt, len(b))
	}
	if b[0] != version {
		return fmt.Errorf("%w: version %d, want %d", ErrCorrupt, b[0], version)
	}
	body := b[envelopeHeader:]
	if got, want := checksum(version, body), binary.BigEndian.Uint32(b[1:]); got != want {
		return fmt.Errorf("%w: checksum %08x, want %08x", ErrCorrupt, got, want)
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return nil
}

func checksum(version byte, body []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum([]byte{version}, table), table, body)
}

// encodeEntry seals an entry whose change is c, or no change if c is nil.
func encodeEntry(e entry, c *slotmap.Change) ([]byte, error) {
	if c != nil {
		b, err := slotmap.EncodeChange(*c)
		if err != nil {
			return nil, err
		}
		e.Change = b
	}
	b, err := seal(envelopeEntry, e)
	if err == nil && len(b) > MaxEntry {
		return nil, fmt.Errorf("%w: %d bytes", slotmap.ErrBadChange, len(b))
	}
	return b, err
}
