package server

import (
	"context"
	"errors"
	"math"
	"net"
	"os"
	"sync"
	"time"

	"github.com/redoubtdb/redoubt/resp"
)

// Limits of the way out.
const (
	maxKeptReplyBytes = 64 << 10 // a reply buffer that grew beyond is given back
	maxUnsentBytes    = 1 << 30  // where the configuration sets no limit
	minStallMilli     = 100      // a client that takes nothing for so long counts as stalled,
	maxStallMilli     = 200      // and at the latest after so long
	maxPieceBytes     = 64 << 10 // what the drainer writes at once: so finely it knows what the client took
	softGraceMilli    = 1        // the soft limit must be exceeded for longer than its seconds
	normalClass       = 0        // index into client-output-buffer-limit
)

// outbox sends replies. As long as the client takes them, they are written by the connection's own goroutine.
// A client may well send a whole pipeline before it reads the first reply: then neither side could go on. So
// a write that stalls leaves the rest to a drainer goroutine, and the connection goes on reading; the drainer
// ends when it has caught up.
//
// What is unsent is bounded by client-output-buffer-limit. A client that exceeds the limit is dropped at once, and
// what waits for it with it, as in Redis.
type outbox struct {
	nc     net.Conn
	owner  *Conn
	expiry time.Time // the deadline that direct writes have; only the connection's goroutine uses it

	mu       sync.Mutex // guards all below
	draining bool       // the drainer owns the write side of nc
	queue    [][]byte
	unsent   int64
	err      error
	patience *time.Timer   // runs while unsent is above the soft limit
	done     chan struct{} // closed when the drainer ends
}

// send takes everything out of w. An error means that the connection is of no more use.
func (o *outbox) send(w *resp.Writer, s *Server) error {
	if queued, err := o.toDrainer(w, s); queued || err != nil {
		return err
	}
	rest, err := o.write(w.Bytes()) // without the lock: nobody else starts a drainer
	if errors.Is(err, os.ErrDeadlineExceeded) {
		sent := w.Detach(nil)
		return o.drain(sent[len(sent)-rest:], s)
	}
	if cap(w.Bytes()) > maxKeptReplyBytes {
		w.Detach(nil)
	}
	w.Reset()
	return err
}

// toDrainer leaves the replies to the drainer if there is one.
func (o *outbox) toDrainer(w *resp.Writer, s *Server) (queued bool, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil || !o.draining {
		return false, o.err
	}
	return true, o.enqueue(w.Detach(nil), s)
}

// write writes directly, with a deadline a little ahead that is renewed rarely.
func (o *outbox) write(b []byte) (rest int, err error) {
	now := time.Now()
	o.owner.shared.touchAt(now)
	if o.expiry.Sub(now) < minStallMilli*time.Millisecond {
		o.expiry = now.Add(maxStallMilli * time.Millisecond)
		_ = o.nc.SetWriteDeadline(o.expiry)
	}
	n, err := o.nc.Write(b)
	return len(b) - n, err
}

// drain starts the drainer.
func (o *outbox) drain(b []byte, s *Server) error {
	_ = o.nc.SetWriteDeadline(time.Time{})
	o.expiry = time.Time{}
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.enqueue(b, s); err != nil {
		return err
	}
	o.draining = true
	o.done = make(chan struct{})
	s.wg.Add(1)
	go o.drainer(s)
	return nil
}

// enqueue leaves b to the drainer. o.mu is held.
func (o *outbox) enqueue(b []byte, s *Server) error {
	o.queue = append(o.queue, b)
	o.unsent += int64(len(b))
	o.owner.hold(int64(len(b)))
	limit := s.cfg.Load().Clients.Output[normalClass]
	if uint64(o.unsent) >= hardLimit(limit.Hard) {
		return errOutputLimit
	}
	if o.patience == nil && limit.Soft > 0 && uint64(o.unsent) >= limit.Soft {
		o.patience = time.AfterFunc(limit.SoftTimeout+softGraceMilli*time.Millisecond, func() { o.outOfPatience(s) })
	}
	return nil
}

func hardLimit(configured uint64) uint64 {
	if configured == 0 {
		return maxUnsentBytes
	}
	return min(configured, math.MaxInt)
}

// taken notes that the client took n bytes.
func (o *outbox) taken(n int, s *Server) {
	o.owner.shared.touch()
	o.owner.hold(-int64(n))
	o.mu.Lock()
	defer o.mu.Unlock()
	o.unsent -= int64(n)
	if o.patience != nil && uint64(o.unsent) < s.cfg.Load().Clients.Output[normalClass].Soft {
		o.patience.Stop()
		o.patience = nil
	}
}

// outOfPatience drops a client that has been above the soft limit for too long, unless the limit was raised meanwhile.
func (o *outbox) outOfPatience(s *Server) {
	o.mu.Lock()
	soft := s.cfg.Load().Clients.Output[normalClass].Soft
	exceeded := o.patience != nil && o.draining && soft > 0 && uint64(o.unsent) >= soft
	o.patience = nil
	o.mu.Unlock()
	if exceeded {
		o.owner.tooSlow()
		o.owner.kill()
	}
}

// drainer writes the queue until it is empty or the connection is gone.
func (o *outbox) drainer(s *Server) {
	defer s.wg.Done()
	for b := o.next(); b != nil; b = o.next() {
		for len(b) > 0 {
			n, err := o.nc.Write(b[:min(len(b), maxPieceBytes)])
			o.taken(n, s)
			if err != nil {
				o.fail(err)
				return
			}
			b = b[n:]
		}
	}
}

// next returns the next replies to write, nil when all are written: then the drainer has ended.
func (o *outbox) next() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.queue) == 0 {
		o.draining, o.queue = false, nil
		close(o.done)
		return nil
	}
	b := o.queue[0]
	o.queue[0] = nil
	o.queue = o.queue[1:]
	return b
}

// fail ends the drainer, and the connection with it.
func (o *outbox) fail(err error) {
	o.mu.Lock()
	o.err, o.queue, o.draining = err, nil, false
	close(o.done)
	o.mu.Unlock()
	_ = o.nc.Close()
}

// finish gives what is unsent a last chance before the connection is closed.
func (o *outbox) finish(ctx context.Context) {
	o.mu.Lock()
	done, draining := o.done, o.draining && o.err == nil
	o.mu.Unlock()
	if !draining {
		return
	}
	t := time.NewTimer(writeOnCloseGraceMilli * time.Millisecond)
	defer t.Stop()
	select {
	case <-done:
	case <-t.C:
	case <-ctx.Done():
	}
}

// wait waits for the drainer's end, once the connection is closed.
func (o *outbox) wait() {
	o.mu.Lock()
	done := o.done
	if o.patience != nil {
		o.patience.Stop()
		o.patience = nil
	}
	o.mu.Unlock()
	if done != nil {
		<-done
	}
}

// unsentBytes is what the drainer has still to write, for CLIENT LIST.
func (o *outbox) unsentBytes() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.unsent
}
