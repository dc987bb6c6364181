package node

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/resp/server"
	"github.com/redoubtdb/redoubt/shardgroup"
	"github.com/redoubtdb/redoubt/slotmap"
)

// shard is the frontend's view of this node's own data group, which is another one
// after CLUSTER REPLICATE or RESET.
type shard struct {
	group  atomic.Pointer[shardgroup.Group]
	stale  func() bool // replica-read-consistency stale
	frozen *freezer
}

var (
	_ server.Shard  = (*shard)(nil)
	_ server.Peeker = (*shard)(nil)
	_ server.Proof  = (*shardgroup.Group)(nil)
)

func (s *shard) use(g *shardgroup.Group) { s.group.Store(g) }

// drop forgets g if it is the current group.
func (s *shard) drop(g *shardgroup.Group) { s.group.CompareAndSwap(g, nil) }

// machine is the group's state here, nil while there is none.
func (s *shard) machine() *fsm.Machine {
	if g := s.group.Load(); g != nil {
		return g.Machine()
	}
	return nil
}

// Do implements server.Shard.
func (s *shard) Do(_ context.Context, r *fsm.Request) error {
	s.frozen.pass()
	g := s.group.Load()
	if g == nil {
		return server.ErrNotRun
	}
	return translate(g.Do(r))
}

// Read implements server.Shard.
func (s *shard) Read(ctx context.Context, op *fsm.Op, w *resp.Writer, o server.ReadOptions) error {
	s.frozen.pass()
	g := s.group.Load()
	switch {
	case g == nil:
		return server.ErrNotRun
	case o.Replica && !g.Leading():
		return translate(g.ReplicaRead(ctx, op, w, s.stale()))
	}
	return translate(g.Read(ctx, op, w))
}

// Peek implements server.Peeker.
func (s *shard) Peek(op *fsm.Op, w *resp.Writer, now int64) (server.Proof, uint64) {
	s.frozen.pass()
	g := s.group.Load()
	if g == nil {
		return nil, 0
	}
	term, ok := g.Peek(op, w, now)
	if !ok {
		return nil, 0
	}
	return g, term
}

// Watch implements server.Shard.
func (s *shard) Watch(ctx context.Context, key []byte) (fsm.Watch, error) {
	s.frozen.pass()
	g := s.group.Load()
	if g == nil {
		return fsm.Watch{}, server.ErrNotRun
	}
	w, err := g.Watch(ctx, key)
	return w, translate(err)
}

// Leading implements server.Shard.
func (s *shard) Leading() bool {
	g := s.group.Load()
	return g != nil && g.Leading()
}

// Leader implements server.Shard.
func (s *shard) Leader() slotmap.NodeID {
	g := s.group.Load()
	if g == nil {
		return ""
	}
	return g.Leader()
}

// translate turns the group's errors into the frontend's.
func translate(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, shardgroup.ErrNotOwned):
		return server.ErrNotOwned
	case errors.Is(err, shardgroup.ErrNoSpace):
		return fmt.Errorf("%w: %w", server.ErrNoSpace, err)
	case errors.Is(err, shardgroup.ErrNotRun):
		return fmt.Errorf("%w: %w", server.ErrNotRun, err)
	}
	return fmt.Errorf("%w: %w", server.ErrIndeterminate, err)
}
