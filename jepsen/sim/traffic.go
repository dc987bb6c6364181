package sim

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/redoubtdb/redoubt/jepsen/client"
)

const (
	// trafficTimeout is how long a client of Traffic waits for one answer.
	trafficTimeout = 3 * time.Second
	// roundTime is how long a hot key lives. Histories of one key stay short enough for
	// the checker; the next round's keys begin absent.
	roundTime = 20 * time.Second
	hotKeys   = 3 // of each sort
	// casScript compares and sets, and tells what it found.
	casScript = `local v=redis.call('GET',KEYS[1]) if v==ARGV[1] then redis.call('SET',KEYS[1],ARGV[2]) end return v`
)

// Traffic is clients that fight over few keys, and whose history is kept.
type Traffic struct {
	History *History
	Sets    *Sets

	cluster *Cluster
	addrs   []string
	stop    chan struct{}
	wg      sync.WaitGroup
	mu      sync.Mutex // guards count
	count   map[client.Outcome]int
}

// StartTraffic starts n clients that know the first hosts of the cluster.
func StartTraffic(c *Cluster, n, hosts int, seed uint64) *Traffic {
	t := &Traffic{
		History: NewHistory(), Sets: NewSets(), cluster: c, addrs: c.Addrs()[:hosts],
		stop: make(chan struct{}), count: make(map[client.Outcome]int),
	}
	for i := range n {
		rng := rand.New(rand.NewPCG(seed, uint64(i)+100))
		t.wg.Go(func() { t.run(i, rng) })
	}
	return t
}

// Stop ends the clients; it may be called once.
func (t *Traffic) Stop() {
	close(t.stop)
	t.wg.Wait()
}

// Counts is how many operations were done, failed and unknown.
func (t *Traffic) Counts() string {
	done, failed, unknown := t.counts()
	return fmt.Sprintf("%d done, %d failed, %d unknown", done, failed, unknown)
}

func (t *Traffic) counts() (done, failed, unknown int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.count[client.Done], t.count[client.Failed], t.count[client.Unknown]
}

// user is one client.
type user struct {
	*Traffic
	id   int
	n    int // operations so far: makes values unique
	rng  *rand.Rand
	conn *client.Cluster
	last map[string]string // the value of each key that this client has seen last
}

func (t *Traffic) run(id int, rng *rand.Rand) {
	u := &user{Traffic: t, id: id, rng: rng, last: make(map[string]string)}
	u.conn = client.NewCluster(t.cluster.Dial, t.addrs, trafficTimeout)
	defer func() { u.conn.Close() }()
	for t.cluster.pace.think(rng, t.stop) {
		if rng.IntN(200) == 0 { // a new client
			u.conn.Close()
			u.conn = client.NewCluster(t.cluster.Dial, t.addrs, trafficTimeout)
		}
		u.step()
	}
}

// step makes one operation.
func (u *user) step() {
	u.n++
	round := int(time.Since(u.History.began) / roundTime)
	k := u.rng.IntN(hotKeys)
	register, counter, set := fmt.Sprintf("reg:%d:%d", k, round), fmt.Sprintf("ctr:%d:%d", k, round), fmt.Sprintf("set:%d:%d", k, round)
	value := fmt.Sprintf("%d.%d", u.id, u.n)
	switch p := u.rng.IntN(100); {
	case p < 22:
		u.get(register)
	case p < 28:
		u.get(counter)
	case p < 42:
		u.replicaGet([]string{register, counter}[u.rng.IntN(2)])
	case p < 57:
		u.do(Op{Kind: opSet, Key: register, New: value}, "SET", register, value)
	case p < 70:
		u.do(Op{Kind: opIncr, Key: counter}, "INCR", counter)
	case p < 78:
		if old := u.last[register]; old != "" {
			u.do(Op{Kind: opSwap, Key: register, Old: old, New: value}, "EVAL", casScript, "1", register, old, value)
		}
	case p < 87:
		u.watch(register, value)
	case p < 97:
		u.grow(set, value)
	default:
		u.look(set)
	}
}

// do runs one command and notes its history.
func (u *user) do(o Op, words ...string) client.Reply {
	o.Client = u.id
	op := u.History.Call(o)
	r := u.conn.Do(context.Background(), words...)
	u.finish(op, r)
	return r
}

func (u *user) finish(op *Op, r client.Reply) {
	out := ""
	if r.Outcome == client.Done && !r.Nil() {
		out = r.Value.String()
	}
	u.History.Answer(op, r.Outcome, out)
	u.mu.Lock()
	u.count[r.Outcome]++
	u.mu.Unlock()
	if r.Outcome == client.Done && op.Kind == opGet {
		u.last[op.Key] = out
	}
}

func (u *user) get(key string) client.Reply { return u.do(Op{Kind: opGet, Key: key}, "GET", key) }

// replicaGet reads at any node, which may be a replica.
func (u *user) replicaGet(key string) {
	addr := u.addrs[u.rng.IntN(len(u.addrs))]
	conn, err := u.conn.Open(context.Background(), addr)
	if err != nil {
		return
	}
	if r := conn.Do("READONLY"); r.Err != nil {
		u.conn.Drop(conn)
		return
	}
	op := u.History.Call(Op{Client: u.id, Kind: opGet, Key: key, Where: "READONLY at " + addr})
	r := conn.Do("GET", key)
	u.finish(op, r)
	if client.Broken(r) {
		u.conn.Drop(conn)
	}
}

// watch replaces what it read, in a transaction that fails if somebody came in between.
func (u *user) watch(key, value string) {
	if r := u.conn.Do(context.Background(), "WATCH", key); r.Err != nil {
		return
	}
	conn := u.conn.Pin()
	op := u.History.Call(Op{Client: u.id, Kind: opGet, Key: key, Where: "watched"})
	r := conn.Do("GET", key)
	u.finish(op, r)
	if r.Err != nil || conn.Do("MULTI").Err != nil || conn.Do("SET", key, value).Err != nil {
		u.conn.Drop(conn)
		return
	}
	old := ""
	if !r.Nil() {
		old = r.Value.String()
	}
	op = u.History.Call(Op{Client: u.id, Kind: opReplace, Key: key, Old: old, New: value})
	r = conn.Do("EXEC")
	if r.Nil() {
		r.Outcome = client.Failed
	}
	u.finish(op, r)
	if client.Broken(r) {
		u.conn.Drop(conn)
	}
}

// grow adds an element to a set.
func (u *user) grow(key, element string) {
	u.Sets.Adding(key, element)
	r := u.conn.Do(context.Background(), "SADD", key, element)
	u.Sets.Added(key, element, r.Outcome)
	if r.Outcome == client.Done && r.Value.Integer() != 1 {
		u.Sets.Complain(fmt.Sprintf("adding %s to %s, for the first time, was answered with %s", element, key, r.Value))
	}
}

// look reads a set; true when it was answered.
func (u *user) look(key string) bool {
	certain := u.Sets.Certain(key)
	r := u.conn.Do(context.Background(), "SMEMBERS", key)
	if r.Outcome != client.Done {
		return false
	}
	var found []string
	for _, v := range r.Value.Array() {
		found = append(found, v.String())
	}
	u.Sets.Found(key, certain, found)
	return true
}

// ReadBack reads every key once more, at the end, when the cluster is whole: the last
// operations of their histories. It returns the keys that could not be read.
func (t *Traffic) ReadBack() (unread []string) {
	u := &user{Traffic: t, id: -1, rng: rand.New(rand.NewPCG(0, 0)), last: make(map[string]string)}
	u.conn = client.NewCluster(t.cluster.Dial, t.addrs, trafficTimeout)
	defer u.conn.Close()
	keys := make(map[string]bool)
	for _, o := range t.History.Ops() {
		keys[o.Key] = true
	}
	for _, k := range t.Sets.Keys() {
		keys[k] = true
	}
	for k := range keys {
		if !Until(10*time.Second, func() bool {
			if strings.HasPrefix(k, "set:") {
				return u.look(k)
			}
			return u.get(k).Outcome == client.Done
		}) {
			unread = append(unread, k)
		}
	}
	return unread
}
