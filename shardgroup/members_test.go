package shardgroup

import (
	"testing"

	"github.com/redoubtdb/redoubt/shardgroup/replica"
)

func servers(voters []string, learners ...string) replica.Configuration {
	var c replica.Configuration
	for _, id := range voters {
		c.Servers = append(c.Servers, replica.Server{ID: id, Voter: true})
	}
	for _, id := range learners {
		c.Servers = append(c.Servers, replica.Server{ID: id})
	}
	return c
}

func TestNextStep(t *testing.T) {
	up := peerState{alive: true}
	behind := peerState{alive: true, lag: caughtUpEntries + 1}
	dead := peerState{dead: true}
	v := func(ids ...string) []string { return ids }
	for _, c := range []struct {
		name  string
		have  replica.Configuration
		want  wanted
		peers map[string]peerState
		step  step
	}{
		{"nothing to do alone", servers(v("a")), wanted{data: v("a")}, nil, step{}},
		{"a new member begins as a learner", servers(v("a")), wanted{data: v("a", "b")}, nil, step{stepLearner, "b"}},
		{"a learner that lags does not vote", servers(v("a"), "b"), wanted{data: v("a", "b")}, map[string]peerState{"b": behind}, step{}},
		{"a dead learner does not vote", servers(v("a"), "b"), wanted{data: v("a", "b")}, map[string]peerState{"b": dead}, step{}},
		{"a caught-up learner votes", servers(v("a"), "b"), wanted{data: v("a", "b")}, map[string]peerState{"b": up}, step{stepPromote, "b"}},
		{"the witness waits for an even number of voting data members", servers(v("a"), "b", "w"), wanted{data: v("a", "b"), witness: "w"},
			map[string]peerState{"b": behind, "w": up}, step{}},
		{"then it votes", servers(v("a", "b"), "w"), wanted{data: v("a", "b"), witness: "w"}, map[string]peerState{"b": up, "w": up}, step{stepPromote, "w"}},
		{"complete", servers(v("a", "b", "w")), wanted{data: v("a", "b"), witness: "w"}, map[string]peerState{"b": up, "w": up}, step{}},
		{"a dead old incarnation goes before the new one votes", servers(v("a", "b1", "w"), "b2"), wanted{data: v("a", "b2"), witness: "w"},
			map[string]peerState{"b1": dead, "b2": up, "w": up}, step{stepRemove, "b1"}},
		{"a witness that is no longer wanted stays while a member catches up", servers(v("a", "b", "w"), "c"), wanted{data: v("a", "b", "c")},
			map[string]peerState{"b": up, "c": behind, "w": up}, step{}},
		{"and goes afterwards", servers(v("a", "b", "c", "w")), wanted{data: v("a", "b", "c")},
			map[string]peerState{"b": up, "c": up, "w": up}, step{stepRemove, "w"}},
		{"a forgotten member goes before the witness", servers(v("a", "w", "b")), wanted{data: v("a"), leaving: v("b"), placed: true},
			map[string]peerState{"b": up, "w": up}, step{stepRemove, "b"}},
		{"a witness is replaced before it goes", servers(v("a", "b", "w1"), "w2"), wanted{data: v("a", "b"), witness: "w2"},
			map[string]peerState{"b": dead, "w1": up, "w2": {}}, step{}},
		{"it is replaced", servers(v("a", "b", "w1"), "w2"), wanted{data: v("a", "b"), witness: "w2"},
			map[string]peerState{"b": dead, "w1": up, "w2": up}, step{stepPromote, "w2"}},
		{"and then goes", servers(v("a", "b", "w1", "w2")), wanted{data: v("a", "b"), witness: "w2"},
			map[string]peerState{"b": dead, "w1": up, "w2": up}, step{stepRemove, "w1"}},
		{"a witness stays until the member that makes it superfluous votes", servers(v("a", "b", "w"), "c"), wanted{data: v("a", "b", "c")},
			map[string]peerState{"b": up, "c": {}, "w": up}, step{}},
		{"a member that moves away stays until the witness votes", servers(v("a", "b", "c"), "w"), wanted{data: v("a", "b"), witness: "w"},
			map[string]peerState{"b": up, "c": up, "w": {}}, step{}},
		{"and until there is one, if there will be", servers(v("a", "b", "c")), wanted{data: v("a", "b")},
			map[string]peerState{"b": up, "c": up}, step{}},
		{"it goes if there is no witness", servers(v("a", "b", "c")), wanted{data: v("a", "b"), placed: true},
			map[string]peerState{"b": up, "c": up}, step{stepRemove, "c"}},
		{"a forgotten member stays until the witness votes", servers(v("a", "b", "c"), "w"), wanted{data: v("a", "b"), leaving: v("c"), witness: "w", placed: true},
			map[string]peerState{"b": up, "c": up, "w": {}}, step{}},
		{"but does not wait for the dead", servers(v("a", "b", "c"), "d"), wanted{data: v("a", "b", "d"), leaving: v("c"), placed: true},
			map[string]peerState{"b": up, "c": up, "d": dead}, step{stepRemove, "c"}},
		{"a witness is replaced while a member is being forgotten", servers(v("a", "b", "w1"), "w2"), wanted{data: v("a"), leaving: v("b"), witness: "w2", placed: true},
			map[string]peerState{"b": up, "w1": up, "w2": up}, step{stepPromote, "w2"}},
		{"then the forgotten one goes", servers(v("a", "b", "w1", "w2")), wanted{data: v("a"), leaving: v("b"), witness: "w2", placed: true},
			map[string]peerState{"b": up, "w1": up, "w2": up}, step{stepRemove, "b"}},
		{"and the old witness", servers(v("a", "w1", "w2")), wanted{data: v("a"), witness: "w2", placed: true},
			map[string]peerState{"w1": up, "w2": up}, step{stepRemove, "w1"}},
		{"so it is if the old witness is being forgotten, too", servers(v("a", "b", "o~w"), "n~w"), wanted{data: v("a"), leaving: v("b", "o", "o~w"), witness: "n~w", placed: true},
			map[string]peerState{"b": up, "o~w": up, "n~w": up}, step{stepPromote, "n~w"}},
		{"a witness that is dead now may come back", servers(v("a", "b", "w1")), wanted{data: v("a", "b"), witness: "w2", nodes: map[string]bool{"w1": true}, placed: true},
			map[string]peerState{"b": up, "w1": dead}, step{stepLearner, "w2"}},
		{"and goes when the new one votes", servers(v("a", "b", "w1", "w2")), wanted{data: v("a", "b"), witness: "w2", nodes: map[string]bool{"w1": true}, placed: true},
			map[string]peerState{"b": up, "w1": dead, "w2": up}, step{stepRemove, "w1"}},
		{"a new leader does not take for dead what it has not heard yet", servers(v("a", "x", "w1"), "b"), wanted{data: v("a", "b"), witness: "w2"},
			map[string]peerState{"x": {}, "w1": up, "b": up}, step{stepPromote, "b"}},
		{"but an old incarnation is void when the new one answers", servers(v("a", "b:1", "w"), "b:2"), wanted{data: v("a", "b:2"), witness: "w"},
			map[string]peerState{"b:1": {}, "b:2": up, "w": up}, step{stepRemove, "b:1"}},
		{"even if it answered a moment ago", servers(v("a", "b:1", "w"), "b:2"), wanted{data: v("a", "b:2"), witness: "w"},
			map[string]peerState{"b:1": up, "b:2": up, "w": up}, step{stepRemove, "b:1"}},
		{"not before", servers(v("a", "b:1", "w"), "b:2"), wanted{data: v("a", "b:2"), witness: "w"},
			map[string]peerState{"b:1": up, "b:2": {}, "w": up}, step{}},
		{"an old incarnation of the witness is void as well", servers(v("a", "b", "w:1~w"), "w:2~w"), wanted{data: v("a", "b"), witness: "w:2~w"},
			map[string]peerState{"b": up, "w:1~w": {}, "w:2~w": up}, step{stepRemove, "w:1~w"}},
		{"a witness that becomes a member has lost nothing", servers(v("a", "b", "c:1~w"), "c:1"), wanted{data: v("a", "b", "c:1")},
			map[string]peerState{"b": up, "c:1~w": up, "c:1": up}, step{stepPromote, "c:1"}},
		{"a leader that must go hands over to the least lagging voter", servers(v("a", "b", "c")), wanted{data: v("b", "c")},
			map[string]peerState{"b": {alive: true, lag: 9}, "c": up}, step{stepTransfer, "c"}},
		{"a leader that must go waits for somebody", servers(v("a", "b")), wanted{data: v("b")}, map[string]peerState{"b": dead}, step{}},
	} {
		if got := nextStep("a", c.have, c.want, c.peers); got != c.step {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.step)
		}
	}
}
