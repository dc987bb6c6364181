package shardgroup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/shardgroup/bus"
	"github.com/redoubtdb/redoubt/slotmap"
)

// The members of a group compare their states all the time: each takes samples at the same
// entries, and the leader asks for them. A difference means that a machine is broken or that
// the program does not do the same everywhere; either way acknowledged data are at stake.
const (
	// patrolInterval is how often a leader asks the data members for their samples.
	patrolInterval = time.Second
	// patrolTimeout bounds one such question.
	patrolTimeout = 500 * time.Millisecond
	// idlePatrol is how long a group may have been idle when its leader lets time go on, so
	// that members that have nothing to do are compared too.
	idlePatrol = 2 * time.Second
	// repeatAlarm is how often a difference that lasts is logged.
	repeatAlarm = time.Minute
)

// ErrDiverged is why a member stops whose state differs from that of a majority.
var ErrDiverged = errors.New("this member's state differs from that of the majority of its group")

// Patrol is what a member knows of the comparison of states.
type Patrol struct {
	Checked    uint64 // the last entry at which this member was compared with another, 0: none yet
	Mismatches uint64 // comparisons that found a difference, since the member was opened
}

// patrol is the member's part in it.
type patrol struct {
	checked    atomic.Uint64
	mismatches atomic.Uint64

	mu      sync.Mutex // guards alarmed
	alarmed time.Time  // when a difference was last logged
}

// Patrol tells how the comparison stands.
func (g *Group) Patrol() Patrol {
	return Patrol{Checked: g.patrol.checked.Load(), Mismatches: g.patrol.mismatches.Load()}
}

// patrol compares the data members in the background, once in a while.
func (r *reign) patrol(ctx context.Context, m *slotmap.Map) {
	w, ok := want(m, r.g.opt.ID)
	if !ok || len(w.data) < 2 || time.Since(r.patrolled) < patrolInterval || !r.patrols.start() {
		return
	}
	r.patrolled = time.Now()
	r.wg.Go(func() {
		defer r.patrols.finish()
		r.g.compare(ctx, w.data)
	})
}

// idle tells whether a tick is due for the sake of the patrol alone.
func (r *reign) idle(m *slotmap.Map) bool {
	w, ok := want(m, r.g.opt.ID)
	return ok && len(w.data) > 1 && time.Since(time.UnixMilli(r.g.Machine().Now())) > idlePatrol
}

// compare collects the samples of all data members and acts on what they say.
func (g *Group) compare(ctx context.Context, data []string) {
	mine := g.member.samples.list()
	seen := map[string][]fsm.Sample{g.opt.ServerID: mine}
	var mu sync.Mutex // guards seen
	var wg sync.WaitGroup
	for _, id := range data {
		if id == g.opt.ServerID {
			continue
		}
		wg.Go(func() {
			list, err := g.askSamples(ctx, id, mine)
			if err != nil {
				return // it is away, or of an older version
			}
			mu.Lock()
			defer mu.Unlock()
			seen[id] = list
		})
	}
	wg.Wait()
	v := judge(data, seen)
	if v.compared > 0 {
		g.patrol.checked.Store(v.compared)
	}
	if v.index != 0 {
		g.alarm(v.index, "samples", v.samples, "wrong", v.wrong)
		g.condemn(ctx, v)
	}
}

func (g *Group) askSamples(ctx context.Context, serverID string, mine []fsm.Sample) ([]fsm.Sample, error) {
	ctx, cancel := context.WithTimeout(ctx, patrolTimeout)
	defer cancel()
	body, err := g.call(ctx, serverID, "patrol", encodeSamples(mine))
	if err != nil {
		return nil, err
	}
	return decodeSamples(body)
}

// alarm says that members differ.
func (g *Group) alarm(index uint64, args ...any) {
	g.patrol.mismatches.Add(1)
	g.patrol.mu.Lock()
	defer g.patrol.mu.Unlock()
	if !g.patrol.alarmed.IsZero() && time.Since(g.patrol.alarmed) < repeatAlarm {
		return
	}
	g.patrol.alarmed = time.Now()
	g.log.Error("THE MEMBERS OF A GROUP HAVE DIFFERENT STATES", append([]any{"entry", index}, args...)...)
}

// condemn makes those stop that differ from a majority.
func (g *Group) condemn(ctx context.Context, v verdict) {
	for _, id := range v.wrong {
		if id == g.opt.ServerID {
			g.diverged(v.right)
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, patrolTimeout)
		if _, err := g.call(ctx, id, "diverged", encodeSamples([]fsm.Sample{v.right})); err != nil {
			g.log.Warn("a member whose state is wrong could not be told so", "server", id, "error", err)
		}
		cancel()
	}
}

// diverged ends this member if its own sample is not the right one.
func (g *Group) diverged(right fsm.Sample) {
	mine, ok := g.member.samples.at(right.Index)
	if !ok || mine == right {
		return
	}
	g.member.broken.Store(true)
	g.replica.Fail(fmt.Errorf("%w: at entry %d its log hash is %016x and its sample %016x, theirs are %016x and %016x",
		ErrDiverged, right.Index, mine.Log, mine.State, right.Log, right.State))
}

// servePatrol takes the leader's samples and answers with this member's.
func (g *Group) servePatrol(_ context.Context, from bus.Identity, body []byte) ([]byte, error) {
	if g.member == nil || !g.knows(from) {
		return nil, ErrNotOwned
	}
	theirs, err := decodeSamples(body)
	if err != nil {
		return nil, err
	}
	mine := g.member.samples.list()
	v := judge(nil, map[string][]fsm.Sample{g.opt.ServerID: mine, from.ServerID(): theirs})
	if v.compared > 0 {
		g.patrol.checked.Store(v.compared)
	}
	if v.index != 0 {
		g.alarm(v.index, "samples", v.samples)
	}
	return encodeSamples(mine), nil
}

// serveDiverged takes a leader's word that this member's state is wrong.
func (g *Group) serveDiverged(_ context.Context, from bus.Identity, body []byte) ([]byte, error) {
	if g.member == nil || !g.knows(from) {
		return nil, ErrNotOwned
	}
	list, err := decodeSamples(body)
	if err == nil && len(list) == 1 {
		g.diverged(list[0])
	}
	return nil, err
}

// knows tells whether a caller is a data member of this group.
func (g *Group) knows(from bus.Identity) bool {
	w, ok := want(g.dep.Topology.Map(), g.opt.ID)
	return ok && slices.Contains(w.data, from.ServerID())
}
