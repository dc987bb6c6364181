package replica

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/redoubtdb/redoubt/shardgroup/bus/memnet"
)

func TestMajority(t *testing.T) {
	at := func(order int) contact {
		return contact{moment: moment{order: uint64(order), at: time.Unix(int64(order), 0)}}
	}
	peers := map[string]contact{"b": at(5), "c": at(3), "d": at(9), "e": {matched: 7}}
	for _, c := range []struct {
		voters, learners string
		order            uint64
		alone, ok        bool
	}{
		{voters: "a", alone: true, ok: true},
		{voters: "a", learners: "b c", alone: true, ok: true},
		{voters: "a b", order: 5, ok: true},
		{voters: "a b c", order: 5, ok: true},
		{voters: "a b c d", order: 5, ok: true},
		{voters: "a b c d x", order: 5, ok: true},
		{voters: "a c x", order: 3, ok: true},
		{voters: "a x y"},
		{voters: "a e x"}, // a matched index is no evidence
		{voters: "a x y", learners: "b c d"},
		{voters: "b c d", order: 5, ok: true}, // a leads without a vote
		{voters: "b", order: 5, ok: true},
		{voters: ""},
	} {
		var conf Configuration
		for _, id := range strings.Fields(c.voters) {
			conf.Servers = append(conf.Servers, Server{ID: id, Voter: true})
		}
		for _, id := range strings.Fields(c.learners) {
			conf.Servers = append(conf.Servers, Server{ID: id})
		}
		since, alone, ok := majority(conf, "a", peers)
		if since.order != c.order || alone != c.alone || ok != c.ok {
			t.Errorf("voters %q learners %q: %d %v %v", c.voters, c.learners, since.order, alone, ok)
		}
	}
}

// The time of a majority is the earliest of its moments, whatever their order.
func TestMajorityTakesEarliestTime(t *testing.T) {
	peers := map[string]contact{
		"b": {moment: moment{order: 5, at: time.Unix(10, 0)}},
		"c": {moment: moment{order: 6, at: time.Unix(9, 0)}},
	}
	conf := Configuration{Servers: []Server{{"a", true}, {"b", true}, {"c", true}, {"x", true}, {"y", true}}}
	if since, _, ok := majority(conf, "a", peers); !ok || since.order != 5 || !since.at.Equal(time.Unix(9, 0)) {
		t.Errorf("%+v %v", since, ok)
	}
}

func TestNextChange(t *testing.T) {
	yes, no := func(term uint64) LeaderChange { return LeaderChange{true, term} }, func(term uint64) LeaderChange { return LeaderChange{false, term} }
	for _, c := range []struct {
		told, now, next LeaderChange
		pending         bool
	}{
		{told: no(0), now: no(0)},
		{told: no(0), now: yes(2), next: yes(2), pending: true},
		{told: yes(2), now: yes(2)},
		{told: yes(2), now: no(2), next: no(2), pending: true},
		{told: yes(2), now: yes(4), next: no(2), pending: true}, // lost and won again meanwhile
		{told: no(2), now: yes(4), next: yes(4), pending: true},
		{told: no(2), now: no(4)}, // won and lost meanwhile: nothing to tell
	} {
		if next, pending := nextChange(c.told, c.now); pending != c.pending || pending && next != c.next {
			t.Errorf("told %v, now %v: %v %v", c.told, c.now, next, pending)
		}
	}
}

// A lease needs both clocks.
func TestFresh(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		age  time.Duration
		want bool
	}{{0, true}, {Lease - 1, true}, {Lease, false}, {time.Hour, false}} {
		if fresh(now.Add(-c.age), now) != c.want {
			t.Errorf("age %v", c.age)
		}
	}
	wall := now.Round(0).Add(-time.Hour) // asleep for an hour, as the wall clock saw
	if fresh(wall, now) {
		t.Error("the wall clock was not asked")
	}
}

// streamPair makes a stream and what is at its other end.
func streamPair(t *testing.T, n *memnet.Net, incoming bool) (*stream, net.Conn) {
	t.Helper()
	l, err := n.Host("b").Listen("b:1")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := n.Host("a").Dial(t.Context(), "b:1")
	if err != nil {
		t.Fatal(err)
	}
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	s := newStreams(nil, "a:1", time.Second)
	k, err := s.keep(conn, incoming)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.closeAll(); _ = far.Close(); _ = l.Close() })
	return k.(*stream), far
}

// A small request over a dead link is given up soon, whatever the library's
// deadline; a large one may take as long as it makes progress, and its answer
// as long as its size allows.
func TestStreamDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, _ := streamPair(t, memnet.New(), false)
		_ = k.SetDeadline(time.Now().Add(time.Hour))
		_, _ = k.Write([]byte("heartbeat"))
		began := time.Now()
		if _, err := k.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) > time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		k, far := streamPair(t, n, false)
		n.Delay("a", "b", 500*time.Millisecond) // each window takes half a second
		size := ackRate * 3
		go func() { // reads slowly, then takes its time
			_, _ = io.CopyN(io.Discard, far, int64(size))
			time.Sleep(3 * time.Second)
			_, _ = far.Write([]byte("ok"))
		}()
		_ = k.SetDeadline(time.Now())
		for range size / paceStep {
			if _, err := k.Write(make([]byte, paceStep)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := k.Read(make([]byte, 2)); err != nil {
			t.Error(err)
		}
	})
}

// With the library's fixed deadline the same request fails.
func TestStreamDeadlinesAreNeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		k, far := streamPair(t, n, false)
		n.Delay("a", "b", 500*time.Millisecond)
		go func() { _, _ = io.Copy(io.Discard, far) }()
		_ = k.Conn.SetDeadline(time.Now().Add(k.of.limit))
		for range ackRate * 3 / paceStep {
			if _, err := k.Conn.Write(make([]byte, paceStep)); err != nil {
				return
			}
		}
		t.Error("it did not fail: the test shows nothing")
	})
}

// An incoming connection whose other end has vanished does not wait for ever.
func TestIncomingStreamGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, _ := streamPair(t, memnet.New(), true)
		began := time.Now()
		if _, err := k.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != idleLimit {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func TestHclog(t *testing.T) {
	var out bytes.Buffer
	base := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelInfo}))
	var l hclog.Logger = newHclog(base)
	l = l.With("group", "g").Named("x")
	l.Error("lost", "peer", "b", "took", hclog.Fmt("%d ms", 7))
	l.Debug("not shown")
	l.Trace("not shown")
	if s := out.String(); !strings.Contains(s, `level=WARN msg="raft: lost" group=g peer=b took="7 ms"`) || strings.Contains(s, "not shown") {
		t.Error(s)
	}
	if l.IsDebug() || !l.IsInfo() || l.IsTrace() || l.GetLevel() != hclog.Info || l.Name() != "x" {
		t.Error("levels")
	}
}
