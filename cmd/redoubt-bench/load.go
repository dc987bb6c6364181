package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/redoubtdb/redoubt/jepsen/client"
)

const (
	writers      = 20
	writeTimeout = 5 * time.Second
	retryPause   = time.Millisecond
)

// load is clients that write all the time, each its own key with numbers that grow, one after the other.
type load struct {
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu    sync.Mutex // guards what follows
	acked [writers]int
	event *event // the failover that is watched, nil for none
}

// event is what the load sees of one failover.
type event struct {
	old     string // the master that is to go
	began   time.Time
	taken   chan struct{} // closed when another node has acknowledged a write that was sent afterwards
	first   time.Duration // from began until then
	last    time.Time     // the latest acknowledgement of any node
	longest time.Duration // between two
}

func startLoad(ctx context.Context, addrs []string) *load {
	ctx, cancel := context.WithCancel(ctx)
	l := &load{cancel: cancel}
	for i := range writers {
		w := &writer{load: l, id: i, addrs: addrs, next: i}
		l.wg.Go(func() { w.run(ctx) })
	}
	return l
}

// stop ends the clients. It may be called twice.
func (l *load) stop() {
	l.cancel()
	l.wg.Wait()
}

// watch begins to watch for the node that takes over from old.
func (l *load) watch(old string) *event {
	now := time.Now()
	e := &event{old: old, began: now, last: now, taken: make(chan struct{})}
	l.mu.Lock()
	l.event = e
	l.mu.Unlock()
	return e
}

// result ends watching.
func (l *load) result(e *event) (first, longest time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.event = nil
	return e.first, max(e.longest, time.Since(e.last))
}

// acknowledged notes that a node has acknowledged a writer's number.
func (l *load) acknowledged(writer, number int, node string, sent time.Time) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acked[writer] = number
	if l.event != nil {
		l.event.note(node, sent, now)
	}
}

func (e *event) note(node string, sent, now time.Time) {
	e.longest = max(e.longest, now.Sub(e.last))
	e.last = now
	if e.first == 0 && node != e.old && sent.After(e.began) {
		e.first = now.Sub(e.began)
		close(e.taken)
	}
}

// verify makes sure that no acknowledged write is gone.
func (l *load) verify(ctx context.Context, addrs []string) error {
	c := client.NewCluster(dial, addrs, writeTimeout)
	defer c.Close()
	for i, acked := range l.acked {
		r := c.Do(ctx, "GET", loadKey(i))
		if r.Err != nil {
			return fmt.Errorf("reading back what was acknowledged: %w", r.Err)
		}
		if n, err := strconv.Atoi(r.Value.String()); err != nil || n < acked {
			return fmt.Errorf("an acknowledged write is gone: %s is %q, but %d was acknowledged", loadKey(i), r.Value, acked)
		}
	}
	return nil
}

func loadKey(writer int) string { return "load:" + strconv.Itoa(writer) }

// writer is one client. It follows redirections, turns to the next node where one does not answer, and
// never repeats a number.
type writer struct {
	load  *load
	id    int
	addrs []string
	next  int    // node to try next
	at    string // node that conn leads to
	conn  *client.Conn
}

func (w *writer) run(ctx context.Context) {
	defer func() { w.leave() }()
	for number := 1; ctx.Err() == nil; number++ {
		if err := w.write(ctx, number); err != nil {
			_ = pause(ctx, retryPause)
		}
	}
}

var errNotWritten = errors.New("not acknowledged")

func (w *writer) write(ctx context.Context, number int) error {
	if w.conn == nil {
		if err := w.connect(ctx, w.addrs[w.next%len(w.addrs)]); err != nil {
			w.next++
			return err
		}
	}
	sent := time.Now()
	r := w.conn.Do("SET", loadKey(w.id), fmt.Sprintf("%0*d", valueBytes, number))
	if r.Outcome == client.Done {
		w.load.acknowledged(w.id, number, w.at, sent)
		return nil
	}
	w.leave()
	if addr, moved := client.Moved(r); moved {
		return w.connect(ctx, addr)
	}
	w.next++
	return errNotWritten
}

func (w *writer) connect(ctx context.Context, addr string) (err error) {
	w.at = addr
	w.conn, err = client.Open(ctx, dial, addr, writeTimeout)
	return err
}

func (w *writer) leave() {
	if w.conn != nil {
		w.conn.Close()
		w.conn = nil
	}
}
