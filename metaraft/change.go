package metaraft

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redoubtdb/redoubt/shardgroup/bus"
	"github.com/redoubtdb/redoubt/shardgroup/replica"
	"github.com/redoubtdb/redoubt/slotmap"
)

// How long a change may take if the caller does not say, and how a change that was certainly not run is
// tried again until then.
const (
	DefaultChangeTimeout = 10 * time.Second
	minRetry             = 10 * time.Millisecond
	maxRetry             = 200 * time.Millisecond
)

// Change applies a change to the cluster's map, wherever the leader is, and returns the map of this node
// when it is committed and applied here. The error says what became of it: one of slotmap's means that
// the change was refused, ErrNotRun that it never ran, ErrUnknownOutcome that nobody can tell,
// ErrNotVisible that it is committed but this node lags behind. Changes are idempotent: one whose outcome
// is unknown may be sent again.
func (m *Member) Change(ctx context.Context, c slotmap.Change) (*slotmap.Map, error) {
	if !c.Kind.Known() {
		return nil, fmt.Errorf("%w: %q", slotmap.ErrUnknownKind, c.Kind)
	}
	ctx, cancel := m.bound(ctx)
	defer cancel()
	index, err := m.submit(ctx, c)
	if err != nil {
		return nil, err
	}
	return m.awaitApplied(ctx, index)
}

// bound gives a context a deadline if it has none, and ends it with the member.
func (m *Member) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	cancelTimeout := func() {}
	if _, ok := ctx.Deadline(); !ok {
		ctx, cancelTimeout = context.WithTimeout(ctx, DefaultChangeTimeout)
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(m.ctx, cancel)
	return ctx, func() { stop(); cancel(); cancelTimeout() }
}

// submit brings a change to the leader, again and again as long as it certainly was not run.
func (m *Member) submit(ctx context.Context, c slotmap.Change) (index uint64, err error) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for retry := minRetry; ; retry = min(2*retry, maxRetry) {
		index, err = m.attempt(ctx, c)
		if !errors.Is(err, ErrNotRun) || m.ctx.Err() != nil {
			return index, err
		}
		timer.Reset(retry)
		select {
		case <-timer.C:
		case <-ctx.Done():
			return 0, err
		}
	}
}

// attempt tries once: here if this node leads, else at the leader it knows.
func (m *Member) attempt(ctx context.Context, c slotmap.Change) (index uint64, err error) {
	leader, _ := m.replica.Leader()
	switch {
	case m.ctx.Err() != nil:
		return 0, fmt.Errorf("%w: %w", ErrNotRun, ErrClosed)
	case ctx.Err() != nil:
		return 0, fmt.Errorf("%w: %w", ErrNotRun, ctx.Err())
	case leader == "":
		return 0, fmt.Errorf("%w: %w", ErrNotRun, ErrNoLeader)
	case leader == m.opt.Self:
		return m.propose(ctx, entry{}, &c)
	}
	return m.forward(ctx, leader, c)
}

// propose puts an entry into the log and waits for its result. It returns the entry's index.
func (m *Member) propose(ctx context.Context, e entry, c *slotmap.Change) (index uint64, err error) {
	t := ticket{proposer: m.opt.Self + "/" + m.run, seq: m.seq.Add(1)}
	e.Proposer, e.Seq = t.proposer, t.seq
	data, err := encodeEntry(e, c)
	if err != nil {
		return 0, err
	}
	result := m.machine.await(t)
	defer m.machine.forget(t)
	err = m.replica.Propose(data).Wait(ctx)
	select {
	case r := <-result: // applied here, whatever Wait says
		if errors.Is(r.err, ErrNoMap) { // it overtook the first map: it had no effect
			return 0, fmt.Errorf("%w: %w", ErrNotRun, r.err)
		}
		return r.index, r.err
	default:
	}
	switch {
	case err == nil:
		return 0, fmt.Errorf("%w: entry without result", ErrUnknownOutcome)
	case errors.Is(err, replica.ErrNotRun):
		return 0, fmt.Errorf("%w: %w", ErrNotRun, err)
	}
	return 0, fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
}

// forward sends a change to the leader.
func (m *Member) forward(ctx context.Context, leader string, c slotmap.Change) (index uint64, err error) {
	body, err := seal(envelopeRequest, c)
	if err != nil {
		return 0, err
	}
	answer, err := m.deps.Bus.Call(ctx, leader, methodChange, body)
	if err != nil {
		return 0, forwarded(err)
	}
	var a changeAnswer
	if err := unseal(envelopeAnswer, answer, &a); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
	}
	return a.Index, nil
}

// forwarded says what an error of a call means for the change that was in it.
func forwarded(err error) error {
	var remote *bus.RemoteError
	switch {
	case errors.Is(err, bus.ErrNotSent):
		return fmt.Errorf("%w: %w", ErrNotRun, err)
	case !errors.As(err, &remote):
		return fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
	case remote.Code == codeNotRun:
		return fmt.Errorf("%w: leader: %w", ErrNotRun, err)
	}
	if refused := slotmap.ErrorFromCode(remote.Code, remote.Msg); refused != nil {
		return refused
	}
	return fmt.Errorf("%w: leader: %w", ErrUnknownOutcome, err)
}

// awaitApplied waits until this node has applied an entry.
func (m *Member) awaitApplied(ctx context.Context, index uint64) (*slotmap.Map, error) {
	for {
		progress := m.applied.next()
		if now, applied := m.machine.state(); applied >= index {
			return now, nil
		}
		select {
		case <-progress:
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", ErrNotVisible, ctx.Err())
		}
	}
}
