package metaraft

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/redoubtdb/redoubt/shardgroup/bus"
	"github.com/redoubtdb/redoubt/slotmap"
)

// The calls a member answers.
const (
	methodChange = "meta.change" // a sealed change; the answer is a changeAnswer
	methodMap    = "meta.map"    // nothing; the answer is the encoded map that this node knows
	methodReach  = "meta.reach"  // a server id; the answer is "yes" if this node reaches it
	methodPing   = "meta.ping"   // nothing, and nothing is answered
)

// changeAnswer is the leader's answer to a change that is committed.
type changeAnswer struct {
	Index uint64 `json:"index"` // of its entry
}

func (m *Member) handle() {
	m.deps.Bus.Handle(methodChange, m.serveChange)
	m.deps.Bus.Handle(methodMap, m.serveMap)
	m.deps.Bus.Handle(methodReach, m.serveReach)
	m.deps.Bus.Handle(methodPing, m.servePing)
}

func (m *Member) unhandle() {
	m.deps.Bus.Unhandle(methodChange)
	m.deps.Bus.Unhandle(methodMap)
	m.deps.Bus.Unhandle(methodReach)
	m.deps.Bus.Unhandle(methodPing)
}

// serveChange runs a change that another node sends because it believes that this node leads. It is never
// passed on: the sender looks for the leader again.
func (m *Member) serveChange(ctx context.Context, _ bus.Identity, body []byte) ([]byte, error) {
	var raw json.RawMessage
	if err := unseal(envelopeRequest, body, &raw); err != nil {
		return nil, withCode(fmt.Errorf("%w: %w", slotmap.ErrBadChange, err))
	}
	c, err := slotmap.DecodeChange(raw)
	if err != nil {
		return nil, withCode(err)
	}
	ctx, cancel := m.bound(ctx)
	defer cancel()
	if leader, _ := m.replica.Leader(); leader != m.opt.Self {
		return nil, withCode(fmt.Errorf("%w: not the leader", ErrNotRun))
	}
	index, err := m.propose(ctx, entry{}, &c)
	if err != nil {
		return nil, withCode(err)
	}
	return seal(envelopeAnswer, changeAnswer{Index: index})
}

// serveMap hands out this node's map.
func (m *Member) serveMap(context.Context, bus.Identity, []byte) ([]byte, error) {
	now := m.Map()
	if now == nil {
		return nil, withCode(ErrNoMap)
	}
	return now.MarshalJSON()
}

// FetchMap asks a node for its map. It may be older than this node's.
func (m *Member) FetchMap(ctx context.Context, serverID string) (*slotmap.Map, error) {
	ctx, cancel := m.bound(ctx)
	defer cancel()
	b, err := m.deps.Bus.Call(ctx, serverID, methodMap, nil)
	if err != nil {
		return nil, fmt.Errorf("fetch map from %s: %w", serverID, err)
	}
	return slotmap.Decode(b)
}
