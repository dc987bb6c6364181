package main

import (
	"context"
	"errors"
	"slices"
	"time"
)

const (
	loadConns = 50
	// drainTime is how long replies are waited for after the last request.
	drainTime = 30 * time.Second
)

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

// errUnanswered is returned when not a single request was answered well.
var errUnanswered = errors.New("no request was answered")

// openLoad sends requests at a fixed rate, whether or not those before were answered, as many users would. A
// latency is the time from when the request was due: waiting for a slow server to take it counts, and so
// does a load that could not keep up (no coordinated omission).
func openLoad(ctx context.Context, t traffic, rate float64, lasting time.Duration) (latencies, error) {
	lines, err := openLines(ctx, t, lasting+drainTime)
	defer closeLines(lines)
	if err != nil {
		return latencies{}, err
	}
	p := pacer{traffic: t, lines: lines, rate: rate, number: max(1, int(rate*lasting.Seconds())), start: time.Now()}
	// The first function sends, the others read, a connection each.
	err = together(ctx, 1+len(lines), func(ctx context.Context, i int) error {
		if i == 0 {
			return p.run(ctx)
		}
		return lines[i-1].read(p.start)
	})
	if err != nil {
		return latencies{}, err
	}
	return p.gather()
}

// gather puts together what the connections have seen.
func (p *pacer) gather() (latencies, error) {
	result := latencies{late: p.late, took: p.took}
	for _, l := range p.lines {
		result.all = append(result.all, l.seen...)
		if result.refused += l.refused; l.reason != nil {
			result.reason = l.reason
		}
	}
	slices.Sort(result.all)
	slices.Sort(result.late)
	if len(result.all) == 0 {
		return latencies{}, errors.Join(errUnanswered, result.reason)
	}
	return result, nil
}
