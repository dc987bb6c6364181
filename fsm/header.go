package fsm

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// Kind says what an entry is. The numbers are on disk and are never reused.
type Kind uint8

// The kinds of entries.
const (
	KindCommands Kind = 1 // clients' commands
	KindNewTerm  Kind = 2 // a new leader's first entry
	KindTick     Kind = 3 // time goes on
	KindGates    Kind = 4 // slots are acquired and released
	KindDigest   Kind = 5 // members compare their states after this entry
)

// Header begins every entry.
type Header struct {
	Kind     Kind
	Now      int64  // leader's clock, ms since 1970
	Seed     uint64 // of everything random in the entry
	Proposer uint64 // which process made the entry...
	Seq      uint64 // ...and which of its entries it is
}

// The layout of an entry, integers in little-endian order:
//
//	0  version       1 byte
//	1  kind          1
//	2  checksum      4   CRC-32C of all bytes but these four
//	6  now           8
//	14 seed          8
//	22 proposer      8
//	30 seq           8
//	38 body
const (
	entryVersion = 1
	crcOffset    = 2
	crcEnd       = crcOffset + 4
	headerBytes  = 38
)

// appendHeader starts an entry; seal finishes it.
func appendHeader(b []byte, h Header) []byte {
	b = append(b, entryVersion, byte(h.Kind), 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint64(b, uint64(h.Now))
	b = binary.LittleEndian.AppendUint64(b, h.Seed)
	b = binary.LittleEndian.AppendUint64(b, h.Proposer)
	return binary.LittleEndian.AppendUint64(b, h.Seq)
}

// seal writes the checksum of a whole entry.
func seal(entry []byte) []byte {
	binary.LittleEndian.PutUint32(entry[crcOffset:], checksum(entry))
	return entry
}

func checksum(entry []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli) // the library keeps one
	return crc32.Update(crc32.Checksum(entry[:crcOffset], table), table, entry[crcEnd:])
}

// DecodeHeader checks an entry's version and checksum and returns its header.
func DecodeHeader(entry []byte) (Header, error) {
	h, _, err := splitEntry(entry)
	return h, err
}

func splitEntry(entry []byte) (h Header, body []byte, err error) {
	switch {
	case len(entry) < headerBytes:
		return h, nil, fmt.Errorf("%w: %d bytes", ErrCorrupt, len(entry))
	case binary.LittleEndian.Uint32(entry[crcOffset:]) != checksum(entry):
		return h, nil, fmt.Errorf("%w: wrong checksum", ErrCorrupt)
	case entry[0] != entryVersion:
		return h, nil, fmt.Errorf("%w %d of an entry", ErrVersion, entry[0])
	}
	h = Header{
		Kind:     Kind(entry[1]),
		Now:      int64(binary.LittleEndian.Uint64(entry[6:])),
		Seed:     binary.LittleEndian.Uint64(entry[14:]),
		Proposer: binary.LittleEndian.Uint64(entry[22:]),
		Seq:      binary.LittleEndian.Uint64(entry[30:]),
	}
	if h.Kind < KindCommands || h.Kind > KindDigest {
		return h, nil, fmt.Errorf("%w: kind %d of an entry", ErrVersion, h.Kind)
	}
	return h, entry[headerBytes:], nil
}
