package memnet

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// window bounds the bytes on their way in one direction of a connection.
const window = 256 << 10

// pipe is one end of a connection. Everything is guarded by the network's lock.
type pipe struct {
	net           *Net
	other         *pipe
	local, remote string // hosts
	addr          address
	in, out       *path // the two directions of the link
	reading       side
	writing       side

	inbox    []segment // written by the other end, in order
	held     int       // bytes in inbox
	closed   bool      // by us
	failed   error     // a reset
	finished bool      // the other end's close has been read
}

// side is where the readers of an end wait, or its writers.
type side struct {
	by      time.Time  // its deadline
	changed *sync.Cond // of the network's lock
	alarm   *time.Timer
	set     time.Time // when the alarm goes off, zero: it does not
}

// segment is one write of the other end, or its close, or its reset.
type segment struct {
	data []byte
	due  time.Time // when it is here if the link is whole then
	fin  bool
	err  error
}

var _ net.Conn = (*pipe)(nil)

func (p *pipe) LocalAddr() net.Addr  { return p.addr }
func (p *pipe) RemoteAddr() net.Addr { return p.other.addr }

// arrived says whether a segment of this connection is here, and if not, when
// it may be (zero: only after a heal).
func (p *pipe) arrived(s segment) (bool, time.Time) {
	if p.in.cut {
		return !s.due.After(p.in.cutAt), time.Time{}
	}
	return !s.due.After(time.Now()), s.due
}

// head is arrived for the first waiting segment.
func (p *pipe) head() (here bool, due time.Time) {
	if len(p.inbox) == 0 {
		return false, time.Time{}
	}
	return p.arrived(p.inbox[0])
}

// reset returns the error of a reset, ours or one that has arrived: it
// overtakes what was not read yet, as on TCP.
func (p *pipe) reset() error {
	if k := len(p.inbox); p.failed == nil && k > 0 && p.inbox[k-1].err != nil {
		if here, _ := p.arrived(p.inbox[k-1]); here {
			p.fail(p.inbox[k-1].err)
		}
	}
	return p.failed
}

// Read returns what has arrived.
func (p *pipe) Read(b []byte) (int, error) {
	p.net.mu.Lock()
	defer p.net.mu.Unlock()
	for {
		here, due := p.head()
		switch {
		case p.closed:
			return 0, net.ErrClosed
		case p.reset() != nil:
			return 0, p.failed
		case p.finished:
			return 0, io.EOF
		case past(p.reading.by):
			return 0, os.ErrDeadlineExceeded
		case len(b) == 0:
			return 0, nil
		case here && p.inbox[0].fin:
			p.finished = true
		case here:
			return p.take(b), nil
		default:
			p.reading.wait(earlier(due, p.reading.by))
		}
	}
}

// take moves arrived bytes into b.
func (p *pipe) take(b []byte) int {
	n := copy(b, p.inbox[0].data)
	p.held -= n
	if p.inbox[0].data = p.inbox[0].data[n:]; len(p.inbox[0].data) == 0 {
		p.inbox = p.inbox[1:]
	}
	p.other.writing.changed.Broadcast() // it may have waited for room
	return n
}

// Write sends b; it waits while the window is full.
func (p *pipe) Write(b []byte) (int, error) {
	p.net.mu.Lock()
	defer p.net.mu.Unlock()
	n := 0
	for {
		switch {
		case p.closed:
			return n, net.ErrClosed
		case p.reset() != nil:
			return n, p.failed
		case p.other.closed && !p.out.cut:
			return n, syscall.EPIPE
		case past(p.writing.by):
			return n, os.ErrDeadlineExceeded
		case n == len(b):
			return n, nil
		}
		if room := window - p.other.held; room > 0 {
			m := min(room, len(b)-n)
			p.push(segment{data: append([]byte(nil), b[n:n+m]...)})
			n += m
			continue
		}
		p.writing.wait(p.writing.by)
	}
}

// push puts a segment on its way to the other end.
func (p *pipe) push(s segment) {
	o := p.other
	s.due = time.Now().Add(p.out.delay)
	if k := len(o.inbox); k > 0 && s.due.Before(o.inbox[k-1].due) {
		s.due = o.inbox[k-1].due // a stream does not overtake itself
	}
	if p.out.cut && !s.due.After(p.out.cutAt) {
		s.due = p.out.cutAt.Add(1) // written at the instant of the cut: too late
	}
	o.inbox = append(o.inbox, s)
	o.held += len(s.data)
	o.wake()
}

// Close sends the close after what was written; the other end reads the rest.
func (p *pipe) Close() error {
	p.net.mu.Lock()
	defer p.net.mu.Unlock()
	p.shut()
	return nil
}

func (p *pipe) shut() {
	if p.closed {
		return
	}
	p.closed = true
	p.push(segment{fin: true})
	p.inbox, p.held = nil, 0
	p.wake()
	p.drop()
}

// fail is a reset seen by this end.
func (p *pipe) fail(err error) {
	if p.failed == nil {
		p.failed = err
	}
	p.inbox, p.held = nil, 0
	p.wake()
	p.drop()
}

// drop forgets the connection once both ends are done with it.
func (p *pipe) drop() {
	if (p.closed || p.failed != nil) && (p.other.closed || p.other.failed != nil) {
		delete(p.net.conns, p)
		delete(p.net.conns, p.other)
	}
}

// wake lets whoever waits at this end look again.
func (p *pipe) wake() {
	p.reading.changed.Broadcast()
	p.writing.changed.Broadcast()
}

// wait gives the lock up until something changes or the time comes; it may return before. A connection waits
// for each of its bytes, so the alarm is kept.
func (s *side) wait(until time.Time) {
	switch {
	case until.IsZero() || until.Equal(s.set):
	case s.alarm == nil:
		s.alarm = time.AfterFunc(time.Until(until), s.ring)
	default:
		s.alarm.Reset(time.Until(until))
	}
	if !until.IsZero() {
		s.set = until
	}
	s.changed.Wait()
}

func (s *side) ring() {
	s.changed.L.Lock()
	defer s.changed.L.Unlock()
	s.set = time.Time{}
	s.changed.Broadcast()
}

// SetDeadline sets both deadlines.
func (p *pipe) SetDeadline(t time.Time) error { return p.setDeadlines(&t, &t) }

// SetReadDeadline bounds Read, also one that waits already.
func (p *pipe) SetReadDeadline(t time.Time) error { return p.setDeadlines(&t, nil) }

// SetWriteDeadline bounds Write, also one that waits already.
func (p *pipe) SetWriteDeadline(t time.Time) error { return p.setDeadlines(nil, &t) }

func (p *pipe) setDeadlines(read, write *time.Time) error {
	p.net.mu.Lock()
	defer p.net.mu.Unlock()
	if p.closed {
		return net.ErrClosed
	}
	if read != nil {
		p.reading.by = *read
	}
	if write != nil {
		p.writing.by = *write
	}
	p.wake()
	return nil
}

func past(t time.Time) bool { return !t.IsZero() && !time.Now().Before(t) }

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
