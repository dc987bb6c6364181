package server

import (
	"testing"

	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/resp/server/config"
	"github.com/redoubtdb/redoubt/slotmap"
)

// fakeSeat is a node's part in its group.
type fakeSeat struct {
	leading bool
	leader  slotmap.NodeID
}

func (s fakeSeat) Leading() bool          { return s.leading }
func (s fakeSeat) Leader() slotmap.NodeID { return s.leader }

// routingMap has this node and its partner with slots 0-99, another group with 100-199, and the rest
// unassigned unless all is set.
func routingMap(t *testing.T, all bool, more ...slotmap.Change) *view {
	t.Helper()
	f := &fixture{t: t, topology: newFakeTopology(t, slotmap.Range{Start: 0, End: 99})}
	f.addPartner()
	rest := slotmap.Range{Start: 100, End: 199}
	if all {
		rest.End = slotmap.SlotCount - 1
	}
	f.topology.change(t, slotmap.AssignSlots(groupOther, []slotmap.Range{rest}))
	f.topology.change(t, more...)
	return &view{m: f.topology.Map(), self: nodeSelf, group: groupSelf}
}

func TestRoute(t *testing.T) {
	master, replica := fakeSeat{true, nodeSelf}, fakeSeat{false, nodePartner}
	elected, orphan := fakeSeat{false, nodeSelf}, fakeSeat{false, ""}
	full := config.Cluster{RequireFullCoverage: true}
	failed := slotmap.SetHealth(nodeOther, true)
	tests := []struct {
		name string
		q    question
		seat fakeSeat
		cfg  config.Cluster
		all  bool
		more []slotmap.Change
		want place
		text string
	}{
		{name: "ours, leading", q: question{slot: 5, write: true}, seat: master, all: true, cfg: full, want: atLeader},
		{name: "ours, cross", q: question{slot: 5, cross: true}, seat: master, all: true, cfg: full, text: resp.ErrCrossSlot},
		{name: "theirs, cross", q: question{slot: 150, cross: true}, seat: master, all: true, cfg: full, text: resp.ErrCrossSlot},
		{name: "unassigned", q: question{slot: 500}, seat: master, cfg: full, text: resp.ErrSlotNotServed},
		{name: "unassigned, cross", q: question{slot: 500, cross: true}, seat: master, cfg: full, text: resp.ErrSlotNotServed},
		{name: "cluster down", q: question{slot: 5}, seat: master, cfg: full, text: resp.ErrClusterDown},
		{name: "cluster down, cross first", q: question{slot: 5, cross: true}, seat: master, cfg: full, text: resp.ErrCrossSlot},
		{name: "cluster down, theirs", q: question{slot: 150}, seat: master, cfg: full, text: resp.ErrClusterDown},
		{name: "a master failed", q: question{slot: 5}, seat: master, all: true, cfg: full, more: []slotmap.Change{failed}, text: resp.ErrClusterDown},
		{name: "no full coverage", q: question{slot: 5}, seat: master, want: atLeader},
		{name: "no full coverage, theirs", q: question{slot: 150}, seat: master, text: "MOVED 150 1.2.3.4:9999"},
		{name: "reads when down", q: question{slot: 5}, seat: master, cfg: config.Cluster{RequireFullCoverage: true, AllowReadsWhenDown: true}, want: atLeader},
		{name: "writes when down", q: question{slot: 5, write: true}, seat: master, cfg: config.Cluster{RequireFullCoverage: true, AllowReadsWhenDown: true}, text: resp.ErrClusterDownReads},
		{name: "theirs", q: question{slot: 150}, seat: master, all: true, cfg: full, text: "MOVED 150 1.2.3.4:9999"},
		{name: "theirs, readonly", q: question{slot: 150, readonly: true}, seat: replica, all: true, cfg: full, text: "MOVED 150 1.2.3.4:9999"},
		{name: "theirs, asking", q: question{slot: 150, asking: true}, seat: master, all: true, cfg: full, want: atLeader},
		{name: "theirs, asking a replica", q: question{slot: 150, asking: true}, seat: replica, all: true, cfg: full, text: "MOVED 150 1.2.3.4:9999"},
		{name: "replica", q: question{slot: 5}, seat: replica, all: true, cfg: full, text: "MOVED 5 10.0.0.2:7002"},
		{name: "replica, readonly", q: question{slot: 5, readonly: true}, seat: replica, all: true, cfg: full, want: atReplica},
		{name: "replica, readonly write", q: question{slot: 5, readonly: true, write: true}, seat: replica, all: true, cfg: full, text: "MOVED 5 10.0.0.2:7002"},
		{name: "replica, readonly WATCH", q: question{slot: 5, readonly: true, leaderOnly: true}, seat: replica, all: true, cfg: full, text: "MOVED 5 10.0.0.2:7002"},
		{name: "leading, readonly", q: question{slot: 5, readonly: true}, seat: master, all: true, cfg: full, want: atLeader},
		{name: "no leader", q: question{slot: 5}, seat: orphan, all: true, cfg: full, text: resp.ErrClusterDown},
		{name: "no leader, readonly", q: question{slot: 5, readonly: true}, seat: orphan, all: true, cfg: full, want: atReplica},
		{name: "elected but not ready", q: question{slot: 5}, seat: elected, all: true, cfg: full, text: resp.ErrTryAgain},
		{name: "hostname", q: question{slot: 5}, seat: replica, all: true, cfg: config.Cluster{EndpointType: "hostname"}, text: "MOVED 5 two.example:7002"},
		{name: "no hostname", q: question{slot: 150}, seat: master, all: true, cfg: config.Cluster{EndpointType: "hostname"}, text: "MOVED 150 ?:9999"},
		{name: "unknown endpoint", q: question{slot: 5}, seat: replica, all: true, cfg: config.Cluster{EndpointType: "unknown-endpoint"}, text: "MOVED 5 :7002"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			where, text := routingMap(t, tt.all, tt.more...).route(tt.q, tt.seat, &tt.cfg)
			if where != tt.want || text != tt.text {
				t.Errorf("got %d %q, want %d %q", where, text, tt.want, tt.text)
			}
		})
	}
}

// The view follows the map.
func TestViewIsRenewed(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		c := f.dial()
		c.want("$-1|", "GET a")
		f.addPartner()
		f.topology.change(t, slotmap.BeginHandoff([]slotmap.Range{{Start: 15495, End: 15495}}, groupOther))
		f.topology.change(t, slotmap.FinishHandoff([]slotmap.Range{{Start: 15495, End: 15495}}, groupOther, f.topology.Map().HandoffEpoch(15495)))
		c.want("-MOVED 15495 1.2.3.4:9999|$-1|", "GET a", "GET b")
	})
}
