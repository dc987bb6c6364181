package persistence

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/raft"
)

// newMeta makes the description of a snapshot about to be written.
func newMeta(version raft.SnapshotVersion, index, term uint64, configuration raft.Configuration,
	configurationIndex uint64) (raft.SnapshotMeta, error) {
	if version != 1 {
		return raft.SnapshotMeta{}, fmt.Errorf("create snapshot: unknown version %d", version)
	}
	return raft.SnapshotMeta{
		Version:            version,
		ID:                 fmt.Sprintf("%d-%d-%d", term, index, time.Now().UnixMilli()),
		Index:              index,
		Term:               term,
		Configuration:      configuration.Clone(),
		ConfigurationIndex: configurationIndex,
	}, nil
}

// parseID takes a snapshot's id, "term-index-milliseconds", apart.
func parseID(id string) (term, index, ms uint64, ok bool) {
	parts := strings.Split(id, "-")
	if len(parts) != 3 {
		return 0, 0, 0, false
	}
	var n [3]uint64
	for i, p := range parts {
		var err error
		if n[i], err = strconv.ParseUint(p, 10, 64); err != nil {
			return 0, 0, 0, false
		}
	}
	return n[0], n[1], n[2], true
}

// nextID returns the id a millisecond later, for when one is taken.
func nextID(id string) string {
	term, index, ms, _ := parseID(id)
	return fmt.Sprintf("%d-%d-%d", term, index, ms+1)
}

// compareNewest orders snapshots newest first, as Raft expects them.
func compareNewest(a, b *raft.SnapshotMeta) int {
	_, _, timeA, _ := parseID(a.ID)
	_, _, timeB, _ := parseID(b.ID)
	return cmp.Or(cmp.Compare(b.Term, a.Term), cmp.Compare(b.Index, a.Index), cmp.Compare(timeB, timeA))
}

func sortNewestFirst(metas []*raft.SnapshotMeta) {
	slices.SortFunc(metas, compareNewest)
}
