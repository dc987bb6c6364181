package replica

import (
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

// A voter that was away while another was replaced does not know the new one. If then the
// leader's disk is lost, these two are a majority, and must elect.
func TestVoteForStranger(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		l := g.leader()
		g.mustPut(l, "x")
		g.converge()
		rest := g.others(l)
		away, old := rest[0], rest[1]
		g.isolate(away)
		d := g.join("d")
		if err := l.AddLearner(d.options.ID); err != nil {
			t.Fatal(err)
		}
		g.mustPut(l, "y")
		g.eventually("d has caught up", func() bool { return l.Promote(t.Context(), d.options.ID) == nil })
		if err := l.Remove(t.Context(), old.options.ID); err != nil {
			t.Fatal(err)
		}
		g.mustPut(l, "z")
		old.shutdown()
		l.crash() // for good
		g.net.HealBoth(away.name, d.name)
		heir := g.leader(l, old)
		g.mustPut(heir, "after")
		for _, m := range []*member{away, d} {
			g.eventually("all of it at "+m.name, func() bool { return m.fsm.has("y") && m.fsm.has("z") && m.fsm.has("after") })
		}
	})
}

// A member that has never been told anything votes for nobody: an earlier life of the same
// name may have a vote in somebody's old configuration.
func TestBlankMemberDoesNotVote(t *testing.T) {
	inBubble(t, "a", func(t *testing.T, g *trio) {
		g.leader()
		b := g.join("b")
		time.Sleep(time.Second)
		a := g.member("a")
		var vote raft.RequestVoteResponse
		head := raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte("x:1"), Addr: []byte("x:1")}
		err := a.transport.NetworkTransport.RequestVote(raft.ServerID(b.options.ID), raft.ServerAddress(b.options.ID),
			&raft.RequestVoteRequest{RPCHeader: head, Term: 9, LastLogIndex: 9, LastLogTerm: 9}, &vote)
		if err != nil {
			t.Fatal(err)
		}
		if vote.Granted {
			t.Error("it voted")
		}
	})
}
