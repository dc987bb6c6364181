package persistence

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// roomPoll is how often a write that a full disk refused is tried again.
const roomPoll = 200 * time.Millisecond

// room lets writes wait for space. A write that found none has changed nothing: the
// disk has not lost what it once took, so it need not be mistrusted as after other
// errors. Only writes that may be repeated as a whole go through it, and no sync ever:
// that one cannot be repeated. Whoever watches the writer sees it stall.
type room struct {
	path  string
	log   *slog.Logger
	armed atomic.Bool // while the group is being opened nothing waits: the error is told
	once  sync.Once
	gone  chan struct{} // closed when nobody needs the write any more

	waiting atomic.Int32 // writes that wait
}

func newRoom(path string, log *slog.Logger) *room {
	return &room{path: path, log: log, gone: make(chan struct{})}
}

// Close ends the waiting.
func (r *room) Close() error {
	r.once.Do(func() { close(r.gone) })
	return nil
}

// await runs a write until it finds space.
func (r *room) await(write func() error) error {
	err := write()
	if !diskFull(err) || r == nil || !r.armed.Load() {
		return err
	}
	r.waiting.Add(1)
	defer r.waiting.Add(-1)
	began := time.Now()
	r.log.Error("the disk is full: this group's log waits for space", "path", r.path, "error", err)
	again := time.NewTicker(roomPoll)
	defer again.Stop()
	for diskFull(err) {
		select {
		case <-again.C:
			err = write()
		case <-r.gone:
			return errors.Join(ErrClosed, err)
		}
	}
	r.log.Info("the log does not wait for space any more", "path", r.path, "waited", time.Since(began), "error", err)
	return err
}

// diskFull tells whether a write found no space.
func diskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
