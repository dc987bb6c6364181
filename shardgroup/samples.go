package shardgroup

import (
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"github.com/redoubtdb/redoubt/fsm"
)

const (
	// keptSamples is how many samples a member remembers: some seconds of a busy group.
	keptSamples = 64
	// minSampleGap is the shortest time between two samples. A member that catches up applies
	// many rounds at once, and nobody will ask it about most of them.
	minSampleGap = 50 * time.Millisecond
	// roundEntries is after how many entries a round begins in any case.
	roundEntries = 4096
)

// samples are what this member has seen on patrol (see fsm.Sample).
type samples struct {
	last time.Time // of the applier

	mu   sync.Mutex   // guards what follows
	kept []fsm.Sample // by index, growing
}

// walk takes a sample if the entry just applied begins a round; before is the machine's time
// before it. The index begins one too now and then: a leader's clock that was set back does not
// make time go on for a while.
func (s *samples) walk(machine *fsm.Machine, index uint64, before int64) {
	if fsm.PatrolRound(machine.Now()) == fsm.PatrolRound(before) && index%roundEntries != 0 {
		return
	}
	now := time.Now()
	if now.Sub(s.last) < minSampleGap {
		return
	}
	s.last = now
	s.keep(machine.Sample())
}

func (s *samples) keep(sample fsm.Sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.kept) == keptSamples {
		copy(s.kept, s.kept[1:])
		s.kept = s.kept[:keptSamples-1]
	}
	s.kept = append(s.kept, sample)
}

// forget is called when the state is replaced by a snapshot: it is another state now.
func (s *samples) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = s.kept[:0]
}

// list returns what is remembered.
func (s *samples) list() []fsm.Sample {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]fsm.Sample(nil), s.kept...)
}

// at returns the sample taken at an entry.
func (s *samples) at(index uint64) (fsm.Sample, bool) {
	return sampleAt(s.list(), index)
}

func sampleAt(list []fsm.Sample, index uint64) (fsm.Sample, bool) {
	for _, s := range list {
		if s.Index == index {
			return s, true
		}
	}
	return fsm.Sample{}, false
}

// Samples travel as: version, then for each: index:8 log:8 state:8, big-endian.
const sampleBytes = 3 * 8

func encodeSamples(list []fsm.Sample) []byte {
	b := make([]byte, 1, 1+len(list)*sampleBytes)
	b[0] = fsm.PatrolVersion
	for _, s := range list {
		b = binary.BigEndian.AppendUint64(b, s.Index)
		b = binary.BigEndian.AppendUint64(b, s.Log)
		b = binary.BigEndian.AppendUint64(b, s.State)
	}
	return b
}

// decodeSamples returns no samples for another version: they could not be compared with ours.
func decodeSamples(b []byte) ([]fsm.Sample, error) {
	if len(b) == 0 || (len(b)-1)%sampleBytes != 0 && b[0] == fsm.PatrolVersion {
		return nil, fmt.Errorf("malformed samples of %d bytes", len(b))
	}
	if b[0] != fsm.PatrolVersion {
		return nil, nil
	}
	var list []fsm.Sample
	for b = b[1:]; len(b) > 0; b = b[sampleBytes:] {
		list = append(list, fsm.Sample{Index: binary.BigEndian.Uint64(b), Log: binary.BigEndian.Uint64(b[8:]), State: binary.BigEndian.Uint64(b[16:])})
	}
	return list, nil
}
