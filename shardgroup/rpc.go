package shardgroup

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/shardgroup/bus"
	"github.com/redoubtdb/redoubt/slotmap"
)

// errNoSuccessor is returned when there is nobody to hand leadership to.
var errNoSuccessor = errors.New("shardgroup: no member is caught up and alive to take over")

// digestTimeout bounds the computation of one digest.
const digestTimeout = 30 * time.Second

// handlers are the calls this member answers to other nodes.
func (g *Group) handlers() map[string]bus.Handler {
	return map[string]bus.Handler{
		"readindex": g.serveReadIndex,
		"transfer":  g.serveTransfer,
		"member":    g.serveMember,
		"applied":   g.serveApplied,
		"verify":    g.serveVerify,
		"digest":    g.serveDigest,
		fullMethod:  g.serveFull,
		"patrol":    g.servePatrol,
		"diverged":  g.serveDiverged,
	}
}

func (g *Group) handle() {
	for name, h := range g.handlers() {
		g.dep.Bus.Handle(g.method(name), h)
	}
}

func (g *Group) unhandle() {
	for name := range g.handlers() {
		g.dep.Bus.Unhandle(g.method(name))
	}
}

// serveReadIndex answers with eight bytes: an index that covers every acknowledged write.
func (g *Group) serveReadIndex(ctx context.Context, _ bus.Identity, _ []byte) ([]byte, error) {
	index, err := g.readIndex(ctx)
	if err != nil {
		return nil, err
	}
	return binary.BigEndian.AppendUint64(nil, index), nil
}

// serveTransfer hands leadership to the node that asks.
func (g *Group) serveTransfer(ctx context.Context, from bus.Identity, _ []byte) ([]byte, error) {
	if !g.replica.IsLeader() {
		return nil, ErrNotLeading
	}
	return nil, g.Transfer(ctx, slotmap.NodeID(from.Node))
}

// RequestTransfer asks the group's leader, of the given server id, to hand over to this node.
func (g *Group) RequestTransfer(ctx context.Context, leader string) ([]byte, error) {
	return g.call(ctx, leader, "transfer", nil)
}

// serveMember answers "yes" or "no": whether the caller, who says in which role, is in
// this leader's configuration, or was until the latest one that is committed. A member that
// the map no longer lists keeps running until "no".
func (g *Group) serveMember(_ context.Context, from bus.Identity, body []byte) ([]byte, error) {
	if !g.replica.IsLeader() {
		return nil, ErrNotLeading
	}
	id := string(body)
	if nodeServer(id) != from.ServerID() {
		return nil, fmt.Errorf("%s asks for %q", from.ServerID(), id)
	}
	if g.committed().lets(id, g.replica.Configuration()) {
		return []byte("no"), nil
	}
	return []byte("yes"), nil
}

// serveApplied answers with eight bytes: the index up to which this member has applied.
func (g *Group) serveApplied(context.Context, bus.Identity, []byte) ([]byte, error) {
	return binary.BigEndian.AppendUint64(nil, g.replica.AppliedIndex()), nil
}

// Released asks the group's leader whether this member is out of the configuration.
func (g *Group) Released(ctx context.Context) bool {
	leader, _ := g.replica.Leader()
	if leader == "" || leader == g.opt.ServerID {
		return false
	}
	answer, err := g.call(ctx, leader, "member", []byte(g.opt.ServerID))
	return err == nil && string(answer) == "no"
}

// Digest is one member's digest of the state after one entry.
type Digest struct {
	Node  slotmap.NodeID `json:"node"`
	Index uint64         `json:"index"`
	Sum   uint64         `json:"sum"`
	Err   string         `json:"err,omitempty"` // why there is none
}

// Verify has every data member compute the digest of its state after the same entry.
func (g *Group) Verify(ctx context.Context) ([]Digest, error) {
	if !g.Leading() {
		return nil, ErrNotLeading
	}
	seq := g.seq.Add(1)
	prop := g.replica.Propose(fsm.EncodeDigest(g.header(fsm.KindDigest, seq), seq))
	if err := prop.Wait(ctx); err != nil {
		return nil, fmt.Errorf("proposing the digest: %w", err)
	}
	index := prop.Index()
	w, ok := want(g.dep.Topology.Map(), g.opt.ID)
	if !ok {
		return nil, ErrNotLeading
	}
	results := make([]Digest, 0, len(w.data))
	for _, id := range w.data {
		results = append(results, g.digestOf(ctx, id, index))
	}
	return results, nil
}

// digestOf fetches one member's digest.
func (g *Group) digestOf(ctx context.Context, serverID string, index uint64) Digest {
	d := Digest{Node: nodeOf(serverID), Index: index}
	var body []byte
	var err error
	if serverID == g.opt.ServerID {
		body, err = g.serveDigest(ctx, bus.Identity{}, binary.BigEndian.AppendUint64(nil, index))
	} else {
		body, err = g.call(ctx, serverID, "digest", binary.BigEndian.AppendUint64(nil, index))
	}
	switch {
	case err != nil:
		d.Err = err.Error()
	case len(body) != 8:
		d.Err = "malformed answer"
	default:
		d.Sum = binary.BigEndian.Uint64(body)
	}
	return d
}

// serveDigest answers with the digest after the entry at the given index.
func (g *Group) serveDigest(ctx context.Context, _ bus.Identity, body []byte) ([]byte, error) {
	if g.member == nil || len(body) != 8 {
		return nil, ErrNotOwned
	}
	ctx, cancel := context.WithTimeout(ctx, digestTimeout)
	defer cancel()
	sum, ok := g.member.digests.wait(binary.BigEndian.Uint64(body), ctx.Done())
	if !ok {
		return nil, errors.New("the digest did not arrive in time")
	}
	return binary.BigEndian.AppendUint64(nil, sum), nil
}

// serveVerify runs Verify for another node.
func (g *Group) serveVerify(ctx context.Context, _ bus.Identity, _ []byte) ([]byte, error) {
	results, err := g.Verify(ctx)
	if err != nil {
		return nil, err
	}
	return json.Marshal(results)
}

// Mismatch tells whether digests of the same entry differ.
func Mismatch(ds []Digest) bool {
	i := slices.IndexFunc(ds, func(d Digest) bool { return d.Err == "" })
	return i >= 0 && slices.ContainsFunc(ds, func(d Digest) bool { return d.Err == "" && d.Sum != ds[i].Sum })
}
