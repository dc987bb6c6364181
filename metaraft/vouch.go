package metaraft

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/redoubtdb/redoubt/shardgroup/bus"
	"github.com/redoubtdb/redoubt/shardgroup/replica"
)

// A node that the leader does not hear may be well: one link between the two is broken, and clients and the
// node's own group reach it. So before its silence counts, the leader asks others to try; their word is worth as
// much as an answer of the node itself, as far as its health is concerned.

// maxVouchers is how many nodes are asked about a silent one at a time.
const maxVouchers = 3

// vouchers keeps what others said of nodes that the leader does not hear.
type vouchers struct {
	mu     sync.Mutex
	heard  map[string]time.Time // by server id: when the question was asked that somebody answered with yes
	asking map[string]bool
	asked  map[string]time.Time // when the latest question was asked
}

func newVouchers() *vouchers {
	return &vouchers{heard: map[string]time.Time{}, asking: map[string]bool{}, asked: map[string]time.Time{}}
}

// last is when the server was last known to be well; zero for never.
func (v *vouchers) last(serverID string) time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.heard[serverID]
}

// begin admits one question about a server at a time, and not too often.
func (v *vouchers) begin(serverID string, now time.Time, pause time.Duration) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.asking[serverID] || now.Sub(v.asked[serverID]) < pause {
		return false
	}
	v.asking[serverID], v.asked[serverID] = true, now
	return true
}

// end notes the answer.
func (v *vouchers) end(serverID string, began time.Time, well bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.asking, serverID)
	if well {
		v.heard[serverID] = began
	}
}

// askAround asks others about every server that has been silent for half the limit.
func (c *controller) askAround(ctx context.Context, now time.Time, peers map[string]replica.Peer) {
	limit := c.m.opt.NodeTimeout
	var near []string // servers that were just heard
	for id, p := range peers {
		if now.Sub(p.LastContact) < limit/2 {
			near = append(near, id)
		}
	}
	slices.Sort(near)
	near = near[:min(len(near), maxVouchers)]
	for id, p := range peers {
		if now.Sub(p.LastContact) < limit/2 || len(near) == 0 || !c.vouchers.begin(id, now, limit/4) {
			continue
		}
		c.wg.Go(func() { c.vouchers.end(id, now, c.m.reachedByAny(ctx, id, near)) })
	}
}

// reachedByAny asks several nodes at once whether they reach a server; one of them is enough.
func (m *Member) reachedByAny(ctx context.Context, serverID string, others []string) bool {
	ctx, cancel := context.WithTimeout(ctx, m.opt.NodeTimeout/2)
	defer cancel()
	answers := make(chan bool, len(others))
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel() // before the wait
	for _, other := range others {
		wg.Go(func() {
			answer, err := m.deps.Bus.Call(ctx, other, methodReach, []byte(serverID))
			answers <- err == nil && string(answer) == "yes"
		})
	}
	for range others {
		if <-answers {
			return true
		}
	}
	return false
}

// serveReach tries to reach a server for the leader.
func (m *Member) serveReach(ctx context.Context, _ bus.Identity, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, m.opt.NodeTimeout/2)
	defer cancel()
	if _, err := m.deps.Bus.Call(ctx, string(body), methodPing, nil); err != nil {
		return []byte("no"), nil
	}
	return []byte("yes"), nil
}

// servePing shows that this node is there.
func (m *Member) servePing(context.Context, bus.Identity, []byte) ([]byte, error) { return nil, nil }
