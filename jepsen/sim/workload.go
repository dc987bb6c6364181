package sim

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sort"
	"strconv"
	"sync"
	"time"

	"github.com/redoubtdb/redoubt/jepsen/client"
)

// Load is clients that write until told to stop, and remember what was acknowledged:
// each SETs keys of its own, once each, and INCRs one counter.
type Load struct {
	cluster *Cluster
	stop    chan struct{}
	once    sync.Once
	wg      sync.WaitGroup

	mu    sync.Mutex // guards the tallies
	tally []*tally
}

// tally is what one client knows.
type tally struct {
	counter        string
	acked, unknown int      // INCRs
	highest        int      // the highest value an INCR answered with
	keys           []string // SETs that were acknowledged
	attempts       int
	wrong          []string // answers that can never be right
	worst          time.Duration
}

// requestTimeout is how long a client waits for one answer.
const requestTimeout = 8 * time.Second

// StartLoad starts n clients.
func StartLoad(c *Cluster, n int, seed uint64) *Load {
	l := &Load{cluster: c, stop: make(chan struct{})}
	for i := range n {
		t := &tally{counter: fmt.Sprintf("counter:%d", i)}
		l.tally = append(l.tally, t)
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		l.wg.Go(func() { l.run(i, t, rng) })
	}
	c.loads = append(c.loads, l)
	return l
}

// run is one client.
func (l *Load) run(id int, t *tally, rng *rand.Rand) {
	c := client.NewCluster(l.cluster.Dial, l.cluster.Addrs(), requestTimeout)
	defer c.Close()
	last := time.Now()
	for n := 0; l.cluster.pace.think(rng, l.stop); n++ {
		if l.step(c, id, n, t) {
			now := time.Now()
			l.mu.Lock()
			t.worst = max(t.worst, now.Sub(last))
			l.mu.Unlock()
			last = now
		}
	}
}

// step makes one INCR or SET; true when it was acknowledged.
func (l *Load) step(c *client.Cluster, id, n int, t *tally) bool {
	if n%2 == 0 {
		r := c.Do(context.Background(), "INCR", t.counter)
		l.mu.Lock()
		defer l.mu.Unlock()
		t.attempts++
		t.incr(r)
		return r.Outcome == client.Done
	}
	key := fmt.Sprintf("key:%d:%d", id, n)
	r := c.Do(context.Background(), "SET", key, key)
	l.mu.Lock()
	defer l.mu.Unlock()
	t.attempts++
	if r.Outcome == client.Done {
		t.keys = append(t.keys, key)
	}
	return r.Outcome == client.Done
}

// incr notes the outcome of an INCR. This client is the counter's only writer, so each
// answer must be above the one before, and at most by the INCRs of unknown outcome.
func (t *tally) incr(r client.Reply) {
	switch r.Outcome {
	case client.Unknown:
		t.unknown++
	case client.Done:
		v, err := strconv.Atoi(r.Value.String())
		if err != nil || v <= t.highest || v > t.acked+t.unknown+1 {
			t.wrong = append(t.wrong, fmt.Sprintf("%s: answered %q after %d, with %d acknowledged and %d unknown",
				t.counter, r.Value.String(), t.highest, t.acked, t.unknown))
		}
		t.acked++
		t.highest = max(t.highest, v)
	}
}

// Stop ends the clients.
func (l *Load) Stop() {
	l.once.Do(func() { close(l.stop) })
	l.wg.Wait()
}

// Acked is how many writes have been acknowledged so far.
func (l *Load) Acked() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, t := range l.tally {
		n += t.acked + len(t.keys)
	}
	return n
}

// Worst is the longest time a client had to wait between two acknowledged writes.
func (l *Load) Worst() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	var worst time.Duration
	for _, t := range l.tally {
		worst = max(worst, t.worst)
	}
	return worst
}

// Accounts is the outcome of a check.
type Accounts struct {
	Attempted, Acked, Unknown int
	Wrong                     []string // lost, doubled or impossible
}

func (a Accounts) String() string {
	return fmt.Sprintf("attempted %d, acknowledged %d, unknown %d, wrong %d", a.Attempted, a.Acked, a.Unknown, len(a.Wrong))
}

// Check reads everything back and compares. It is called after Stop, on a whole cluster.
func (l *Load) Check() Accounts {
	var a Accounts
	c := client.NewCluster(l.cluster.Dial, l.cluster.Addrs(), requestTimeout)
	defer c.Close()
	for _, t := range l.tally {
		a.Attempted += t.attempts
		a.Acked += t.acked + len(t.keys)
		a.Unknown += t.unknown
		a.Wrong = append(a.Wrong, t.wrong...)
		v, err := strconv.Atoi(read(c, t.counter))
		if err != nil && t.acked > 0 || v < t.acked || v > t.acked+t.unknown {
			a.Wrong = append(a.Wrong, fmt.Sprintf("%s is %d: %d acknowledged, %d unknown", t.counter, v, t.acked, t.unknown))
		}
		for _, key := range t.keys {
			if got := read(c, key); got != key {
				a.Wrong = append(a.Wrong, fmt.Sprintf("%s was acknowledged and is %q", key, got))
			}
		}
	}
	sort.Strings(a.Wrong)
	return a
}

// read gets one key, patiently.
func read(c *client.Cluster, key string) string {
	var r client.Reply
	for range 200 {
		if r = c.Do(context.Background(), "GET", key); r.Outcome == client.Done {
			if r.Nil() {
				return ""
			}
			return r.Value.String()
		}
		time.Sleep(50 * time.Millisecond)
	}
	return "unreadable: " + r.Err.Error()
}
