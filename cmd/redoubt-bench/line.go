package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// maxOwed bounds the requests of a connection that are not answered yet. Where it is reached the next
// request is sent late, and its latency counts from when it should have been.
const maxOwed = 1 << 14

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
	return lines, together(ctx, loadConns, func(_ context.Context, i int) error {
		w, err := openWire(ctx, t.addr, limit, t.prelude)
		if err == nil {
			lines[i] = &line{wire: w, owed: make(chan time.Duration, maxOwed)}
		}
		return err
	})
}

// closeLines closes those that were opened.
func closeLines(lines []*line) {
	for _, l := range lines {
		if l != nil {
			l.close()
		}
	}
}

// read takes the replies of one connection.
func (l *line) read(start time.Time) error {
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
