package bus

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// Limits of one incoming connection.
const (
	maxCallsPerLink     = 256             // handlers that run for a member
	maxOpenCallsPerLink = 4               // handlers that run for a stranger
	openIdleLimit       = 5 * time.Second // between frames of a stranger; one who waits for an answer pings
)

// callee answers the calls of one incoming connection.
type callee struct {
	bus  *Bus
	conn *link
	out  *frameWriter
	self Identity // what we were when the connection was accepted
	from Identity
	open bool // a stranger's connection
	// place is an open connection's place among the strangers.
	place *guest

	mu      sync.Mutex                    // guards running
	running map[uint64]context.CancelFunc // until the handler has returned, cancelled or not
}

func newCallee(b *Bus, conn *link, h *hello, self Identity) *callee {
	return &callee{
		bus: b, conn: conn, out: newFrameWriter(conn), self: self, from: h.from, open: h.stranger(),
		running: make(map[uint64]context.CancelFunc),
	}
}

// run reads frames until the connection ends; then it cancels what still runs.
func (c *callee) run() {
	defer c.cancelAll()
	defer c.conn.Close()
	in := bufio.NewReader(c.conn)
	for {
		f, err := c.next(in)
		if err != nil {
			return
		}
		switch f.kind {
		case frameRequest:
			err = c.request(f)
		case frameCancel:
			c.cancel(f.id)
		case framePing:
			_, err = c.out.write(c.bus.ctx, frame{kind: framePong, id: f.id})
		default:
			err = errMalformed
		}
		if err != nil {
			return
		}
	}
}

// next reads a frame. A stranger has to be short, and not too slow.
func (c *callee) next(in io.Reader) (frame, error) {
	if !c.open {
		return readFrame(in, MaxBody)
	}
	_ = c.conn.SetReadDeadline(time.Now().Add(openIdleLimit))
	f, err := readFrame(in, maxOpenBody)
	c.bus.guests.stir(c.place)
	return f, err
}

// request starts the handler of a request, or refuses it. It returns an error
// only if the connection must end.
func (c *callee) request(f frame) error {
	if c.bus.deps.Self() != c.self {
		return errors.New("we are someone else by now")
	}
	r, err := decodeRequest(f.payload)
	if err != nil {
		return err
	}
	m, err := c.permitted(r)
	if err != nil {
		return c.refuse(f.id, err)
	}
	ctx, err := c.begin(f.id, r.timeout)
	if err != nil {
		return c.refuse(f.id, err)
	}
	if !c.bus.spawn(func() { c.answer(ctx, f.id, m.handler, r.body) }) {
		c.finish(f.id)
		return ErrClosed
	}
	return nil
}

func (c *callee) refuse(id uint64, reason error) error {
	r := refuse(reason)
	_, err := c.out.write(c.bus.ctx, frame{kind: frameRefusal, id: id, payload: encodeCoded(r.Code, r.Msg)})
	return err
}

func (c *callee) permitted(r *request) (method, error) {
	m, ok := c.bus.method(r.method)
	if !ok || c.open && !m.open {
		return method{}, fmt.Errorf("%w: %.64q", ErrNoMethod, r.method)
	}
	if c.open {
		return m, nil
	}
	return m, c.bus.admit(c.from, Channel{Kind: KindRPC})
}

// begin makes the context of a handler and counts it.
func (c *callee) begin(id uint64, timeout time.Duration) (context.Context, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.running[id]; ok {
		return nil, errMalformed
	}
	if c.open && len(c.running) >= maxOpenCallsPerLink || len(c.running) >= maxCallsPerLink || !c.claim() {
		return nil, ErrBusy
	}
	ctx, cancel := c.bus.callContext(timeout)
	c.running[id] = cancel
	return ctx, nil
}

// callContext makes the context of a handler; without a timeout only a
// cancellation or the end of the bus ends it.
func (b *Bus) callContext(timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout > 0 {
		return context.WithTimeout(b.ctx, timeout)
	}
	return context.WithCancel(b.ctx)
}

// claim takes the token of a handler that is to run for a stranger. A member
// needs none.
func (c *callee) claim() bool {
	if !c.open {
		return true
	}
	select {
	case c.bus.openRuns <- struct{}{}:
		return true
	default:
		return false
	}
}

// finish forgets a handler that has returned.
func (c *callee) finish(id uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cancel, ok := c.running[id]; ok {
		cancel()
		delete(c.running, id)
		if c.open {
			<-c.bus.openRuns
		}
	}
}

// cancel tells a handler that nobody waits for it any more. It counts until it
// has returned, or else requests that are cancelled at once would be unlimited.
func (c *callee) cancel(id uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cancel, ok := c.running[id]; ok {
		cancel()
	}
}

func (c *callee) cancelAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, cancel := range c.running {
		cancel()
	}
}

// answer runs a handler and sends what it returned.
func (c *callee) answer(ctx context.Context, id uint64, h Handler, body []byte) {
	defer c.finish(id)
	result, err := h(ctx, c.from, body)
	f := frame{kind: frameResponse, id: id, payload: result}
	if err == nil && len(result) > MaxBody {
		err = fmt.Errorf("answer of %d bytes: %w", len(result), ErrTooLarge)
	}
	if err != nil {
		f.kind, f.payload = frameError, encodeCoded(c.bus.codeOf(err), err.Error())
	}
	_, _ = c.out.write(c.bus.ctx, f)
}

// codeOf is the code of a handler's error, or "error".
func (b *Bus) codeOf(err error) string {
	if b.deps.ErrorCode != nil {
		if code := b.deps.ErrorCode(err); code != "" {
			return code
		}
	}
	var coded interface{ Code() string }
	if errors.As(err, &coded) {
		return coded.Code()
	}
	var remote *RemoteError // of a call the handler made itself
	if errors.As(err, &remote) {
		return remote.Code
	}
	return "error"
}
