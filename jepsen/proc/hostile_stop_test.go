package proc

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/jepsen/client"
)

// A register is a key that one client alone writes: 1, 2, 3, and so on, each after the answer to
// the one before. So a read is linearizable exactly if it returns nothing older than what was
// acknowledged, or was read by anybody, before it began, and nothing newer than what the writer
// had sent when it ended. After a write of unknown outcome the client takes a new key, since that
// write may come true at any later time.
type register struct {
	key         string
	known, sent atomic.Int64
}

// know notes that v has been acknowledged or read.
func (r *register) know(v int64) {
	for old := r.known.Load(); v > old && !r.known.CompareAndSwap(old, v); old = r.known.Load() {
	}
}

// registers is some of them, their writers, and readers that ask given nodes.
type registers struct {
	c    *Cluster
	at   []atomic.Pointer[register]
	stop chan struct{}
	once sync.Once
	wg   sync.WaitGroup

	reads, served, acked, unknown atomic.Int64

	mu    sync.Mutex // guards what follows
	all   []*register
	stale []string
}

// readerTimeout is longer than the longest stop, so that whoever asked a stopped node learns its answer.
const readerTimeout = 25 * time.Second

func startRegisters(c *Cluster, writers int) *registers {
	r := &registers{c: c, at: make([]atomic.Pointer[register], writers), stop: make(chan struct{})}
	for i := range writers {
		r.renew(i, 0)
		r.wg.Go(func() { r.write(i) })
	}
	return r
}

func (r *registers) renew(i, generation int) {
	reg := &register{key: fmt.Sprintf("register:%d:%d", i, generation)}
	r.mu.Lock()
	r.all = append(r.all, reg)
	r.mu.Unlock()
	r.at[i].Store(reg)
}

func (r *registers) over() bool {
	select {
	case <-r.stop:
		return true
	default:
		return false
	}
}

func (r *registers) end() {
	r.once.Do(func() { close(r.stop) })
	r.wg.Wait()
}

// write is the life of a writer. It waits for no stopped node.
func (r *registers) write(i int) {
	cl := client.NewCluster(Dial, r.c.Addrs(), time.Second)
	defer cl.Close()
	for n, generation := int64(1), 0; !r.over(); n++ {
		reg := r.at[i].Load()
		reg.sent.Store(n)
		switch reply := cl.Do(context.Background(), "SET", reg.key, strconv.FormatInt(n, 10)); reply.Outcome {
		case client.Done:
			r.acked.Add(1)
			reg.know(n)
		case client.Failed:
			n-- // nothing happened
			time.Sleep(5 * time.Millisecond)
		case client.Unknown:
			r.unknown.Add(1)
			generation++
			r.renew(i, generation)
			n = 0
		}
	}
}

// flood reads from one node at a steady pace, whether or not it answers: each read goes out on
// an idle connection, so that requests pile up in a node that is stopped.
func (r *registers) flood(node, conns int, every time.Duration) {
	idle := make(chan *client.Conn, conns)
	for range conns {
		idle <- nil
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		select {
		case <-r.stop:
			return
		case <-tick.C:
		}
		select {
		case conn := <-idle:
			wg.Go(func() { idle <- r.read(node, conn) })
		default: // all of them wait for answers
		}
	}
}

// mostPiped is how many reads go out in one piece at most.
const mostPiped = 12

// question is a read that is under way.
type question struct {
	*register
	least int64
}

// read reads registers on a node, one or several in a pipeline, and returns the connection if it
// can be used again.
func (r *registers) read(node int, conn *client.Conn) *client.Conn {
	if conn == nil {
		var err error
		if conn, err = client.Open(context.Background(), Dial, r.c.Addr(node), readerTimeout); err != nil {
			return nil
		}
	}
	questions := make([]question, 1+rand.IntN(2)*rand.IntN(mostPiped))
	commands := make([][]string, len(questions))
	for i := range questions {
		reg := r.at[rand.IntN(len(r.at))].Load()
		questions[i] = question{reg, reg.known.Load()}
		commands[i] = []string{"GET", reg.key}
	}
	began := time.Now()
	replies := conn.Pipeline(commands...)
	for i, reply := range replies {
		r.judge(node, questions[i], reply, time.Since(began))
		if client.Broken(reply) {
			conn.Close()
			return nil
		}
	}
	return conn
}

// judge looks at one answer.
func (r *registers) judge(node int, q question, reply client.Reply, took time.Duration) {
	r.reads.Add(1)
	if reply.Outcome != client.Done {
		return
	}
	r.served.Add(1)
	most := q.sent.Load()
	v, _ := strconv.ParseInt(reply.Value.String(), 10, 64)
	if v < q.least || v > most {
		r.mu.Lock()
		r.stale = append(r.stale, fmt.Sprintf("node %d answered %q for %s after %v: %d was known before, %d was sent at most",
			node, reply.Value.String(), q.key, took, q.least, most))
		r.mu.Unlock()
	}
	q.know(v)
}

// check reads every register back and reports what was stale or is lost.
func (r *registers) check(t *testing.T) {
	t.Helper()
	r.end()
	cl := client.NewCluster(Dial, r.c.Addrs(), clientTimeout)
	defer cl.Close()
	for _, reg := range r.all {
		text, _ := get(cl, reg.key)
		if v, _ := strconv.ParseInt(text, 10, 64); v < reg.known.Load() || v > reg.sent.Load() {
			t.Errorf("%s is %q: %d was known, %d was sent", reg.key, text, reg.known.Load(), reg.sent.Load())
		}
	}
	for _, s := range r.stale[:min(len(r.stale), 10)] {
		t.Error(s)
	}
	t.Logf("%d reads, %d of them served, %d stale; %d writes acknowledged, %d unknown", r.reads.Load(), r.served.Load(), len(r.stale),
		r.acked.Load(), r.unknown.Load())
	if r.served.Load() < 100 || r.acked.Load() < 100 {
		t.Error("too little was served: this test shows nothing")
	}
}

// stoppedLeaders stops the leader again and again, now and then a follower too, for a little
// shorter or longer than a lease, an election and a client's patience, while clients write through
// whoever leads and read from every node, the stopped one too. Nothing that is read is older than
// it may be, and nothing is lost.
func stoppedLeaders(t *testing.T, server string) {
	stops := 8
	if long() {
		stops = 250
	}
	for _, consistency := range []string{"lease", "quorum"} {
		t.Run(consistency, func(t *testing.T) {
			t.Parallel()
			c := oneGroup(t, server, 3, "--read-consistency", consistency, "--cluster-node-timeout", "600")
			r := startRegisters(c, 4)
			t.Cleanup(r.end)
			load := StartLoad(c, 2, clientTimeout)
			for node := range c.Len() {
				r.wg.Go(func() { r.flood(node, 400, 4*time.Millisecond) })
			}
			stopLeaders(t, c, r, stops)
			r.check(t)
			audit(t, load)
		})
	}
}

func signalAll(t *testing.T, c *Cluster, s syscall.Signal, victims ...int) {
	t.Helper()
	for _, i := range victims {
		if err := c.Signal(i, s); err != nil {
			t.Fatal(err)
		}
	}
}

// stopLeaders stops the leader for how long one has to try: the sleeps are what the test is about.
func stopLeaders(t *testing.T, c *Cluster, r *registers, stops int) {
	t.Helper()
	elections := 0
	rnd := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	for n := range stops {
		leader := -1
		eventually(t, "somebody leads", func() bool { leader = c.master(-1); return leader >= 0 })
		before := r.acked.Load()
		eventually(t, "writes go on", func() bool { return r.acked.Load() > before+20 })
		time.Sleep(within(rnd, 0, 50*time.Millisecond))
		switch follower := (leader + 1 + rnd.IntN(c.Len()-1)) % c.Len(); {
		case n%4 == 3: // until another leads, and for a while
			signalAll(t, c, syscall.SIGSTOP, leader)
			eventually(t, "another leads", func() bool { return c.master(leader) >= 0 })
			elections++
			time.Sleep(within(rnd, 0, 900*time.Millisecond))
			signalAll(t, c, syscall.SIGCONT, leader)
		case n%5 == 2: // with a follower, which wakes up earlier or later
			signalAll(t, c, syscall.SIGSTOP, leader, follower)
			time.Sleep(within(rnd, 5*time.Millisecond, 700*time.Millisecond))
			first, last := leader, follower
			if rnd.IntN(2) == 0 {
				first, last = last, first
			}
			signalAll(t, c, syscall.SIGCONT, first)
			time.Sleep(within(rnd, 0, 700*time.Millisecond))
			signalAll(t, c, syscall.SIGCONT, last)
		default:
			signalAll(t, c, syscall.SIGSTOP, leader)
			if n%15 == 14 {
				time.Sleep(within(rnd, 2*time.Second, 15*time.Second))
			}
			time.Sleep(within(rnd, 5*time.Millisecond, 700*time.Millisecond))
			signalAll(t, c, syscall.SIGCONT, leader)
		}
	}
	t.Logf("%d stops, %d elections", stops, elections)
	settle(t, c)
}
