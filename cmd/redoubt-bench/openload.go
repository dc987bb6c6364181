package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"
)

const (
	loadConns = 50
	// drainTime is how long replies are waited for after the last request.
	drainTime = 30 * time.Second
	// maxOwed bounds the requests of a connection that are not answered yet. Where it is reached the next
	// request is sent late, and its latency counts from when it should have been.
	maxOwed = 1 << 14
	maxNap  = 10 * time.Millisecond
)

// traffic is requests of one kind to one node.
type traffic struct {
	addr    string
	prelude []string // what each connection says first
	write   bool     // SET, else GET
	keys    int      // the requests take keys 0 to keys-1 at random
}

func (t traffic) request(b []byte) []byte {
	n := rand.IntN(t.keys)
	if t.write {
		return appendSet(b, n)
	}
	return appendGet(b, n)
}

// latencies are what an open load has seen.
type latencies struct {
	all     []time.Duration // sorted
	late    []time.Duration // how long after its time each request was sent, sorted
	refused int             // error replies, which are not among all
	reason  error           // one of them
	took    time.Duration   // from the first request's time to the last one's sending
}

// rate is what was really sent a second.
func (l latencies) rate() float64 { return float64(len(l.late)) / l.took.Seconds() }

// errTooSlow is returned when not a single request was answered well.
var errTooSlow = errors.New("no request was answered")

// openLoad sends requests at a fixed rate, whether or not those before were answered, as many users would. A
// latency is the time from when the request was due: waiting for a slow server to take it counts, and so
// does a load that could not keep up (no coordinated omission).
func openLoad(ctx context.Context, t traffic, rate float64, lasting time.Duration) (latencies, error) {
	lines, err := openLines(ctx, t, lasting+drainTime)
	if err != nil {
		return latencies{}, err
	}
	defer func() {
		for _, l := range lines {
			l.close()
		}
	}()
	var result latencies
	start := time.Now().Add(time.Millisecond)
	// The first function sends, the others read, a connection each.
	err = together(ctx, 1+len(lines), func(ctx context.Context, i int) error {
		if i > 0 {
			return lines[i-1].read(ctx, start)
		}
		defer func() { result.took = time.Since(start) }()
		result.late, err = pace(ctx, t, lines, rate, lasting, start)
		return err
	})
	if err != nil {
		return latencies{}, err
	}
	for _, l := range lines {
		result.all = append(result.all, l.seen...)
		if result.refused += l.refused; l.reason != nil {
			result.reason = l.reason
		}
	}
	slices.Sort(result.all)
	slices.Sort(result.late)
	if len(result.all) == 0 {
		return latencies{}, errors.Join(errTooSlow, result.reason)
	}
	return result, nil
}

// line is one connection of an open load.
type line struct {
	*wire
	owed    chan time.Duration // when the unanswered requests were due, after the start
	seen    []time.Duration
	refused int
	reason  error
}

func openLines(ctx context.Context, t traffic, limit time.Duration) ([]*line, error) {
	lines := make([]*line, loadConns)
	err := together(ctx, loadConns, func(_ context.Context, i int) error {
		w, err := openWire(ctx, t.addr, limit, t.prelude)
		if err == nil {
			lines[i] = &line{wire: w, owed: make(chan time.Duration, maxOwed)}
		}
		return err
	})
	if err != nil {
		for _, l := range lines {
			if l != nil {
				l.close()
			}
		}
	}
	return lines, err
}

// pace sends the requests, each on the next connection, and tells how late. It keeps a thread to itself, so that it wakes in time.
func pace(ctx context.Context, t traffic, lines []*line, rate float64, lasting time.Duration, start time.Time) ([]time.Duration, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer func() {
		for _, l := range lines {
			close(l.owed)
		}
	}()
	number := max(1, int(rate*lasting.Seconds()))
	late := make([]time.Duration, 0, number)
	var buf []byte
	for k := range number {
		due := time.Duration(float64(k) / rate * float64(time.Second))
		if err := napUntil(ctx, start.Add(due)); err != nil {
			return nil, err
		}
		l := lines[k%len(lines)]
		select {
		case l.owed <- due:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		late = append(late, time.Since(start)-due)
		buf = t.request(buf[:0])
		if _, err := l.nc.Write(buf); err != nil {
			return nil, fmt.Errorf("sending a request: %w", err)
		}
	}
	return late, nil
}

func napUntil(ctx context.Context, at time.Time) error {
	for {
		d := time.Until(at)
		if d <= 0 {
			return nil
		}
		nap(min(d, maxNap))
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}

// read takes the replies of one connection.
func (l *line) read(_ context.Context, start time.Time) error {
	var refused refusal
	for due := range l.owed {
		err := l.skip()
		switch {
		case err == nil:
			l.seen = append(l.seen, time.Since(start)-due)
		case errors.As(err, &refused):
			l.refused, l.reason = l.refused+1, err
		default:
			return fmt.Errorf("reading a reply: %w", err)
		}
	}
	return nil
}
