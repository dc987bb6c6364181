package main

import (
	"context"
	"fmt"
	"time"
)

// closedLoad sends a request on each of its connections as soon as the one before is answered, and returns
// requests a second.
func closedLoad(ctx context.Context, t traffic, lasting time.Duration) (float64, error) {
	var counts [loadConns]int
	start := time.Now()
	err := together(ctx, loadConns, func(ctx context.Context, i int) error {
		w, err := openWire(ctx, t.addr, lasting+drainTime, t.prelude)
		if err != nil {
			return err
		}
		defer w.close()
		var buf []byte
		for time.Since(start) < lasting {
			buf = t.request(buf[:0])
			if _, err := w.nc.Write(buf); err != nil {
				return fmt.Errorf("sending a request: %w", err)
			}
			if err := w.skip(); err != nil {
				return fmt.Errorf("request to %s: %w", t.addr, err)
			}
			counts[i]++
		}
		return nil
	})
	total := 0
	for _, n := range counts {
		total += n
	}
	return float64(total) / time.Since(start).Seconds(), err
}
