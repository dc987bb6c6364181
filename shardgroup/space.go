package shardgroup

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/shardgroup/bus"
	"github.com/redoubtdb/redoubt/shardgroup/replica"
)

// What a group does about full disks. A log that finds no space stands still, and so
// does its member (see persistence); that must not happen to a majority as long as it
// is clients who fill the disks. So a leader refuses their writes while its own disk, or
// those of too many voters, have nothing left but the reserve, and lets everything else
// go on: reads, expiry, elections, membership. A leader whose disk is full for a while
// hands over to a member whose disk is not.

const (
	// fullReport is how often a member whose disk is full tells its leader.
	fullReport = time.Second
	// fullMemory is how long a leader believes a report.
	fullMemory = 3 * fullReport
	// fullMethod is the method that takes reports.
	fullMethod = "full"
)

// fullMembers is what a leader knows of other members' disks.
type fullMembers struct {
	mu   sync.Mutex // guards told
	told map[string]time.Time
}

// note remembers a report.
func (f *fullMembers) note(serverID string, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.told == nil {
		f.told = make(map[string]time.Time)
	}
	f.told[serverID] = now
}

// now is who has reported lately, nil for nobody.
func (f *fullMembers) now(at time.Time) map[string]bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	var full map[string]bool
	for id, told := range f.told {
		if at.Sub(told) > fullMemory {
			delete(f.told, id)
			continue
		}
		if full == nil {
			full = make(map[string]bool)
		}
		full[id] = true
	}
	return full
}

// ownFull tells whether this node's disk would be full after bytes more.
func (g *Group) ownFull(bytes int) bool { return g.dep.Full != nil && g.dep.Full(bytes) }

// noRoom tells whether writes have to be refused.
func (g *Group) noRoom(bytes int) bool {
	if g.ownFull(bytes) {
		return true
	}
	full := g.full.now(time.Now())
	return full != nil && mostFull(g.replica.Configuration(), full)
}

// mostFull tells whether the voters whose disks have room are no majority.
func mostFull(c replica.Configuration, full map[string]bool) bool {
	voters, room := 0, 0
	for _, s := range c.Servers {
		if s.Voter {
			voters++
			if !full[s.ID] {
				room++
			}
		}
	}
	return room <= voters/2
}

// refuseWrites finishes the requests that write if there is no room for them, and
// returns the rest: reads that need an entry, to let keys expire.
func (g *Group) refuseWrites(taken []*pending) []*pending {
	if !g.noRoom(0) {
		return taken
	}
	return slices.DeleteFunc(taken, func(p *pending) bool {
		if !slices.ContainsFunc(p.req.Ops, func(op fsm.Op) bool { return op.IsWrite() }) {
			return false
		}
		p.finish(ErrNoSpace)
		return true
	})
}

// watchDisk tells the leader as long as this member's disk is full.
func (g *Group) watchDisk() {
	t := time.NewTicker(fullReport)
	defer t.Stop()
	for full := false; ; {
		select {
		case <-t.C:
		case <-g.stop:
			return
		}
		if now := g.ownFull(0); now != full {
			full = now
			g.log.Warn("the disk's space has changed", "full", full)
		}
		if leader, _ := g.replica.Leader(); full && leader != "" && leader != g.opt.ServerID {
			ctx, cancel := context.WithTimeout(context.Background(), fullReport)
			_, err := g.call(ctx, leader, fullMethod, []byte(g.opt.ServerID))
			cancel()
			if err != nil {
				g.log.Debug("the leader cannot be told that the disk is full", "leader", leader, "error", err)
			}
		}
	}
}

// serveFull takes such a report.
func (g *Group) serveFull(_ context.Context, from bus.Identity, body []byte) ([]byte, error) {
	id := string(body)
	if nodeServer(id) != from.ServerID() {
		return nil, fmt.Errorf("%s reports for %q", from.ServerID(), id)
	}
	if _, ok := g.replica.Configuration().Find(id); ok {
		g.full.note(id, time.Now())
	}
	return nil, nil
}

// space hands over to a member whose disk has room, once this leader's has had none for
// so long that everybody else would have told by now.
func (r *reign) space(ctx context.Context) {
	g, now := r.g, time.Now()
	if !g.ownFull(0) {
		r.fullSince = time.Time{}
		return
	}
	if r.fullSince.IsZero() {
		r.fullSince = now
	}
	if now.Sub(r.fullSince) < fullMemory || !r.config.start() {
		return
	}
	r.fullSince = now // the next attempt takes as long
	r.wg.Go(func() {
		defer r.config.finish()
		to := g.roomySuccessor()
		if to == "" {
			return
		}
		g.log.Warn("the disk is full: handing over", "to", to)
		if err := g.transfer(ctx, to); err != nil {
			g.log.Warn("handing over because of a full disk failed", "to", to, "error", err)
		}
	})
}

// roomySuccessor is who may take over, "" for nobody.
func (g *Group) roomySuccessor() string {
	w, ok := want(g.dep.Topology.Map(), g.opt.ID)
	if !ok {
		return ""
	}
	full := g.full.now(time.Now())
	return g.bestSuccessor(slices.DeleteFunc(w.data, func(id string) bool { return full[id] }))
}
