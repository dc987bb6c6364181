package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	fillConns   = 4
	fillBurst   = 500 // commands sent before their replies are read
	fillTimeout = time.Minute
	fillRate    = 5000 // keys a second that a fill may be expected to write, at the very least
)

// fillAttempts is how often a fill begins anew when it is refused, as on a machine that is busy with something else.
const fillAttempts = 3

// fill writes the keys 0 to n-1 to the first master, and makes sure that it is still the master then.
func (v *servers) fill(ctx context.Context, n int) (err error) {
	var refused refusal
	for range fillAttempts {
		if err = fill(ctx, v.addrs[0], n); err == nil {
			return v.leadFirst(ctx)
		}
		if !v.cluster || !errors.As(err, &refused) {
			return err
		}
		if err := v.leadFirst(ctx); err != nil {
			return err
		}
	}
	return err
}

// fill writes the keys 0 to n-1, so that each GET finds one.
func fill(ctx context.Context, addr string, n int) error {
	share := (n + fillConns - 1) / fillConns
	return together(ctx, fillConns, func(ctx context.Context, i int) error {
		return fillPart(ctx, addr, i*share, min(n, (i+1)*share), n)
	})
}

// fillPart writes the keys from first to end-1 of n.
func fillPart(ctx context.Context, addr string, first, end, n int) error {
	w, err := openWire(ctx, addr, fillLimit(n), nil)
	if err != nil {
		return err
	}
	defer w.close()
	var buf []byte
	for from := first; from < end; from += fillBurst {
		to := min(end, from+fillBurst)
		buf = buf[:0]
		for key := from; key < to; key++ {
			buf = appendSet(buf, key)
		}
		if _, err := w.nc.Write(buf); err != nil {
			return err
		}
		for range to - from {
			if err := w.skip(); err != nil {
				return fmt.Errorf("SET on %s: %w", addr, err)
			}
		}
	}
	return nil
}

func fillLimit(n int) time.Duration { return fillTimeout + time.Duration(n/fillRate)*time.Second }
