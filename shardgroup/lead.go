package shardgroup

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/shardgroup/bus"
	"github.com/redoubtdb/redoubt/shardgroup/replica"
	"github.com/redoubtdb/redoubt/slotmap"
)

const (
	// dutyInterval is how often a leader looks after its group when nothing calls it.
	dutyInterval = 100 * time.Millisecond
	// successorInterval is how often a witness that leads looks for a data member to take over: nobody is served meanwhile.
	successorInterval = 10 * time.Millisecond
	// dutyTimeout bounds one call to the metadata group.
	dutyTimeout = 3 * time.Second
	// minTick is the shortest time between two entries that only advance time.
	minTick = 20 * time.Millisecond
	// aheadWarning is how far the group's time may be ahead of a new leader's clock without a word.
	aheadWarning = time.Second
	// catchUpPoll is how often a hand-over looks whether its target has caught up.
	catchUpPoll = 20 * time.Millisecond
	// inFlightEntries is how far a voter may seem to be behind that has kept up: entries whose answer is on its way.
	inFlightEntries = 64
	// tickLagEntries is how far the safe index may fall behind before a tick tells it.
	tickLagEntries = 64
)

// lead is the event loop of this member's leadership: it waits to become leader and
// then does a leader's duties until it no longer is.
func (g *Group) lead() {
	for {
		select {
		case <-g.stop:
			return
		case change := <-g.replica.Leadership():
			for change.Leader {
				change = g.reign(change.Term)
			}
		}
	}
}

// reign does the duties of one term and returns the leadership change that ended it.
func (g *Group) reign(term uint64) replica.LeaderChange {
	if g.witness != nil {
		return g.reignWitness(term)
	}
	g.log.Info("leading", "term", term)
	if ahead := g.clock.ahead(g.Machine().Now()); ahead > aheadWarning {
		g.log.Warn("the group's time is ahead of this machine's clock: some leader's clock was wrong, or this one is", "ahead", ahead)
	}
	r := &reign{g: g, term: term, began: time.Now()}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer r.wg.Wait()
	defer cancel()
	if err := g.proposeNewTerm(ctx, term); err != nil {
		g.log.Warn("the first entry of the term failed", "term", term, "error", err)
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		changed := g.dep.Topology.Changed()
		select {
		case <-g.stop:
			return replica.LeaderChange{}
		case c := <-g.replica.Leadership():
			g.log.Info("no longer leading", "term", term)
			return c
		case t := <-g.transfers:
			t.done <- g.transfer(t.ctx, t.to)
		case <-changed:
			r.duties(ctx)
		case <-timer.C:
			r.duties(ctx)
			timer.Reset(r.next())
		}
	}
}

// proposeNewTerm puts the first entry of the term into the log; until it is applied
// nothing is served. It is repeated by the duties where it fails.
func (g *Group) proposeNewTerm(ctx context.Context, term uint64) error {
	ctx, cancel := context.WithTimeout(ctx, g.opt.RequestTimeout)
	defer cancel()
	return g.replica.Propose(fsm.EncodeNewTerm(g.header(fsm.KindNewTerm, g.seq.Add(1)))).Wait(ctx)
}

// reign is the state of one term's duties. The map-side calls run beside the loop,
// one at a time, since the metadata group may be slow or without majority.
type reign struct {
	g      *Group
	term   uint64
	began  time.Time
	quiet  gatesSeen // with these gates and this map there was nothing to do
	calls  busy      // metadata calls
	config busy      // Raft configuration changes
	wg     waitGroup

	fullSince time.Time // the disk has been full, or a hand-over because of it was tried; zero: it is not
	patrols   busy      // comparisons of the members' states
	patrolled time.Time
}

// duties does whatever is due.
func (r *reign) duties(ctx context.Context) {
	g := r.g
	if !g.Leading() {
		if g.member.termSeen.Load() != r.term {
			_ = g.proposeNewTerm(ctx, r.term)
		}
		return
	}
	m := g.dep.Topology.Map()
	r.tick(ctx, m)
	r.gates(ctx, m)
	r.members(ctx, m)
	r.report(ctx, m)
	r.space(ctx)
	r.patrol(ctx, m)
}

// next is when duties are due again: at the next expiry, or after dutyInterval.
func (r *reign) next() time.Duration {
	wait := dutyInterval
	if at, ok := r.g.Machine().NextExpiry(); ok {
		wait = min(wait, time.Until(time.UnixMilli(at))+time.Millisecond)
	}
	return max(wait, minTick)
}

// tick advances the machine's time when a key is due to expire or the group has been idle, and
// tells the witness how much of its log is no longer needed.
func (r *reign) tick(ctx context.Context, m *slotmap.Map) {
	g, machine := r.g, r.g.Machine()
	at, ok := machine.NextExpiry()
	due := ok && at < g.clock.now(machine.Now()) || r.idle(m) // a key lives through its last millisecond
	safe := g.safeIndex()
	if !due && (!g.hasWitness() || safe < machine.SafeIndex()+tickLagEntries) {
		return
	}
	data := fsm.EncodeTick(g.header(fsm.KindTick, g.seq.Add(1)), fsm.TickBody{SafeIndex: safe})
	g.proposeAndWait(ctx, data, "tick")
}

// proposeAndWait proposes an entry of the leader's own and waits for its outcome.
func (g *Group) proposeAndWait(ctx context.Context, data []byte, what string) {
	ctx, cancel := context.WithTimeout(ctx, g.opt.RequestTimeout)
	defer cancel()
	if err := g.replica.Propose(data).Wait(ctx); err != nil {
		g.log.Warn("an entry of the leader failed", "entry", what, "error", err)
	}
}

// hasWitness tells whether somebody keeps the log until a tick releases it.
func (g *Group) hasWitness() bool {
	group := g.dep.Topology.Map().Group(g.opt.ID)
	return group != nil && group.Witness != ""
}

// safeIndex is the lowest index that every voting data member is known to have.
func (g *Group) safeIndex() uint64 {
	safe := g.replica.LastIndex()
	if g.dep.Topology.Map().Group(g.opt.ID) == nil {
		return 0
	}
	matched := make(map[string]uint64)
	for _, p := range g.replica.Progress() {
		matched[p.ID] = p.Matched
	}
	for _, s := range g.replica.Configuration().Servers {
		if s.Voter && s.ID != g.opt.ServerID && !slotmap.IsWitnessID(s.ID) {
			safe = min(safe, matched[s.ID])
		}
	}
	return safe
}

// gates makes the slots' gates follow the map: acquisitions and releases in this
// group's log, finished releases to the metadata group.
func (r *reign) gates(ctx context.Context, m *slotmap.Map) {
	g := r.g
	machine := g.Machine()
	seen := gatesSeen{m.Slots(), machine, machine.GateVersion()}
	if seen == r.quiet {
		return
	}
	plan := planGates(m, g.opt.ID, machine)
	if len(plan.changes) > 0 {
		data := fsm.EncodeGates(g.header(fsm.KindGates, g.seq.Add(1)), plan.changes)
		g.proposeAndWait(ctx, data, "gates")
		plan = planGates(m, g.opt.ID, g.Machine())
	} else if len(plan.released) == 0 {
		r.quiet = seen
	}
	for _, h := range plan.released {
		r.change(ctx, slotmap.FinishHandoff([]slotmap.Range{h.slots}, h.to, h.epoch))
	}
}

// members takes the next step towards the membership that the map asks for.
func (r *reign) members(ctx context.Context, m *slotmap.Map) {
	g := r.g
	w, ok := want(m, g.opt.ID)
	if !ok || len(w.data) == 0 {
		return
	}
	if now := g.committed().latest.Load(); now != nil {
		if id := gone(m, g.opt.ID, *now, g.replica.Configuration()); id != "" {
			r.change(ctx, slotmap.DropMember(id, g.opt.ID))
		} else if id := former(m, g.opt.ID, w, *now, g.replica.Configuration()); id != "" {
			r.change(ctx, slotmap.DropFormer(id, g.opt.ID))
		}
	}
	states := g.peerStates(r.began, time.Now())
	s := nextStep(g.opt.ServerID, g.replica.Configuration(), w, states)
	if s.kind == stepNone || !r.config.start() {
		return
	}
	r.wg.Go(func() {
		defer r.config.finish()
		if err := g.takeStep(ctx, s); err != nil {
			g.log.Warn("a membership change failed", "change", s.kind, "server", s.server, "error", err)
		}
	})
}

func (g *Group) takeStep(ctx context.Context, s step) error {
	g.log.Info("changing the membership", "change", s.kind, "server", s.server)
	switch s.kind {
	case stepLearner:
		return g.replica.AddLearner(s.server)
	case stepPromote:
		return g.replica.Promote(ctx, s.server)
	case stepRemove:
		return g.replica.Remove(ctx, s.server)
	default:
		return g.transfer(ctx, s.server)
	}
}

// report tells the metadata group who leads, until the map says so.
func (r *reign) report(ctx context.Context, m *slotmap.Map) {
	group := m.Group(r.g.opt.ID)
	if group == nil || (group.Leader == r.g.opt.Node && group.Term >= r.term) {
		return
	}
	r.change(ctx, slotmap.ReportLeader(r.g.opt.ID, r.g.opt.Node, r.term))
}

// change sends one change to the metadata group beside the loop.
func (r *reign) change(ctx context.Context, c slotmap.Change) {
	if !r.calls.start() {
		return
	}
	r.wg.Go(func() {
		defer r.calls.finish()
		ctx, cancel := context.WithTimeout(ctx, dutyTimeout)
		defer cancel()
		if _, err := r.g.dep.Topology.Change(ctx, c); err != nil && !errors.Is(err, context.Canceled) {
			r.g.log.Warn("the metadata group did not take a change", "change", c.Kind, "error", err)
		}
	})
}

// transferRequest asks the leadership loop to hand leadership over.
type transferRequest struct {
	ctx  context.Context
	to   string
	done chan error // capacity 1
}

// Transfer hands leadership to the given node, or to the most advanced data member
// where node is "", which means that this one is about to go. It waits for a member that
// is still catching up, or applying what it has, until ctx ends: a leader answers nobody
// before it has applied everything.
func (g *Group) Transfer(ctx context.Context, node slotmap.NodeID) error {
	w, ok := want(g.dep.Topology.Map(), g.opt.ID)
	if !ok {
		return ErrNotLeading
	}
	candidates := w.data
	if node == "" {
		g.awaitOthers(ctx)
	} else {
		candidates = slices.DeleteFunc(slices.Clone(w.data), func(id string) bool { return nodeOf(id) != node })
	}
	to := g.awaitSuccessor(ctx, candidates)
	if to == "" {
		return errNoSuccessor
	}
	for {
		err := g.askTransfer(ctx, to)
		if !errors.Is(err, replica.ErrNotCaughtUp) || !g.pause(ctx, catchUpPoll) {
			return err
		}
	}
}

// awaitSuccessor is the best of some data members to take over, once one of them is ready. Those
// whose nodes answer are waited for; where none does, or when ctx ends, it is whoever may still be
// alive, "" for none.
func (g *Group) awaitSuccessor(ctx context.Context, data []string) string {
	for {
		waits := false
		for _, id := range g.successors(data) {
			ready, answers := g.ready(ctx, id)
			if ready {
				return id
			}
			waits = waits || answers
		}
		if !waits || !g.pause(ctx, catchUpPoll) {
			return g.bestSuccessor(data)
		}
	}
}

// awaitOthers waits until the others are a majority that has the log, so that their group takes
// writes without this member. Whose node does not answer is not waited for.
func (g *Group) awaitOthers(ctx context.Context) {
	for {
		enough, waits := g.others(ctx)
		if enough || !waits || !g.pause(ctx, catchUpPoll) {
			return
		}
	}
}

// others tells whether the other voters that have the log are a majority, and if not, whether
// one that is behind answers.
func (g *Group) others(ctx context.Context) (enough, waits bool) {
	voters, have := g.replica.Configuration().Voters(), 0
	states := g.peersNow()
	var behind []string
	for _, p := range g.replica.Progress() {
		switch s := states[p.ID]; {
		case !p.Voter:
		case s.alive && s.lag <= inFlightEntries:
			have++
		default:
			behind = append(behind, p.ID)
		}
	}
	if 2*have > voters {
		return true, false
	}
	for _, id := range behind {
		if _, answers := g.ready(ctx, id); answers {
			return false, true
		}
	}
	return false, false
}

// successors are the other ones of some data members, the most advanced first.
func (g *Group) successors(data []string) []string {
	states := g.peersNow()
	others := slices.DeleteFunc(slices.Clone(data), func(id string) bool { return id == g.opt.ServerID })
	slices.SortStableFunc(others, func(a, b string) int { return cmp.Compare(states[a].lag, states[b].lag) })
	return others
}

// ready asks a data member how far it has come: ready to take over, or at least there, with the
// member or before its node has started it.
func (g *Group) ready(ctx context.Context, id string) (ready, answers bool) {
	ctx, cancel := context.WithTimeout(ctx, g.opt.NodeTimeout/2)
	defer cancel()
	answer, err := g.call(ctx, id, "applied", nil)
	var refusal *bus.RemoteError
	switch {
	case err == nil && len(answer) == 8:
		voter, ok := g.replica.Configuration().Find(id)
		applied := binary.BigEndian.Uint64(answer)
		return ok && voter.Voter && applied+caughtUpEntries >= g.replica.LastIndex(), true
	case errors.Is(err, bus.ErrNoMethod), errors.As(err, &refusal):
		return false, true
	}
	return false, false
}

// askTransfer lets the leadership loop make one attempt.
func (g *Group) askTransfer(ctx context.Context, to string) error {
	t := transferRequest{ctx: ctx, to: to, done: make(chan error, 1)}
	select {
	case g.transfers <- t:
	case <-ctx.Done():
		return ErrNotLeading
	case <-g.stop:
		return ErrClosed
	}
	select {
	case err := <-t.done:
		return err
	case <-g.stop:
		return ErrClosed
	}
}

// pause waits; false means that ctx or the group ended first.
func (g *Group) pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
	case <-g.stop:
	}
	return false
}

// bestSuccessor is the live voting data member with the shortest lag, "" for none.
func (g *Group) bestSuccessor(data []string) string {
	in := make(map[string]bool)
	for _, s := range g.replica.Configuration().Servers {
		in[s.ID] = s.Voter && s.ID != g.opt.ServerID
	}
	return handOver(in, data, g.peersNow()).server
}

// peersNow is what is known of the other members, none of them dead: nobody asks for how long this one has led.
func (g *Group) peersNow() map[string]peerState {
	now := time.Now()
	return g.peerStates(now, now)
}

func (g *Group) peerStates(began, now time.Time) map[string]peerState {
	return peerStates(g.replica.Progress(), g.replica.LastIndex(), began, now, g.opt.NodeTimeout)
}

func (g *Group) transfer(ctx context.Context, to string) error {
	ctx, cancel := context.WithTimeout(ctx, max(g.opt.NodeTimeout, time.Second))
	defer cancel()
	return g.replica.Transfer(ctx, to)
}

// reignWitness is a witness's term: it holds no data, so it does nothing but bring a
// data member up to date and hand leadership to it.
func (g *Group) reignWitness(term uint64) replica.LeaderChange {
	g.log.Info("elected as a witness; looking for a data member to lead", "term", term)
	timer := time.NewTicker(successorInterval)
	defer timer.Stop()
	for {
		select {
		case <-g.stop:
			return replica.LeaderChange{}
		case c := <-g.replica.Leadership():
			return c
		case <-timer.C:
			w, ok := want(g.dep.Topology.Map(), g.opt.ID)
			if !ok {
				continue
			}
			to := g.bestSuccessor(w.data)
			if to == "" {
				continue
			}
			if err := g.transfer(context.Background(), to); err != nil {
				g.log.Warn("handing leadership to a data member failed", "to", to, "error", err)
			}
		}
	}
}
