package metaraft_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/metaraft"
	"github.com/redoubtdb/redoubt/persistence"
	"github.com/redoubtdb/redoubt/slotmap"
)

// How much chaos: seeds, nodes, clients, and virtual time.
const (
	chaosSeeds   = 3 // METARAFT_TEST_SEEDS overrides it
	chaosNodes   = 6
	chaosClients = 4
	chaosTime    = 40 * time.Second
	wanderer     = "n6" // the node that leaves and comes back
)

// TestChaos kills, restarts, partitions, wipes and resets nodes while clients give away slots, each slot once, through
// any node. Afterwards what was acknowledged must be in the map, and what was not run must not be.
func TestChaos(t *testing.T) {
	seeds := chaosSeeds
	if n, err := strconv.Atoi(os.Getenv("METARAFT_TEST_SEEDS")); err == nil {
		seeds = n
	}
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			inBubbleWith(t, chaosNodes, metaraft.Options{SnapshotEntries: 20, TrailingEntries: 10}, func(t *testing.T, c *cluster) {
				x := &chaos{c: c, rand: rand.New(rand.NewPCG(uint64(seed), 1)), results: map[uint16]error{}, groups: map[uint16]slotmap.GroupID{}}
				x.run()
				x.check(t)
			})
		})
	}
}

type chaos struct {
	c    *cluster
	rand *rand.Rand // of the goroutine that makes trouble

	mu      sync.Mutex // guards the nodes' members, and what follows
	next    uint16     // slot
	results map[uint16]error
	groups  map[uint16]slotmap.GroupID
}

func (x *chaos) run() {
	ctx, cancel := within(chaosTime)
	defer cancel()
	var wg sync.WaitGroup
	for i := range chaosClients {
		wg.Go(func() { x.client(ctx, rand.New(rand.NewPCG(uint64(i), 2))) })
	}
	for ctx.Err() == nil {
		time.Sleep(time.Duration(x.rand.IntN(3000)) * time.Millisecond)
		x.trouble()
	}
	x.peace()
	wg.Wait()
}

// client gives away one slot after the other until the time is over.
func (x *chaos) client(ctx context.Context, r *rand.Rand) {
	for ctx.Err() == nil {
		x.mu.Lock()
		up := x.c.up()
		n := up[r.IntN(len(up))]
		member, slot := n.member, x.next
		x.next++
		group := groupOf(fmt.Sprintf("n%d", 1+r.IntN(chaosNodes-1))) // never the wanderer's
		x.groups[slot] = group
		x.mu.Unlock()
		limit, cancel := within(time.Duration(100+r.IntN(3000)) * time.Millisecond)
		_, err := member.Change(limit, slotmap.AssignSlots(group, slotRange(int(slot), int(slot))))
		cancel()
		x.mu.Lock()
		x.results[slot] = err
		x.mu.Unlock()
		time.Sleep(time.Duration(r.IntN(100)) * time.Millisecond)
	}
}

// trouble does one bad or good thing. Two nodes at most are down at a time.
func (x *chaos) trouble() {
	n := x.c.nodes[fmt.Sprintf("n%d", 1+x.rand.IntN(chaosNodes))]
	switch x.rand.IntN(8) {
	case 0, 1:
		if len(x.c.up()) > chaosNodes-2 && n.member != nil {
			x.kill(n)
		}
	case 2:
		x.restartOne()
	case 3:
		x.partition()
	case 4:
		x.c.net.HealAll()
	case 5:
		if n.member != nil {
			ctx, cancel := within(nodeTimeout)
			defer cancel()
			_ = n.member.StepDown(ctx)
		}
	case 6:
		x.loseDisk(n)
	case 7:
		x.rejoin(x.c.nodes[wanderer])
	}
}

// loseDisk gives a node a blank disk and a new incarnation. A group survives what leaves a majority of
// its voters with their disks, so everything else is well when that happens.
func (x *chaos) loseDisk(n *node) {
	x.peace()
	x.settle()
	x.kill(n)
	old := n.inc
	n.inc += "'"
	x.blank(n, func() slotmap.Change { return slotmap.RenewIncarnation(slotmap.NodeID(n.name), old, n.inc) })
}

// rejoin resets a node: it leaves, and comes back as a new one.
func (x *chaos) rejoin(n *node) {
	x.peace()
	x.settle()
	x.mustChange(slotmap.Leave(slotmap.NodeID(n.name), n.inc))
	x.kill(n)
	n.inc += "+"
	x.blank(n, func() slotmap.Change { return slotmap.AddNode(n.self(), slotmap.Group{ID: groupOf(n.name)}, nil, 0, 0) })
}

// blank starts a node on a new disk with the map that a change led to.
func (x *chaos) blank(n *node, change func() slotmap.Change) {
	n.disk = persistence.NewMemory()
	known := x.mustChange(change())
	x.mu.Lock()
	defer x.mu.Unlock()
	n.start(nil, known)
}

// mustChange sends a change again until its outcome is known; that is what idempotence is for.
func (x *chaos) mustChange(c slotmap.Change) *slotmap.Map {
	for {
		up := x.c.up()
		ctx, cancel := within(nodeTimeout)
		m, err := up[x.rand.IntN(len(up))].member.Change(ctx, c)
		cancel()
		if err == nil {
			return m
		}
		if slotmap.ErrorCode(err) != "" {
			x.c.t.Fatalf("%+v: %v", c, err)
		}
	}
}

// settle waits until the voters are what they should be and everybody is well.
func (x *chaos) settle() {
	x.c.eventually("all are up and vote", func() bool {
		m := x.c.eventuallySame()
		for _, n := range m.Nodes() {
			if n.Failed {
				return false
			}
		}
		return len(m.Nodes()) == chaosNodes && len(x.c.leader().voters()) == metaraft.MaxVoters
	})
}

// kill takes the member away from clients first: those that have it already see it die.
func (x *chaos) kill(n *node) {
	x.mu.Lock()
	member := n.member
	n.member = nil
	x.mu.Unlock()
	n.disk.Crash()
	x.c.net.Crash(n.name)
	_ = member.Close()
	n.down()
}

func (x *chaos) restartOne() {
	for _, n := range x.c.nodes {
		if n.member == nil {
			x.mu.Lock()
			defer x.mu.Unlock()
			n.restart()
			return
		}
	}
}

func (x *chaos) partition() {
	var sides [2][]string
	for name := range x.c.nodes {
		i := x.rand.IntN(2)
		sides[i] = append(sides[i], name)
	}
	x.c.net.Partition(sides[0], sides[1])
}

func (x *chaos) peace() {
	x.c.net.HealAll()
	for len(x.c.up()) < chaosNodes {
		x.restartOne()
	}
}

func (x *chaos) check(t *testing.T) {
	x.settle()
	m := x.c.eventuallySame()
	if err := m.Check(); err != nil {
		t.Error(err)
	}
	counts := map[string]int{}
	for slot, err := range x.results {
		owned := m.Owner(slot) == x.groups[slot]
		switch {
		case err == nil:
			counts["done"]++
			if !owned {
				t.Errorf("slot %d was given away, and is %q's", slot, m.Owner(slot))
			}
		case errors.Is(err, metaraft.ErrNotVisible):
			counts["not visible"]++
			if !owned {
				t.Errorf("slot %d: %v, and it is %q's", slot, err, m.Owner(slot))
			}
		case errors.Is(err, metaraft.ErrNotRun):
			counts["not run"]++
			if m.Owner(slot) != "" {
				t.Errorf("slot %d: %v, and yet it is %q's", slot, err, m.Owner(slot))
			}
		case errors.Is(err, metaraft.ErrUnknownOutcome):
			counts["unknown"]++
		default:
			t.Errorf("slot %d: %v", slot, err)
		}
	}
	t.Log(counts)
	if counts["done"] < 50 {
		t.Error("hardly anything was done")
	}
}
