package sim

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redoubtdb/redoubt/cmd/redoubt-server/node"
	"github.com/redoubtdb/redoubt/jepsen/client"
	"github.com/redoubtdb/redoubt/persistence"
	"github.com/redoubtdb/redoubt/slotmap"
)

const (
	// watchInterval is how often the nemesis looks at the nodes between two steps.
	watchInterval = 20 * time.Millisecond
	// restartPause is how long a node that ended itself stays down.
	restartPause = time.Second
)

// Nemesis plays a schedule. All that it does to nodes it does on its caller's
// goroutine; commands of an operator, which may take long, run beside it.
type Nemesis struct {
	c        *Cluster
	schedule *Schedule
	owners   *owners
	began    time.Time
	commands sync.WaitGroup
	failing  map[int]bool          // hosts whose disk fails
	suspect  map[int]bool          // hosts whose disk has failed since their start
	ended    map[int]time.Time     // hosts whose node ended itself, and when
	dying    map[int]chan struct{} // of killed nodes: closed when nothing is left of them
	ids      map[int]string        // the server id that the disk of a host has

	mu     sync.Mutex  // guards what follows
	doomed map[int]int // CLUSTER RESETs of a host that are under way
	reset  []departed  // what went with a CLUSTER RESET
	diary  []string    // what was done
	wrong  []string    // what must never happen
}

// NewNemesis makes one for a cluster that is formed.
func NewNemesis(c *Cluster, s *Schedule) *Nemesis {
	return &Nemesis{
		c: c, schedule: s, owners: newOwners(s), began: time.Now(),
		failing: make(map[int]bool), suspect: make(map[int]bool), ended: make(map[int]time.Time),
		dying: make(map[int]chan struct{}), ids: make(map[int]string), doomed: make(map[int]int),
	}
}

// Play does all steps, each at its time or as soon after it as those before allow.
func (n *Nemesis) Play() {
	all := append(n.hosts(), theClient)
	n.delay(all, all, n.schedule.Trip)
	for _, h := range n.hosts() {
		n.setDisk(h, n.schedule.Disk)
	}
	for _, st := range n.schedule.Steps {
		n.pass(n.began.Add(st.At))
		n.note("%s: %s", st, n.do(st))
	}
	n.pass(n.began.Add(n.schedule.End()))
}

// Heal ends every fault and brings every node up.
func (n *Nemesis) Heal() {
	n.c.Net.HealAll()
	all := n.hosts()
	n.delay(append(all, theClient), append(all, theClient), 0)
	for _, h := range all {
		n.setDisk(h, 0)
	}
	for _, h := range all {
		n.restart(h)
	}
	n.supervise()
	n.note("healed")
}

// Diary is what was done, and how it went.
func (n *Nemesis) Diary() string {
	if n == nil {
		return ""
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.diary, "\n")
}

// Wrong lists what must never happen and did.
func (n *Nemesis) Wrong() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append(n.owners.wrong, n.wrong...)
}

func (n *Nemesis) note(format string, a ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	line := fmt.Sprintf("%8v ", time.Since(n.began)) + fmt.Sprintf(format, a...)
	n.diary = append(n.diary, line)
	n.c.log.Info("NEMESIS", "did", line)
}

func (n *Nemesis) complain(format string, a ...any) {
	n.note(format, a...)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.wrong = append(n.wrong, fmt.Sprintf("%v: ", time.Since(n.began))+fmt.Sprintf(format, a...))
}

// hosts lists all hosts.
func (n *Nemesis) hosts() (all []int) {
	for h := range n.c.hosts {
		all = append(all, h)
	}
	return all
}

// pass lets time pass and looks at the nodes meanwhile.
func (n *Nemesis) pass(until time.Time) {
	for {
		n.owners.look(n.c)
		n.supervise()
		left := time.Until(until)
		if left <= 0 {
			return
		}
		time.Sleep(min(left, watchInterval))
	}
}

// supervise restarts nodes that ended themselves, which is right only where the disk failed.
func (n *Nemesis) supervise() {
	for h, host := range n.c.hosts {
		if host.node == nil {
			if at, ok := n.ended[h]; ok && !n.failing[h] && time.Since(at) > restartPause {
				n.note("the supervisor restarts host %d: %s", h, n.start(h))
			}
			continue
		}
		n.ids[h] = host.node.ServerID()
		select {
		case <-host.node.Done():
			err := host.node.Err()
			n.kill([]int{h})
			n.ended[h] = time.Now()
			if n.suspect[h] {
				n.note("host %d ended itself: %v", h, err)
			} else {
				n.complain("host %d ended itself although nothing was wrong with its disk: %v", h, err)
			}
		default:
		}
	}
}

// start brings a node up unless it runs; it says how that went.
func (n *Nemesis) start(h int) string {
	if n.c.hosts[h].node != nil {
		return "it runs"
	}
	if dying := n.dying[h]; dying != nil {
		<-dying
	}
	delete(n.ended, h)
	n.suspect[h] = n.failing[h]
	switch err := n.c.Start(h); {
	case err == nil:
		return "done"
	case n.failing[h]:
		n.ended[h] = time.Now()
		return err.Error()
	default:
		n.ended[h] = time.Now()
		n.complain("host %d cannot be started: %v", h, err)
		return "failed"
	}
}

func (n *Nemesis) restart(h int) {
	if n.c.hosts[h].node == nil {
		n.note("start of host %d: %s", h, n.start(h))
	}
}

// kill takes nodes down, all at the same instant. Nothing that is left of them reaches a
// disk or a peer; it ends in its own time.
func (n *Nemesis) kill(hosts []int) {
	for _, h := range hosts {
		delete(n.ended, h)
		host := n.c.hosts[h]
		dead := host.node
		if dead == nil {
			continue
		}
		host.node = nil
		host.disk.Crash()
		n.c.Net.Crash(host.name)
		gone := make(chan struct{})
		n.dying[h] = gone
		n.commands.Go(func() {
			defer close(gone)
			dead.Kill()
		})
	}
}

// stop ends a node as SIGTERM does.
func (n *Nemesis) stop(h int) {
	if n.c.hosts[h].node != nil {
		n.c.Stop(h)
	}
}

// errDisk is what a failing disk says.
var errDisk = errors.New("the disk failed")

// setDisk makes every write of a host take d.
func (n *Nemesis) setDisk(h int, d time.Duration) {
	delete(n.failing, h)
	var fault persistence.Fault
	if d > 0 {
		fault = func(string, string) error { time.Sleep(d); return nil }
	}
	n.c.hosts[h].disk.SetFault(fault)
}

func (n *Nemesis) failDisk(h int) {
	n.failing[h], n.suspect[h] = true, true
	n.c.hosts[h].disk.SetFault(func(string, string) error { return errDisk })
}

// name is a host on the network.
func (n *Nemesis) name(h int) string {
	if h == theClient {
		return clientHost
	}
	return n.c.Name(h)
}

// each calls f for every pair of different hosts.
func (n *Nemesis) each(from, to []int, f func(from, to string)) {
	for _, a := range from {
		for _, b := range to {
			if a != b {
				f(n.name(a), n.name(b))
			}
		}
	}
}

func (n *Nemesis) delay(from, to []int, d time.Duration) {
	n.each(from, to, func(a, b string) { n.c.Net.Delay(a, b, d) })
}

// command sends a command beside the schedule; a refusal is noted and no more.
func (n *Nemesis) command(h int, words ...string) {
	var gone []departed
	if strings.HasPrefix(strings.Join(words, " "), "CLUSTER RESET") {
		gone = departing(n.c.hosts[h].node, slices.Contains(words, "HARD"))
		n.doom(h, 1)
	}
	n.commands.Go(func() {
		r := n.c.Call(h, words...)
		n.note("host %d answered %s with %q %v", h, strings.Join(words, " "), r.Value.String(), r.Err)
		if gone != nil {
			n.doom(h, -1)
			n.mu.Lock()
			defer n.mu.Unlock()
			n.reset = append(n.reset, gone...)
		}
	})
}

// departed is a server that a cluster may still list, or with HARD whatever has the node's id, which never comes back.
type departed struct {
	node   slotmap.NodeID
	server string // "" any of the node's
}

// departing is what goes if a node is reset. One that has lost its disk may be listed as it was before.
func departing(n *node.Node, hard bool) []departed {
	id := n.Self()
	if hard {
		return []departed{{node: id}}
	}
	gone := []departed{{id, n.ServerID()}}
	if listed := n.Map().Node(id); listed != nil {
		gone = append(gone, departed{id, listed.ServerID()})
	}
	return gone
}

// forgetReset is the operator's part of a CLUSTER RESET that could not reach the cluster: the
// others still list the node as it was, until somebody forgets it.
func (n *Nemesis) forgetReset(limit time.Duration) {
	m := n.c.hosts[0].node.Map()
	n.mu.Lock()
	gone := slices.Clone(n.reset)
	n.mu.Unlock()
	forgotten := make(map[slotmap.NodeID]bool)
	for _, d := range gone {
		member := m.Node(d.node)
		if member == nil || d.server != "" && member.ServerID() != d.server || forgotten[d.node] || n.runs(d) {
			continue
		}
		forgotten[d.node] = true
		server := member.ServerID()
		var r client.Reply
		if !Until(limit, func() bool {
			r = n.c.Call(0, "CLUSTER", "FORGET", string(d.node))
			return r.Outcome == client.Done
		}) {
			n.complain("%s, which left by CLUSTER RESET, cannot be forgotten: %v", server, r.Err)
			continue
		}
		n.note("host 0 forgot %s, which left by CLUSTER RESET", server)
	}
}

// runs tells whether some host runs what seemed to go.
func (n *Nemesis) runs(d departed) bool {
	return slices.ContainsFunc(n.c.hosts, func(h *host) bool {
		return h.node != nil && h.node.Self() == d.node && (d.server == "" || h.node.ServerID() == d.server)
	})
}

func (n *Nemesis) doom(h, by int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.doomed[h] += by
}

// seconds writes a time as DEBUG SLEEP takes it.
func seconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', 3, 64)
}
