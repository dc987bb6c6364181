package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redoubtdb/redoubt/jepsen/client"
)

const saverInterval = 10 * time.Millisecond

// saver keeps a snapshot going on: as one ends it asks for the next.
type saver struct {
	cancel context.CancelFunc
	wg     sync.WaitGroup

	// What follows may be read after stop.
	begun int           // snapshots
	saved time.Duration // that one was going on
	err   error
}

func startSaver(ctx context.Context, addr string) *saver {
	ctx, cancel := context.WithCancel(ctx)
	s := &saver{cancel: cancel}
	s.wg.Go(func() {
		if err := s.run(ctx, addr); ctx.Err() == nil {
			s.err = err
		}
	})
	return s
}

// stop ends it; it may be called twice. A snapshot that is going on is not waited for.
func (s *saver) stop() error {
	s.cancel()
	s.wg.Wait()
	if s.err == nil && s.begun == 0 {
		return errors.New("no snapshot has begun")
	}
	return s.err
}

// each is the mean of how long a snapshot took, in seconds; the last one may not be over.
func (s *saver) each() float64 { return s.saved.Seconds() / float64(max(1, s.begun)) }

func (s *saver) run(ctx context.Context, addr string) error {
	c, err := client.Open(ctx, dial, addr, askTimeout)
	if err != nil {
		return err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, c.Close)()
	last, saving := time.Now(), false
	for {
		r := c.Do("INFO", "persistence")
		if r.Err != nil {
			return fmt.Errorf("looking after a snapshot: %w", r.Err)
		}
		now := time.Now()
		if saving {
			s.saved += now.Sub(last)
		}
		last, saving = now, field(r.Value.String(), "rdb_bgsave_in_progress") == "1"
		if !saving {
			// It is refused while redis-server writes its append only file anew; then the next turn tries again.
			switch r := c.Do("BGSAVE"); {
			case r.Err == nil:
				s.begun++
				saving = true
			case client.Broken(r):
				return fmt.Errorf("asking for a snapshot: %w", r.Err)
			}
		}
		if pause(ctx, saverInterval) != nil {
			return nil
		}
	}
}
