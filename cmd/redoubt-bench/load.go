package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/redoubtdb/redoubt/jepsen/client"
)

const (
	writers      = 20
	writeTimeout = 5 * time.Second
	retryPause   = 5 * time.Millisecond
	// loadTag gives all keys of the load slot 0, which the first master serves.
	loadTag = "{06S}"
)

// load is clients that write all the time, each its own key with numbers that grow, one after the other.
type load struct {
	name   string // is part of its keys: each load begins with new ones
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu    sync.Mutex     // guards what follows
	acked [writers][]int // the numbers that were acknowledged and not found lost, growing
	total int            // that were acknowledged
	lost  int            // of these
	event *event         // the failover that is watched, nil for none
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

func startLoad(ctx context.Context, name string, addrs []string) *load {
	ctx, cancel := context.WithCancel(ctx)
	l := &load{name: name, cancel: cancel}
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
	l.acked[writer] = append(l.acked[writer], number)
	l.total++
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

// found compares what a writer's key has with what was acknowledged. Whatever a failover loses is the end of what was
// written, so the writes that are lost are those with higher numbers than the key has.
func (l *load) found(writer, number int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	acked := l.acked[writer]
	kept, exact := slices.BinarySearch(acked, number)
	if exact {
		kept++
	}
	l.lost += len(acked) - kept
	l.acked[writer] = acked[:kept]
}

// verify reads back what every writer has written last, when the load has stopped.
func (l *load) verify(ctx context.Context, addrs []string) error {
	c := client.NewCluster(dial, addrs, writeTimeout)
	defer c.Close()
	for i := range writers {
		number, err := readNumber(c.Do(ctx, "GET", l.key(i)))
		if err != nil {
			return fmt.Errorf("reading back what was acknowledged: %w", err)
		}
		l.found(i, number)
	}
	return nil
}

// readNumber takes the number out of the answer to a GET, 0 if there is none.
func readNumber(r client.Reply) (int, error) {
	if r.Err != nil || r.Nil() {
		return 0, r.Err
	}
	return strconv.Atoi(r.Value.String())
}

func (l *load) key(writer int) string { return fmt.Sprintf("%s:%s:%d", loadTag, l.name, writer) }
