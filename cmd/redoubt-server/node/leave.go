package node

import (
	"context"
	"errors"
	"time"

	"github.com/redoubtdb/redoubt/metaraft"
	"github.com/redoubtdb/redoubt/shardgroup"
	"github.com/redoubtdb/redoubt/shardgroup/bus"
	"github.com/redoubtdb/redoubt/shardgroup/replica"
	"github.com/redoubtdb/redoubt/slotmap"
)

// errKeysInside is Redis' text.
var errKeysInside = replyError("ERR CLUSTER RESET can't be called with master nodes containing keys")

// methodReleased asks the metadata leader whether a server is out of its configuration.
const methodReleased = "node.released"

// leaveAnswer bounds the wait for the answer to Leave.
const leaveAnswer = time.Second

// leavePoll is how often a leaving node asks whether it has been let go.
const leavePoll = 50 * time.Millisecond

// Reset implements CLUSTER RESET: leave in good order if the cluster lets us within a
// few seconds, then wipe.
func (n *Node) Reset(ctx context.Context, hard bool) error {
	m := n.Map()
	machine := n.shard.machine()
	if masterOf(m.GroupOf(n.Self())) == n.Self() && machine != nil && machine.Keys() > 0 {
		return errKeysInside
	}
	if !n.changing.start() {
		return errBusy
	}
	defer n.changing.finish()
	if len(m.Nodes()) > 1 {
		n.leave(ctx, m)
	}
	n.beginAnew(hard)
	return nil
}

// leave takes this node out of the map and waits until the Raft groups it was in have
// let it go: a group of two whose member vanished before that could never agree on
// anything again. All of it is best effort and bounded.
func (n *Node) leave(ctx context.Context, m *slotmap.Map) {
	ctx, cancel := context.WithTimeout(ctx, leaveTimeout)
	defer cancel()
	n.handOver(ctx)
	n.sendLeave(ctx)
	for _, peer := range m.Nodes() {
		if peer.ID != n.Self() && n.askReleased(ctx, peer.ServerID()) {
			break
		}
	}
	shared := func(g *shardgroup.Group) bool { return len(g.Replica().Configuration().Servers) > 1 }
	for _, g := range n.running(shared) {
		for !n.isReleased(ctx, g) && sleep(ctx, leavePoll) {
			continue
		}
	}
}

// sendLeave commits the change that takes this node out. The leader may let this node
// go before it has seen its own departure, so the answer is not waited for to the end.
func (n *Node) sendLeave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, leaveAnswer)
	defer cancel()
	if _, err := n.topology.Change(ctx, slotmap.Leave(n.Self(), n.identity.load().Incarnation)); err != nil && ctx.Err() == nil {
		n.log.Warn("leaving without the cluster's consent", "error", err)
	}
}

// askReleased polls one peer until it says that this node is out of the metadata
// group; false means that it does not lead that group, or that time is over.
func (n *Node) askReleased(ctx context.Context, peer string) bool {
	for {
		answer, err := n.bus.Call(ctx, peer, methodReleased, nil)
		if err != nil {
			return false
		}
		if string(answer) == "yes" || !sleep(ctx, leavePoll) {
			return true
		}
	}
}

// serveReleased answers as the metadata leader: "yes" if the caller is out of the
// configuration.
func (n *Node) serveReleased(_ context.Context, from bus.Identity, _ []byte) ([]byte, error) {
	member := n.topology.metaMember()
	if member == nil || !member.IsLeader() {
		return nil, errors.New("this node does not lead the metadata group")
	}
	id := slotmap.ServerID(slotmap.NodeID(from.Node), from.Incarnation)
	if !member.Out(id) {
		return []byte("no"), nil
	}
	return []byte("yes"), nil
}

// handOver gives away leadership before a stop, so that nobody waits for an election. It stays until the
// successors lead: they may need this node's votes, where another member has just been started or is away.
func (n *Node) handOver(ctx context.Context) {
	leading := func(g *shardgroup.Group) bool {
		return g.Replica().IsLeader() && len(g.Replica().Configuration().Servers) > 1
	}
	for _, g := range n.running(leading) {
		if err := g.Transfer(ctx, ""); err != nil {
			n.log.Warn("leadership could not be handed over", "group", g.ID(), "error", err)
			continue
		}
		n.awaitSuccessor(ctx, g.Replica())
	}
	n.handOverMeta(ctx, n.topology.metaMember())
}

func (n *Node) handOverMeta(ctx context.Context, member *metaraft.Member) {
	if member == nil || !member.IsLeader() || len(n.Map().Nodes()) < 2 {
		return
	}
	if err := member.StepDown(ctx); err != nil {
		n.log.Warn("leadership of the metadata group could not be handed over", "error", err)
		return
	}
	n.awaitSuccessor(ctx, member.Replica())
}

// awaitSuccessor waits, for a node time-out at most, until somebody leads the group of a member that has handed over.
func (n *Node) awaitSuccessor(ctx context.Context, r *replica.Replica) {
	n.untilTimeout(ctx, func() bool {
		leader, _ := r.Leader()
		return leader != ""
	})
}
