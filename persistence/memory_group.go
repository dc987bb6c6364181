package persistence

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/hashicorp/raft"
)

// memoryGroup is what would stand on disk. Memory.mu guards it.
type memoryGroup struct {
	name      string
	first     uint64 // index of entries[0]
	entries   []raft.Log
	stable    map[string][]byte
	snapshots []*memorySnapshot
	session   *memorySession // who has it open; nil: nobody
	unsynced  int            // how many entries at the end only the operating system has, see PowerCut
}

// memorySession is one opening of a group: what it handed out dies with it.
type memorySession struct {
	memory  *Memory
	group   *memoryGroup
	options GroupOptions
}

func (s *memorySession) close() error {
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	if s.group.session == s {
		s.memory.land(s)
		s.group.session = nil
	}
	return nil
}

// read runs f with the group locked, if the session is still open.
func (s *memorySession) read(f func(g *memoryGroup) error) error {
	s.memory.mu.Lock()
	defer s.memory.mu.Unlock()
	if s.group.session != s {
		return ErrClosed
	}
	return f(s.group)
}

// write is read after the test's hook was asked.
func (s *memorySession) write(what string, f func(g *memoryGroup) error) error {
	return s.writePart(what, f, perhaps(func() { _ = f(s.group) }))
}

// writePart is write with what a crash before its end may leave of it.
func (s *memorySession) writePart(what string, f func(g *memoryGroup) error, part func(rng *rand.Rand)) error {
	u := s.memory.beginWrite(s, part)
	if err := s.memory.ask(what, s.group.name); err != nil {
		return err
	}
	return s.read(func(g *memoryGroup) error {
		if !s.memory.endWrite(u) {
			return ErrClosed
		}
		return f(g)
	})
}

// memoryLog is the log of a session.
type memoryLog struct{ s *memorySession }

var (
	_ raft.LogStore      = (*memoryLog)(nil)
	_ raft.StableStore   = (*memoryStable)(nil)
	_ raft.SnapshotStore = (*memorySnapshots)(nil)
)

func (l *memoryLog) FirstIndex() (first uint64, err error) {
	err = l.s.read(func(g *memoryGroup) error {
		if len(g.entries) > 0 {
			first = g.first
		}
		return nil
	})
	return first, err
}

func (l *memoryLog) LastIndex() (last uint64, err error) {
	err = l.s.read(func(g *memoryGroup) error {
		last = g.lastIndex()
		return nil
	})
	return last, err
}

func (g *memoryGroup) lastIndex() uint64 {
	if len(g.entries) == 0 {
		return 0
	}
	return g.first + uint64(len(g.entries)) - 1
}

func (l *memoryLog) GetLog(index uint64, e *raft.Log) error {
	return l.s.read(func(g *memoryGroup) error {
		if index < g.first || index > g.lastIndex() {
			return raft.ErrLogNotFound
		}
		*e = copyEntry(&g.entries[index-g.first])
		return nil
	})
}

func (l *memoryLog) StoreLog(e *raft.Log) error { return l.StoreLogs([]*raft.Log{e}) }

// StoreLogs stores entries; of a call that did not come to its end the first few may be
// there, as in a file whose torn end is cut.
func (l *memoryLog) StoreLogs(entries []*raft.Log) error {
	return l.s.writePart("log", func(g *memoryGroup) error {
		return g.store(entries, l.s.options.NoSync)
	}, func(rng *rand.Rand) {
		_ = l.s.group.store(entries[:min(rng.IntN(len(entries)+2), len(entries))], l.s.options.NoSync)
	})
}

// StoreUnsynced stores entries that a power cut may take away until Sync has returned.
func (l *memoryLog) StoreUnsynced(entries []*raft.Log) error {
	return l.s.read(func(g *memoryGroup) error { return g.store(entries, true) })
}

// Sync makes what was stored durable, unless the group is one that never syncs.
func (l *memoryLog) Sync() error {
	return l.s.writePart("log", func(g *memoryGroup) error {
		if !l.s.options.NoSync {
			g.unsynced = 0
		}
		return nil
	}, func(*rand.Rand) {})
}

func (g *memoryGroup) store(entries []*raft.Log, noSync bool) error {
	if err := checkEntries(entries, g.lastIndex()); err != nil {
		return err
	}
	if len(g.entries) == 0 && len(entries) > 0 {
		g.first = entries[0].Index
	}
	for _, e := range entries {
		g.entries = append(g.entries, copyEntry(e))
	}
	if noSync {
		g.unsynced = min(g.unsynced+len(entries), maxUnsynced)
	}
	return nil
}

func (l *memoryLog) DeleteRange(from, to uint64) error {
	return l.s.write("log", func(g *memoryGroup) error {
		last := g.lastIndex()
		switch {
		case last == 0 || from > to || to < g.first || from > last:
			return nil
		case from <= g.first:
			n := min(to, last) - g.first + 1
			g.entries = slices.Clone(g.entries[n:])
			g.first += n
			g.unsynced = min(g.unsynced, len(g.entries))
			return nil
		case to >= last:
			g.entries = slices.Clone(g.entries[:from-g.first])
			g.unsynced = max(0, g.unsynced-int(last-from+1))
			return nil
		}
		return fmt.Errorf("delete %d to %d of %d to %d: not a prefix or suffix", from, to, g.first, last)
	})
}

func copyEntry(e *raft.Log) raft.Log {
	c := *e
	c.Data, c.Extensions = bytes.Clone(e.Data), bytes.Clone(e.Extensions)
	return c
}

// memoryStable is the stable store of a session.
type memoryStable struct{ s *memorySession }

func (t *memoryStable) Set(key, value []byte) error {
	return t.s.write("stable", func(g *memoryGroup) error {
		g.stable[string(key)] = append([]byte{}, value...)
		return nil
	})
}

func (t *memoryStable) Get(key []byte) (value []byte, err error) {
	err = t.s.read(func(g *memoryGroup) error {
		v, ok := g.stable[string(key)]
		if !ok {
			return ErrKeyNotFound
		}
		value = bytes.Clone(v)
		return nil
	})
	return value, err
}

func (t *memoryStable) SetUint64(key []byte, n uint64) error {
	return t.Set(key, binary.BigEndian.AppendUint64(nil, n))
}

func (t *memoryStable) GetUint64(key []byte) (uint64, error) {
	v, err := t.Get(key)
	if err != nil {
		return 0, err
	}
	return parseUint64(key, v)
}
