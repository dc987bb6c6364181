package main

import (
	"context"
	"fmt"
	"runtime"
	"time"
)

const maxNap = 10 * time.Millisecond

// pacer sends the requests of an open load, each on the next connection.
type pacer struct {
	traffic traffic
	lines   []*line
	rate    float64 // requests a second
	number  int     // of requests
	start   time.Time
	late    []time.Duration // how long after its time each was sent
	took    time.Duration
}

// run keeps a thread to itself, so that it wakes in time.
func (p *pacer) run(ctx context.Context) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer func() {
		for _, l := range p.lines {
			close(l.owed)
		}
		p.took = time.Since(p.start)
	}()
	p.late = make([]time.Duration, 0, p.number)
	var buf []byte
	for k := range p.number {
		due := time.Duration(float64(k) / p.rate * float64(time.Second))
		if err := napUntil(ctx, p.start.Add(due)); err != nil {
			return err
		}
		buf = p.traffic.request(buf[:0])
		if err := p.send(ctx, p.lines[k%len(p.lines)], buf, due); err != nil {
			return err
		}
	}
	return nil
}

func (p *pacer) send(ctx context.Context, l *line, request []byte, due time.Duration) error {
	select {
	case l.owed <- due:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	p.late = append(p.late, time.Since(p.start)-due)
	if _, err := l.nc.Write(request); err != nil {
		return fmt.Errorf("sending a request: %w", err)
	}
	return nil
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
