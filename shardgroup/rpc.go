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

const (
	// digestTimeout bounds the computation of one digest.
	digestTimeout = 30 * time.Second
	// verifyAttempts bounds how often Verify chooses another entry.
	verifyAttempts = 3
)

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

// Verify has every data member compute the digest of its state after the same entry. Where a snapshot takes a member
// past that entry another one is chosen, a few times.
func (g *Group) Verify(ctx context.Context) (results []Digest, err error) {
	for range verifyAttempts {
		var missed bool
		if results, missed, err = g.verifyOnce(ctx); err != nil || !missed {
			break
		}
	}
	return results, err
}

func (g *Group) verifyOnce(ctx context.Context) (results []Digest, missed bool, err error) {
	if !g.Leading() {
		return nil, false, ErrNotLeading
	}
	seq := g.seq.Add(1)
	prop := g.replica.Propose(fsm.EncodeDigest(g.header(fsm.KindDigest, seq), seq))
	if err := prop.Wait(ctx); err != nil {
		return nil, false, fmt.Errorf("proposing the digest: %w", err)
	}
	w, ok := want(g.dep.Topology.Map(), g.opt.ID)
	if !ok {
		return nil, false, ErrNotLeading
	}
	for _, id := range w.data {
		d, err := g.digestOf(ctx, id, prop.Index())
		missed = missed || errors.Is(err, errDigestMissed)
		results = append(results, d)
	}
	return results, missed, nil
}

// digestOf fetches one member's digest; the error is also in it.
func (g *Group) digestOf(ctx context.Context, serverID string, index uint64) (Digest, error) {
	d := Digest{Node: nodeOf(serverID), Index: index}
	ask := binary.BigEndian.AppendUint64(nil, index)
	var body []byte
	var err error
	if serverID == g.opt.ServerID {
		body, err = g.serveDigest(ctx, bus.Identity{}, ask)
	} else {
		body, err = g.call(ctx, serverID, "digest", ask)
	}
	switch {
	case err != nil:
	case len(body) == 0:
		err = errDigestMissed
	case len(body) != 8:
		err = errors.New("malformed answer")
	default:
		d.Sum = binary.BigEndian.Uint64(body)
	}
	if err != nil {
		d.Err = err.Error()
	}
	return d, err
}

// serveDigest answers with the digest after the entry at the given index, or with nothing if this member missed it.
func (g *Group) serveDigest(ctx context.Context, _ bus.Identity, body []byte) ([]byte, error) {
	if g.member == nil || len(body) != 8 {
		return nil, ErrNotOwned
	}
	ctx, cancel := context.WithTimeout(ctx, digestTimeout)
	defer cancel()
	index := binary.BigEndian.Uint64(body)
	if !g.member.waitApplied(index, ctx.Done()) {
		return nil, errDigestLate
	}
	sum, err := g.member.digests.wait(index, ctx.Done())
	switch {
	case errors.Is(err, errDigestMissed):
		return nil, nil
	case err != nil:
		return nil, err
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
