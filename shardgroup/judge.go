package shardgroup

import (
	"slices"

	"github.com/redoubtdb/redoubt/fsm"
)

// verdict is what a comparison of samples says.
type verdict struct {
	compared uint64                // the last entry at which two members at least have a sample, 0: none
	index    uint64                // the first entry at which members differ, 0: they do not
	samples  map[string]fsm.Sample // there, by server id
	right    fsm.Sample            // there, of a majority of all data members, if wrong names anybody
	wrong    []string              // who differs from it, in the order of the data members
}

// judge compares what the data members of a group have sampled at the same entries. Who
// differs from a majority of all of them, those that did not answer included, is wrong; where
// there is no majority, as among two, nobody can tell.
func judge(data []string, seen map[string][]fsm.Sample) verdict {
	var v verdict
	for _, index := range indexes(seen) {
		there := make(map[string]fsm.Sample)
		for id, list := range seen {
			if s, ok := sampleAt(list, index); ok {
				there[id] = s
			}
		}
		if len(there) < 2 {
			continue
		}
		v.compared = index
		if v.index == 0 && differ(there) {
			v.index, v.samples = index, there
			v.right, v.wrong = minority(data, there)
		}
	}
	return v
}

// indexes lists all entries at which there are samples.
func indexes(seen map[string][]fsm.Sample) (all []uint64) {
	for _, list := range seen {
		for _, s := range list {
			all = append(all, s.Index)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func differ(there map[string]fsm.Sample) bool {
	var one *fsm.Sample
	for _, s := range there {
		if one != nil && s != *one {
			return true
		}
		one = &s
	}
	return false
}

// minority finds who differs from a majority.
func minority(data []string, there map[string]fsm.Sample) (right fsm.Sample, wrong []string) {
	count := make(map[fsm.Sample]int)
	for _, id := range data {
		if s, ok := there[id]; ok {
			if count[s]++; 2*count[s] > len(data) {
				right = s
			}
		}
	}
	if 2*count[right] <= len(data) {
		return fsm.Sample{}, nil
	}
	for _, id := range data {
		if s, ok := there[id]; ok && s != right {
			wrong = append(wrong, id)
		}
	}
	return right, wrong
}
