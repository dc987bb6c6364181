package proc

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/redoubtdb/redoubt/jepsen/client"
)

// Load is clients that write to a cluster of processes and remember what was
// acknowledged: each SETs fresh keys and INCRs a counter of its own.
type Load struct {
	addrs   []string
	timeout time.Duration
	stop    chan struct{}
	once    sync.Once // guards the close of stop
	wg      sync.WaitGroup

	mu      sync.Mutex // guards what follows
	writers []*writer
}

// writer is one client's account.
type writer struct {
	counter        string
	acked, unknown int
	highest        int
	attempts       int
	keys           []string
	wrong          []string
	gap            time.Duration // longest time between two acknowledged writes
}

// StartLoad starts n clients.
func StartLoad(c *Cluster, n int, timeout time.Duration) *Load {
	l := &Load{addrs: c.Addrs(), timeout: timeout, stop: make(chan struct{})}
	for i := range n {
		w := &writer{counter: fmt.Sprintf("counter:%d", i)}
		l.writers = append(l.writers, w)
		l.wg.Go(func() { l.run(i, w) })
	}
	c.loads = append(c.loads, l)
	return l
}

func (l *Load) run(id int, w *writer) {
	c := client.NewCluster(Dial, l.addrs, l.timeout)
	defer c.Close()
	last := time.Now()
	for n := 0; ; n++ {
		select {
		case <-l.stop:
			return
		default:
		}
		var r client.Reply
		key := fmt.Sprintf("key:%d:%d", id, n)
		if n%2 == 0 {
			r = c.Do(context.Background(), "INCR", w.counter)
		} else {
			r = c.Do(context.Background(), "SET", key, key)
		}
		l.mu.Lock()
		w.note(n%2 == 0, key, r)
		if r.Outcome == client.Done {
			now := time.Now()
			w.gap = max(w.gap, now.Sub(last))
			last = now
		}
		l.mu.Unlock()
		if r.Outcome != client.Done {
			select { // do not storm a cluster that is electing
			case <-l.stop:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
}

// note enters one outcome into the account.
func (w *writer) note(incr bool, key string, r client.Reply) {
	w.attempts++
	switch {
	case !incr && r.Outcome == client.Done:
		w.keys = append(w.keys, key)
	case incr && r.Outcome == client.Unknown:
		w.unknown++
	case incr && r.Outcome == client.Done:
		v, err := strconv.Atoi(r.Value.String())
		if err != nil || v <= w.highest || v > w.acked+w.unknown+1 {
			w.wrong = append(w.wrong, fmt.Sprintf("%s: INCR answered %q after %d, with %d acknowledged and %d unknown",
				w.counter, r.Value.String(), w.highest, w.acked, w.unknown))
		}
		w.acked++
		w.highest = max(w.highest, v)
	}
}

// Acked is the number of writes acknowledged so far.
func (l *Load) Acked() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, w := range l.writers {
		n += w.acked + len(w.keys)
	}
	return n
}

// Stop ends the clients.
func (l *Load) Stop() {
	l.once.Do(func() { close(l.stop) })
	l.wg.Wait()
}

// Accounts is what a check found.
type Accounts struct {
	Attempted, Acked, Unknown int
	Wrong                     []string // lost, doubled, impossible
	Gap                       time.Duration
}

func (a Accounts) String() string {
	return fmt.Sprintf("attempted %d, acknowledged %d, unknown %d, wrong %d, longest gap %v", a.Attempted, a.Acked, a.Unknown, len(a.Wrong), a.Gap)
}

// Check reads every acknowledged write back. It is called after Stop.
func (l *Load) Check() Accounts {
	var a Accounts
	c := client.NewCluster(Dial, l.addrs, l.timeout)
	defer c.Close()
	for _, w := range l.writers {
		a.Attempted += w.attempts
		a.Acked += w.acked + len(w.keys)
		a.Unknown += w.unknown
		a.Gap = max(a.Gap, w.gap)
		a.Wrong = append(a.Wrong, w.wrong...)
		text, found := get(c, w.counter)
		v, err := strconv.Atoi(text)
		if found && err != nil || v < w.acked || v > w.acked+w.unknown {
			a.Wrong = append(a.Wrong, fmt.Sprintf("%s is %q: %d acknowledged, %d unknown", w.counter, text, w.acked, w.unknown))
		}
		for _, key := range w.keys {
			if got, _ := get(c, key); got != key {
				a.Wrong = append(a.Wrong, fmt.Sprintf("%s was acknowledged and is %q", key, got))
			}
		}
	}
	return a
}

// readAttempts bounds the patience of a read during the check.
const readAttempts = 200

// get reads one key; found is false where it does not exist.
func get(c *client.Cluster, key string) (value string, found bool) {
	var r client.Reply
	for range readAttempts {
		if r = c.Do(context.Background(), "GET", key); r.Outcome == client.Done {
			return r.Value.String(), !r.Nil()
		}
		time.Sleep(pollInterval)
	}
	return "unreadable: " + r.Err.Error(), true
}
