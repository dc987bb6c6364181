package shardgroup

import (
	"context"
	"net"
	"strconv"
	"time"

	"github.com/redoubtdb/redoubt/shardgroup/bus"
	"github.com/redoubtdb/redoubt/shardgroup/replica"
	"github.com/redoubtdb/redoubt/slotmap"
)

// A node can be a data member of a group or its witness, and change from one to the
// other while Raft's configuration still has it as what it was. So the two are different
// servers all the way down: they have names, channels of the bus, methods and stores of
// their own, and one of them can never be taken for the other.

// channelOf is the channel on which a server of a group is reached. Each generation of a
// group has channels of its own: what a TAKEOVER left behind cannot talk to what it made.
func channelOf(id slotmap.GroupID, generation uint64, witness bool) bus.Channel {
	kind := bus.KindGroup
	if witness {
		kind = bus.KindWitness
	}
	name := string(id)
	if generation > 0 {
		name += "." + strconv.FormatUint(generation, 10)
	}
	return bus.Channel{Kind: kind, Group: name}
}

// layer is the stream layer of a group: it accepts for this member's role and dials each
// peer in the peer's role.
type layer struct {
	*bus.Layer
	bus        *bus.Bus
	group      slotmap.GroupID
	generation uint64
}

var _ replica.StreamLayer = (*layer)(nil)

func openLayer(b *bus.Bus, o *Options) (*layer, error) {
	l, err := b.Layer(channelOf(o.ID, o.Generation, o.Witness))
	if err != nil {
		return nil, err
	}
	return &layer{Layer: l, bus: b, group: o.ID, generation: o.Generation}, nil
}

// Dial opens a connection to a member.
func (l *layer) Dial(serverID string, timeout time.Duration) (net.Conn, error) {
	return l.bus.Dial(channelOf(l.group, l.generation, slotmap.IsWitnessID(serverID)), nodeServer(serverID), timeout)
}

// nodeServer is the name of a member's node on the bus, which does not know of roles.
func nodeServer(serverID string) string {
	id, incarnation, _ := slotmap.SplitServerID(serverID)
	return slotmap.ServerID(id, incarnation)
}

// method is the bus method of this member's name.
func (g *Group) method(name string) string { return methodOf(g.opt.ID, name, g.opt.Witness) }

// MethodOf names a bus method of a group's data members: readindex, transfer, member, applied,
// verify, digest, full, patrol, diverged.
func MethodOf(id slotmap.GroupID, name string) string { return methodOf(id, name, false) }

func methodOf(id slotmap.GroupID, name string, witness bool) string {
	if witness {
		return "witness." + name + "." + string(id)
	}
	return "group." + name + "." + string(id)
}

// call calls a method of another member.
func (g *Group) call(ctx context.Context, serverID, name string, body []byte) ([]byte, error) {
	return g.dep.Bus.Call(ctx, nodeServer(serverID), methodOf(g.opt.ID, name, slotmap.IsWitnessID(serverID)), body)
}
