package persistence

import (
	"bytes"
	"fmt"
	"io"
	"slices"

	"github.com/hashicorp/raft"
)

// memorySnapshot is a complete snapshot.
type memorySnapshot struct {
	meta raft.SnapshotMeta
	data []byte
}

// memorySnapshots is the snapshot store of a session.
type memorySnapshots struct{ s *memorySession }

func (st *memorySnapshots) Create(version raft.SnapshotVersion, index, term uint64, configuration raft.Configuration,
	configurationIndex uint64, _ raft.Transport) (raft.SnapshotSink, error) {
	meta, err := newMeta(version, index, term, configuration, configurationIndex)
	if err != nil {
		return nil, err
	}
	err = st.s.read(func(g *memoryGroup) error {
		for g.snapshot(meta.ID) != nil {
			meta.ID = nextID(meta.ID)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("create snapshot: %w", err)
	}
	return &memorySink{s: st.s, meta: meta}, nil
}

func (st *memorySnapshots) List() (metas []*raft.SnapshotMeta, err error) {
	err = st.s.read(func(g *memoryGroup) error {
		for _, snap := range g.snapshots {
			meta := snap.meta
			metas = append(metas, &meta)
		}
		return nil
	})
	sortNewestFirst(metas)
	return metas, err
}

func (st *memorySnapshots) Open(id string) (meta *raft.SnapshotMeta, r io.ReadCloser, err error) {
	err = st.s.read(func(g *memoryGroup) error {
		snap := g.snapshot(id)
		if snap == nil {
			return fmt.Errorf("open snapshot %s: %w", id, ErrNoSnapshot)
		}
		copied := snap.meta
		meta, r = &copied, io.NopCloser(bytes.NewReader(snap.data))
		return nil
	})
	return meta, r, err
}

func (g *memoryGroup) snapshot(id string) *memorySnapshot {
	i := slices.IndexFunc(g.snapshots, func(s *memorySnapshot) bool { return s.meta.ID == id })
	if i < 0 {
		return nil
	}
	return g.snapshots[i]
}

// memorySink is a snapshot being written.
type memorySink struct {
	s    *memorySession
	meta raft.SnapshotMeta
	buf  bytes.Buffer
	done bool
	err  error // of Close
}

func (k *memorySink) ID() string { return k.meta.ID }

func (k *memorySink) Write(b []byte) (int, error) {
	if k.done {
		return 0, ErrClosed
	}
	return k.buf.Write(b)
}

func (k *memorySink) Cancel() error {
	k.done = true
	return nil
}

func (k *memorySink) Close() error {
	if !k.done {
		k.done = true
		k.err = k.commit()
	}
	return k.err
}

func (k *memorySink) commit() error {
	data := k.buf.Bytes()
	if check := k.s.options.CheckSnapshot; check != nil {
		if err := check(bytes.NewReader(data)); err != nil {
			return fmt.Errorf("%w: %w", ErrSnapshotRefused, err)
		}
	}
	k.meta.Size = int64(len(data))
	return k.s.write("snapshot", func(g *memoryGroup) error {
		g.snapshots = append(g.snapshots, &memorySnapshot{k.meta, data})
		slices.SortFunc(g.snapshots, func(a, b *memorySnapshot) int { return compareNewest(&a.meta, &b.meta) })
		keep := min(len(g.snapshots), k.s.options.RetainSnapshots)
		g.snapshots = slices.Clone(g.snapshots[:keep])
		return nil
	})
}
