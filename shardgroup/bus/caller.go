package bus

import (
	"bufio"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// A waiting call asks every pingEvery for a sign of life, and gives the
// connection up when none came for deadAfter.
const (
	pingEvery = time.Second
	deadAfter = 3 * time.Second
)

// caller is one outgoing call connection; many calls run on it at a time.
type caller struct {
	bus   *Bus
	conn  *link
	out   *frameWriter
	self  Identity     // what we were when the connection was made
	heard atomic.Int64 // when the latest frame came, in nanoseconds since born
	born  time.Time
	ended chan struct{} // closed when the connection is of no more use

	mu      sync.Mutex // guards the rest
	over    bool
	nextID  uint64
	waiting map[uint64]chan frame
}

// newCaller starts the reader of an outgoing connection.
func newCaller(b *Bus, conn *link, self Identity) (*caller, error) {
	c := &caller{
		bus: b, conn: conn, out: newFrameWriter(conn), self: self, born: time.Now(),
		ended: make(chan struct{}), waiting: make(map[uint64]chan frame),
	}
	if !b.spawn(c.read) {
		_ = conn.Close()
		return nil, ErrClosed
	}
	return c, nil
}

// read hands each answer to its call until the connection ends.
func (c *caller) read() {
	defer c.end()
	in := bufio.NewReader(c.conn)
	for {
		f, err := readFrame(in, MaxBody)
		if err != nil {
			return
		}
		c.heard.Store(int64(time.Since(c.born)))
		if f.kind == framePong {
			continue
		}
		c.mu.Lock()
		ch := c.waiting[f.id]
		delete(c.waiting, f.id)
		c.mu.Unlock()
		if ch != nil {
			ch <- f // has room for it
		}
	}
}

// end closes the connection; calls that wait see ended.
func (c *caller) end() {
	_ = c.conn.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over {
		c.over = true
		close(c.ended)
	}
}

// usable says whether a new call may be put on the connection.
func (c *caller) usable() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.over && c.bus.deps.Self() == c.self
}

// call runs one call. Errors with ErrNotSent: the handler did not run.
func (c *caller) call(ctx context.Context, name string, body []byte) ([]byte, error) {
	r := request{method: name, body: body}
	if deadline, ok := ctx.Deadline(); ok {
		r.timeout = max(time.Until(deadline), time.Millisecond)
	}
	id, answer, err := c.register()
	if err != nil {
		return nil, notSent(err)
	}
	defer c.unregister(id)
	if whole, err := c.out.write(ctx, frame{kind: frameRequest, id: id, payload: r.encode()}); err != nil {
		if whole {
			return nil, fmt.Errorf("%w: %w", ErrConnectionLost, err)
		}
		return nil, notSent(err)
	}
	f, err := c.await(ctx, id, answer)
	if err != nil {
		return nil, err
	}
	return f.result()
}

func (c *caller) register() (uint64, chan frame, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return 0, nil, ErrConnectionLost
	}
	c.nextID++
	ch := make(chan frame, 1)
	c.waiting[c.nextID] = ch
	return c.nextID, ch, nil
}

func (c *caller) unregister(id uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, id)
}

// await waits for the answer of a call that was sent.
func (c *caller) await(ctx context.Context, id uint64, answer chan frame) (frame, error) {
	sent := time.Since(c.born)
	tick := time.NewTimer(pingEvery)
	defer tick.Stop()
	for {
		select {
		case f := <-answer:
			return f, nil
		case <-c.ended:
			select {
			case f := <-answer: // it came before the end
				return f, nil
			default:
				return frame{}, ErrConnectionLost
			}
		case <-ctx.Done():
			c.bus.spawn(func() { _, _ = c.out.write(c.bus.ctx, frame{kind: frameCancel, id: id}) })
			return frame{}, ctx.Err()
		case <-tick.C:
			quiet := time.Since(c.born) - max(time.Duration(c.heard.Load()), sent)
			if quiet >= deadAfter {
				c.end()
				return frame{}, ErrConnectionLost
			}
			c.bus.spawn(func() { c.out.try(frame{kind: framePing, id: id}) })
			tick.Reset(pingEvery)
		}
	}
}

// result is what an answer means to the caller.
func (f frame) result() ([]byte, error) {
	if f.kind == frameResponse {
		return f.payload, nil
	}
	code, msg, err := decodeCoded(f.payload)
	if err != nil {
		return nil, err
	}
	switch f.kind {
	case frameError:
		return nil, &RemoteError{Code: code, Msg: msg}
	case frameRefusal:
		return nil, notSent(&Refusal{Code: code, Msg: msg})
	}
	return nil, errMalformed
}
