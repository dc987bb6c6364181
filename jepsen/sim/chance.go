package sim

import (
	"math/rand/v2"
	"time"
)

// shapes are the clusters that schedules are about: hosts and masters.
var shapes = [][2]int{
	{2, 1}, // one master and its replica: no place for a witness, writes wait for both
	{3, 1}, // three data members
	{4, 1}, // four data members; without spares nobody can be witness
	{4, 2}, // a witness each
	{5, 2}, // one group of three, one of two with a witness
	{6, 1},
	{6, 2}, // three data members each
	{6, 3}, // a witness each
	{6, 3},
	{6, 6}, // no replicas
	{7, 3}, // one odd group
	{7, 2},
	{8, 4},
	{9, 3},
	{9, 4},
	{10, 5},
	{12, 4},
	{12, 6},
}

// largeShapes are played less often: what happens in them takes longer to compute.
var largeShapes = [][2]int{{15, 5}, {18, 6}, {20, 10}, {24, 8}, {30, 10}, {30, 15}}

// How long faults go on where nobody says how long.
const (
	shortest = 20 * time.Second
	longest  = 120 * time.Second
)

// RandomSchedule is the schedule of a seed; its faults begin within length, or within a
// time of the seed's choice if that is 0.
func RandomSchedule(seed uint64, length time.Duration) *Schedule {
	c := &chance{Rand: rand.New(rand.NewPCG(seed, 0)), Schedule: Schedule{Seed: seed}}
	c.shape()
	c.directives()
	c.Trip = []time.Duration{0, 200 * time.Microsecond, 2 * time.Millisecond, 10 * time.Millisecond}[c.IntN(4)]
	c.Disk = []time.Duration{0, time.Millisecond, 5 * time.Millisecond}[c.IntN(3)]
	if own := shortest + time.Duration(c.Int64N(int64(longest-shortest))); length == 0 {
		length = own.Round(time.Second)
	}
	c.setCalm()
	for at := c.between(500, 2000); at < length; at += c.gap() {
		c.fault(at)
		if c.one(3) {
			c.burst(at)
		}
	}
	c.sort()
	return &c.Schedule
}

// shape chooses the cluster.
func (c *chance) shape() {
	shape := shapes[c.IntN(len(shapes))]
	if c.one(30) {
		shape = largeShapes[c.IntN(len(largeShapes))]
	}
	c.Schedule = Schedule{Seed: c.Seed, Hosts: shape[0], Masters: shape[1]}
	if c.one(3) {
		c.Spares = 1 + c.IntN(2)
	}
}

// chance makes a schedule.
type chance struct {
	*rand.Rand
	Schedule
	calm time.Duration // what the clients think while nothing makes them hurry
}

// one is true once in n times.
func (c *chance) one(n int) bool { return c.IntN(n) == 0 }

// between is a time in milliseconds.
func (c *chance) between(from, to int) time.Duration {
	return time.Duration(from+c.IntN(to-from+1)) * time.Millisecond
}

// gap is the time to the next fault: often short, so that faults meet, and sometimes
// long enough for the cluster to come to rest.
func (c *chance) gap() time.Duration {
	switch c.IntN(8) {
	case 0, 1:
		return c.between(0, 200)
	case 2:
		return c.between(4000, 8000)
	default:
		return c.between(300, 3000)
	}
}

// setCalm lets the clients begin at their leisure.
func (c *chance) setCalm() {
	c.calm = []time.Duration{200, 400, 800}[c.IntN(3)] * time.Millisecond
	c.add(0, KindPace, nil, nil, c.calm)
}

// burst lets the clients hurry for a while around the time of a fault.
func (c *chance) burst(at time.Duration) {
	from := max(0, at-c.between(0, 200))
	c.add(from, KindPace, nil, nil, []time.Duration{2, 8, 25}[c.IntN(3)]*time.Millisecond)
	c.add(at+c.between(50, 600), KindPace, nil, nil, c.calm)
}

func (c *chance) directives() {
	if !c.one(5) {
		c.Args = append(c.Args, "--raft-snapshot-entries", "64", "--raft-trailing-entries", "16")
	}
	c.Args = append(c.Args, "--read-consistency", []string{"lease", "lease", "quorum"}[c.IntN(3)])
	if c.one(4) {
		c.Args = append(c.Args, "--cluster-node-timeout", []string{"600", "2000"}[c.IntN(2)])
	}
	if c.one(10) {
		c.Args = append(c.Args, "--appendfsync", "no") // what nodes have written outlives their processes
	}
}

// some picks n of the cluster's hosts.
func (c *chance) some(n int) []int {
	return c.Perm(c.Hosts)[:min(n, c.Hosts)]
}

// any picks one host, a spare one too.
func (c *chance) any() int { return c.IntN(c.Hosts + c.Spares) }

func (c *chance) spare() int { return c.Hosts + c.IntN(c.Spares) }

// everybody lists all hosts but those, with the clients if wanted.
func (c *chance) everybody(clients bool, but ...int) (hosts []int) {
	for h := range c.Hosts + c.Spares {
		if len(but) == 0 || h != but[0] {
			hosts = append(hosts, h)
		}
	}
	if clients {
		hosts = append(hosts, theClient)
	}
	return hosts
}

func (c *chance) add(at time.Duration, kind Kind, hosts, peers []int, d time.Duration) {
	c.Steps = append(c.Steps, Step{At: at, Kind: kind, Hosts: hosts, Peers: peers, D: d})
}
