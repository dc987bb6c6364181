package persistence

import (
	"encoding/json"
	"fmt"

	"github.com/hashicorp/raft"
)

// description is what meta.json says.
type description struct {
	meta raft.SnapshotMeta
	sum  uint32 // CRC-32C of the dump
}

// descriptionJSON is its form in the file, apart from Raft's own types so that
// these may change.
type descriptionJSON struct {
	Version            int          `json:"version"`
	ID                 string       `json:"id"`
	Index              uint64       `json:"index"`
	Term               uint64       `json:"term"`
	ConfigurationIndex uint64       `json:"configuration_index"`
	Servers            []serverJSON `json:"servers"`
	Size               int64        `json:"size"`
	Checksum           uint32       `json:"dump_crc32c"`
}

type serverJSON struct {
	ID       string `json:"id"`
	Address  string `json:"address"`
	Suffrage string `json:"suffrage"`
}

const descriptionVersion = 1

func encodeDescription(d description) ([]byte, error) {
	j := descriptionJSON{
		Version: descriptionVersion, ID: d.meta.ID, Index: d.meta.Index, Term: d.meta.Term,
		ConfigurationIndex: d.meta.ConfigurationIndex, Size: d.meta.Size, Checksum: d.sum,
	}
	for _, s := range d.meta.Configuration.Servers {
		j.Servers = append(j.Servers, serverJSON{string(s.ID), string(s.Address), s.Suffrage.String()})
	}
	body, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	return seal(body), nil
}

func decodeDescription(b []byte) (description, error) {
	body, err := unseal(b)
	if err != nil {
		return description{}, err
	}
	var j descriptionJSON
	if err := json.Unmarshal(body, &j); err != nil {
		return description{}, err
	}
	if j.Version != descriptionVersion {
		return description{}, fmt.Errorf("unknown version %d", j.Version)
	}
	d := description{sum: j.Checksum, meta: raft.SnapshotMeta{
		Version: 1, ID: j.ID, Index: j.Index, Term: j.Term, ConfigurationIndex: j.ConfigurationIndex, Size: j.Size,
	}}
	for _, s := range j.Servers {
		suffrage, err := parseSuffrage(s.Suffrage)
		if err != nil {
			return description{}, err
		}
		d.meta.Configuration.Servers = append(d.meta.Configuration.Servers,
			raft.Server{Suffrage: suffrage, ID: raft.ServerID(s.ID), Address: raft.ServerAddress(s.Address)})
	}
	return d, nil
}

func parseSuffrage(s string) (raft.ServerSuffrage, error) {
	for _, known := range []raft.ServerSuffrage{raft.Voter, raft.Nonvoter, raft.Staging} {
		if known.String() == s {
			return known, nil
		}
	}
	return 0, fmt.Errorf("unknown suffrage %q", s)
}
