// Package sim runs whole clusters in one process: real nodes (the same composition as
// redoubt-server) on an in-memory network and in-memory disks, so that inside a
// testing/synctest bubble hours of faults pass in seconds.
//
// Its job: to start, kill, restart, cut off and freeze nodes, and to form a cluster the
// way an operator does. Not its job: to decide whether a history was right (check.go
// of the tests, jepsen/check).
package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redoubtdb/redoubt/cmd/redoubt-server/node"
	"github.com/redoubtdb/redoubt/jepsen/client"
	"github.com/redoubtdb/redoubt/persistence"
	"github.com/redoubtdb/redoubt/resp/server/config"
	"github.com/redoubtdb/redoubt/shardgroup/bus/memnet"
)

const (
	clientPort = 7000
	busPort    = clientPort + 10000
	// clientHost is the name of the host that all clients are on.
	clientHost = "client"
	slotCount  = 16384
)

// Cluster is a set of simulated hosts, each with a disk of its own and at most one
// running node.
type Cluster struct {
	Net   *memnet.Net
	hosts []*host
	log   *slog.Logger
	loads []*Load
	pace  *pace  // of the clients
	chaos uint64 // what the next disk's chance begins with
}

// host is one machine: its disk outlives its node.
type host struct {
	name string
	disk *persistence.Memory
	args []string
	node *node.Node   // nil while it is down
	skew atomic.Int64 // ms: how wrong its wall clock is
}

// New makes a cluster of n hosts; none runs. Log lines of all nodes go to w. The
// arguments are further directives for every node.
func New(n int, w io.Writer, args ...string) *Cluster {
	c := &Cluster{Net: memnet.New(), pace: newPace(), log: slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelInfo}))}
	for i := range n {
		c.addHost(i, args)
	}
	return c
}

func (c *Cluster) addHost(i int, args []string) {
	c.hosts = append(c.hosts, &host{name: fmt.Sprintf("10.0.0.%d", i+1), disk: c.newDisk(), args: args})
}

// newDisk is an empty disk. What a crash leaves of unfinished writes is another chance
// with each of them.
func (c *Cluster) newDisk() *persistence.Memory {
	c.chaos++
	disk := persistence.NewMemory()
	disk.Seed(c.chaos)
	return disk
}

// reseed gives all disks another chance, before anything runs.
func (c *Cluster) reseed(seed uint64) {
	c.chaos = seed << 16
	for _, h := range c.hosts {
		h.disk = c.newDisk()
	}
}

// Name is the name of host i on the network.
func (c *Cluster) Name(i int) string { return c.hosts[i].name }

// Addr is where clients reach host i.
func (c *Cluster) Addr(i int) string {
	return net.JoinHostPort(c.hosts[i].name, strconv.Itoa(clientPort))
}

// Addrs is where clients reach any host.
func (c *Cluster) Addrs() []string {
	var out []string
	for i := range c.hosts {
		out = append(out, c.Addr(i))
	}
	return out
}

// Dial is how clients connect.
func (c *Cluster) Dial(ctx context.Context, addr string) (net.Conn, error) {
	return c.Net.Host(clientHost).Dial(ctx, addr)
}

// Node is the node that runs on host i, nil while none does.
func (c *Cluster) Node(i int) *node.Node { return c.hosts[i].node }

// Start brings up the node of host i from its disk.
func (c *Cluster) Start(i int) error {
	h := c.hosts[i]
	if h.node != nil {
		return errors.New("sim: it runs already")
	}
	h.disk.Reopen()
	args := append([]string{"--port", strconv.Itoa(clientPort), "--bind", h.name, "--protected-mode", "no", "--enable-debug-command", "yes"}, h.args...)
	cfg, _, err := config.Parse(args, func(string) ([]byte, error) { return nil, errors.New("sim: no files") })
	if err != nil {
		return err
	}
	net := c.Net.Host(h.name)
	h.node, err = node.Start(node.Deps{
		Storage: h.disk, Bus: net, Listen: net.Listen, Logger: c.log.With("host", h.name),
		Clock: func() int64 { return time.Now().UnixMilli() + h.skew.Load() },
	}, config.NewLive(cfg))
	return err
}

// SetClock makes the wall clock of host i wrong by that much; its monotonic clock stays right.
func (c *Cluster) SetClock(i int, wrong time.Duration) { c.hosts[i].skew.Store(wrong.Milliseconds()) }

// Stop ends the node of host i as SIGTERM does.
func (c *Cluster) Stop(i int) {
	h := c.hosts[i]
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	h.node.Stop(ctx)
	h.node = nil
}

// Kill ends the node of host i as SIGKILL does: its connections break, nothing it still
// does reaches its disk, and of the writes under way some or all may have.
func (c *Cluster) Kill(i int) {
	h := c.hosts[i]
	if h.node == nil {
		return
	}
	h.disk.Crash()
	c.Net.Crash(h.name)
	h.node.Kill()
	h.node = nil
}

// PowerCut ends the nodes of all hosts as a loss of power does: it is Kill, and what only
// the operating system had is lost.
func (c *Cluster) PowerCut() {
	for i, h := range c.hosts {
		h.disk.PowerCut()
		c.Kill(i)
	}
}

// Wipe empties the data directory of host i and leaves its cluster-config-file, or
// with all takes both.
func (c *Cluster) Wipe(i int, all bool) {
	h := c.hosts[i]
	old := h.disk
	h.disk = c.newDisk()
	if all {
		return
	}
	old.Reopen()
	if b, err := old.LoadConfig(); err == nil {
		_ = h.disk.SaveConfig(b)
	}
}

// Close stops the clients and kills every node.
func (c *Cluster) Close() {
	for _, l := range c.loads {
		l.Stop()
	}
	for i := range c.hosts {
		c.Kill(i)
	}
}

// Isolate cuts host i off from all other hosts; clients still reach it.
func (c *Cluster) Isolate(i int) {
	for j, h := range c.hosts {
		if j != i {
			c.Net.CutBoth(c.hosts[i].name, h.name)
		}
	}
}

// Call runs one command on host i.
func (c *Cluster) Call(i int, words ...string) client.Reply {
	conn, err := client.Open(context.Background(), c.Dial, c.Addr(i), 30*time.Second)
	if err != nil {
		return client.Reply{Outcome: client.Failed, Err: err}
	}
	defer conn.Close()
	return conn.Do(words...)
}

// Info reads one field of a command that answers with "name:value" lines.
func (c *Cluster) Info(i int, field string, words ...string) string {
	for line := range strings.SplitSeq(c.Call(i, words...).Value.String(), "\r\n") {
		if v, ok := strings.CutPrefix(line, field+":"); ok {
			return v
		}
	}
	return ""
}

// Until polls until cond holds; false after limit.
func Until(limit time.Duration, cond func() bool) bool {
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if cond() {
			return true
		}
	}
	return cond()
}

// Form starts all hosts and makes the first masters of them, the rest their replicas
// in turn, as an operator does with ADDSLOTSRANGE, MEET and REPLICATE.
func (c *Cluster) Form(masters int) error {
	for i := range c.hosts {
		if err := c.Start(i); err != nil {
			return fmt.Errorf("starting host %d: %w", i, err)
		}
	}
	for i := range masters {
		first, last := slotCount*i/masters, slotCount*(i+1)/masters-1
		if r := c.Call(i, "CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(first), strconv.Itoa(last)); r.Err != nil {
			return fmt.Errorf("giving slots to host %d: %w", i, r.Err)
		}
	}
	for i := 1; i < len(c.hosts); i++ {
		if r := c.Call(i, "CLUSTER", "MEET", c.hosts[0].name, strconv.Itoa(clientPort)); r.Err != nil {
			return fmt.Errorf("host %d meeting: %w", i, r.Err)
		}
	}
	want := strconv.Itoa(len(c.hosts))
	if !Until(30*time.Second, func() bool {
		return c.all(func(i int) bool { return c.Info(i, "cluster_known_nodes", "CLUSTER", "INFO") == want })
	}) {
		return errors.New("sim: the nodes did not come together")
	}
	for i := masters; i < len(c.hosts); i++ {
		master := c.Call((i-masters)%masters, "CLUSTER", "MYID").Value.String()
		if r := c.Call(i, "CLUSTER", "REPLICATE", master); r.Err != nil {
			return fmt.Errorf("host %d replicating: %w", i, r.Err)
		}
	}
	return c.Settle(time.Minute)
}

// Settle waits until every running node sees the cluster ok and every group has the
// voters that its map asks for.
func (c *Cluster) Settle(limit time.Duration) error {
	var why string
	if Until(limit, func() bool { why = c.unsettled(); return why == "" }) {
		return nil
	}
	return fmt.Errorf("sim: not settled after %v: %s", limit, why)
}

// unsettled says what is not as it should be, "" when all is.
func (c *Cluster) unsettled() string {
	for i, h := range c.hosts {
		if h.node == nil {
			continue
		}
		if s := c.Info(i, "cluster_state", "CLUSTER", "INFO"); s != "ok" {
			return fmt.Sprintf("host %d sees state %q", i, s)
		}
		if why := h.node.Unsettled(); why != "" {
			return fmt.Sprintf("host %d: %s", i, why)
		}
	}
	return ""
}

func (c *Cluster) all(f func(i int) bool) bool {
	for i, h := range c.hosts {
		if h.node != nil && !f(i) {
			return false
		}
	}
	return true
}

// Master finds the host that serves a slot, -1 while none does.
func (c *Cluster) Master(slot uint16) int {
	for i, h := range c.hosts {
		if h.node != nil && h.node.Serves(slot) {
			return i
		}
	}
	return -1
}
