package metaraft

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/redoubtdb/redoubt/shardgroup/replica"
	"github.com/redoubtdb/redoubt/slotmap"
)

// How the controller acts. maxLag is how many entries a member may lack and still count as caught up.
const (
	actionTimeout  = 5 * time.Second
	controllerRest = 10 * time.Millisecond // between two rounds that found something to do
	maxLag         = 100                   // entries
)

// supervise runs a controller while this member leads.
func (m *Member) supervise() {
	stop := func() {}
	defer func() { stop() }()
	for {
		select {
		case change, ok := <-m.replica.Leadership():
			stop()
			stop = func() {}
			if !ok {
				return
			}
			if change.Leader {
				stop = m.startController(change.Term)
			}
		case <-m.ctx.Done():
			return
		}
	}
}

// startController starts a controller; the function it returns stops it and waits.
func (m *Member) startController(term uint64) (stop func()) {
	ctx, cancel := context.WithCancel(m.ctx)
	c := &controller{m: m, since: map[string]time.Time{}, vouchers: newVouchers()}
	done := make(chan struct{})
	m.wg.Go(func() {
		defer close(done)
		m.log.Info("leading the metadata group", "term", term)
		c.run(ctx)
		c.wg.Wait()
	})
	return func() {
		cancel()
		<-done
	}
}

// controller is the metadata leader's activity during one term.
type controller struct {
	m        *Member
	since    map[string]time.Time // since when the leader has listened to a server
	vouchers *vouchers
	wg       sync.WaitGroup // who ask around
}

// run brings the map up to date, then looks after the cluster until its context ends.
func (c *controller) run(ctx context.Context) {
	for !c.prepare(ctx) {
		if !c.wait(ctx, controllerRest, nil) {
			return
		}
	}
	for {
		changed := c.m.Changed()
		worked := c.round(ctx)
		pause := c.tick()
		if worked {
			pause, changed = controllerRest, nil
		}
		if !c.wait(ctx, pause, changed) {
			return
		}
	}
}

// prepare commits an entry of this term, so that everything committed before is applied here, and the
// first map if there is none.
func (c *controller) prepare(ctx context.Context) bool {
	if !c.commit(ctx, entry{}, nil) {
		return false
	}
	if now, _ := c.m.machine.state(); now != nil {
		return true
	}
	if c.m.opt.Genesis == nil {
		c.m.log.Error("leading the metadata group without a map")
		return false
	}
	return c.commit(ctx, entry{Genesis: c.m.opt.Genesis}, nil)
}

func (c *controller) commit(ctx context.Context, e entry, change *slotmap.Change) bool {
	ctx, cancel := context.WithTimeout(ctx, actionTimeout)
	defer cancel()
	_, err := c.m.propose(ctx, e, change)
	return err == nil
}

// wait waits for the time or the channel, whichever is first; it returns false at the end of the context.
func (c *controller) wait(ctx context.Context, d time.Duration, changed <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-changed:
	case <-ctx.Done():
		return false
	}
	return true
}

// tick is how often a controller looks when nothing happens.
func (c *controller) tick() time.Duration {
	return min(max(c.m.opt.NodeTimeout/controllerTicksPerLimit, minControllerTick), maxControllerTick)
}

// round plans and acts. It returns true if it did something, so that there may be more to do.
func (c *controller) round(ctx context.Context) (worked bool) {
	for _, a := range Plan(c.view(ctx, time.Now())) {
		if err := c.act(ctx, a); err != nil {
			if ctx.Err() == nil {
				c.m.log.Warn("controller", "action", a.Kind, "server", a.Server, "change", a.Change.Kind, "node", a.Change.ID, "error", err)
			}
			return false
		}
		c.m.log.Info("controller", "action", a.Kind, "server", a.Server, "change", a.Change.Kind, "node", a.Change.ID, "failed", a.Change.Failed)
		worked = true
	}
	return worked
}

// act does one thing. A change that the map refuses is no error: the map has moved on since the plan.
func (c *controller) act(ctx context.Context, a Action) error {
	ctx, cancel := context.WithTimeout(ctx, actionTimeout)
	defer cancel()
	r := c.m.replica
	switch a.Kind {
	case ActChange:
		_, err := c.m.propose(ctx, entry{}, &a.Change)
		if slotmap.ErrorCode(err) != "" {
			return nil
		}
		return err
	case ActLearn:
		return r.AddLearner(a.Server)
	case ActPromote:
		return r.Promote(ctx, a.Server)
	case ActDemote:
		return r.Demote(ctx, a.Server)
	case ActRemove:
		return r.Remove(ctx, a.Server)
	case ActTransfer:
		return r.Transfer(ctx, a.Server)
	}
	return errors.ErrUnsupported
}

// view is what this leader sees now.
func (c *controller) view(ctx context.Context, now time.Time) View {
	current, _ := c.m.machine.state()
	v := View{
		Map: current, Config: c.m.replica.Configuration(), Self: c.m.opt.Self,
		Health: map[slotmap.NodeID]Health{}, Limit: c.m.opt.NodeTimeout,
	}
	peers := map[string]replica.Peer{}
	for _, p := range c.m.replica.Progress() {
		peers[p.ID] = p
	}
	c.askAround(ctx, now, peers)
	for _, s := range v.Config.Servers {
		if n := current.ByServerID(s.ID); n != nil && s.ID != v.Self {
			v.Health[n.ID] = c.health(now, s.ID, peers[s.ID].LastContact)
		}
	}
	maps.DeleteFunc(c.since, func(id string, _ time.Time) bool { _, in := v.Config.Find(id); return !in })
	commit := c.m.replica.CommitIndex()
	v.Ready = func(serverID string) bool {
		p := peers[serverID]
		return p.Matched+maxLag >= commit && !p.LastContact.IsZero() && now.Sub(p.LastContact) <= v.Limit
	}
	return v
}

// health judges a server. Silence counts from the moment this leader began to listen to it: nobody is
// called failed for what happened before.
func (c *controller) health(now time.Time, serverID string, lastContact time.Time) Health {
	since, known := c.since[serverID]
	if !known {
		since = now
		c.since[serverID] = now
	}
	if vouched := c.vouchers.last(serverID); vouched.After(lastContact) {
		lastContact = vouched
	}
	heard := !lastContact.IsZero()
	if heard && lastContact.After(since) {
		since = lastContact
	}
	return Health{Silence: now.Sub(since), Heard: heard}
}
