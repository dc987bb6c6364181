package persistence

import (
	"math/rand/v2"
	"slices"
)

// A write that was begun and not acknowledged may have reached the disk when the process
// or the machine dies: not at all, in part, or as a whole. So Memory keeps what is under
// way apart, and the crash decides. Of entries the first few may be there (Dir cuts the
// torn one behind them when it opens the log); everything else Dir replaces by a rename,
// so that it is the old or the new one. A write that failed is decided in the same way,
// a group's when its session ends.
//
// What was acknowledged stays, with one exception: with NoSync the end of the log is only
// known to the operating system, which outlives a process (Crash) but no loss of power
// (PowerCut).

// maxUnsynced bounds how many entries the operating system has not written by itself yet.
const maxUnsynced = 100

// unfinished is a write under way, or one that failed.
type unfinished struct {
	session *memorySession       // nil: of no group
	part    func(rng *rand.Rand) // leaves some or all of it
}

// Seed lets chance take another course at the next crash; Memory's own is always the same.
func (m *Memory) Seed(seed uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rng = rand.New(rand.NewPCG(seed, 1))
}

// PowerCut is Crash of the whole machine: entries that were stored with NoSync may be
// lost from the log's end, although they were acknowledged.
func (m *Memory) PowerCut() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.crash()
	for _, name := range sortedNames(m.groups) {
		g := m.groups[name]
		lost := m.rng.IntN(g.unsynced + 1)
		g.entries = slices.Clone(g.entries[:len(g.entries)-lost])
		g.unsynced = 0
	}
}

// beginWrite notes a write before it can have left anything.
func (m *Memory) beginWrite(s *memorySession, part func(rng *rand.Rand)) *unfinished {
	m.mu.Lock()
	defer m.mu.Unlock()
	u := &unfinished{s, part}
	if !m.down && (s == nil || s.group.session == s) {
		m.unfinished = append(m.unfinished, u)
	}
	return u
}

// endWrite forgets it; false means that a crash or a close has decided already. The
// caller holds mu.
func (m *Memory) endWrite(u *unfinished) bool {
	i := slices.Index(m.unfinished, u)
	if i < 0 {
		return false
	}
	m.unfinished = slices.Delete(m.unfinished, i, i+1)
	return true
}

// land decides what is left of the writes of a session, or of all (nil). The caller holds mu.
func (m *Memory) land(s *memorySession) {
	var left []*unfinished
	for _, u := range m.unfinished {
		if s != nil && u.session != s {
			left = append(left, u)
		} else {
			u.part(m.rng)
		}
	}
	m.unfinished = left
}

// perhaps leaves all of a write, or nothing.
func perhaps(f func()) func(*rand.Rand) {
	return func(rng *rand.Rand) {
		if rng.IntN(2) == 0 {
			f()
		}
	}
}
