package node

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubtdb/redoubt/shardgroup/bus"
	"github.com/redoubtdb/redoubt/slotmap"
)

// crowdedListener is a listener that a thousand strangers a second come to.
type crowdedListener struct {
	net.Listener
	left   int
	closed *int
}

func (l *crowdedListener) Accept() (net.Conn, error) {
	if l.left--; l.left < 0 {
		return nil, errors.New("no more")
	}
	time.Sleep(time.Millisecond)
	return strangersConn{closed: l.closed}, nil
}

type strangersConn struct {
	net.Conn
	closed *int
}

func (strangersConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1} }
func (c strangersConn) Close() error       { *c.closed++; return nil }

// In protected mode every stranger is turned away, and the log tells of it once a second.
func TestGuardedListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		closed := 0
		l := guardedListener{
			&crowdedListener{left: 5000, closed: &closed},
			guardedNetwork{trusts: func(net.Addr) bool { return false }, log: slog.New(slog.NewTextHandler(&log, nil))}, new(interval),
		}
		if c, err := l.Accept(); err == nil {
			t.Fatalf("%v got in", c.RemoteAddr())
		}
		if lines := strings.Count(log.String(), "\n"); closed != 5000 || lines < 4 || lines > 6 {
			t.Errorf("%d were turned away, in %d lines", closed, lines)
		}
	})
}

// A node that comes under an older incarnation than the map's, or that the map does not know,
// reaches no data group; the metadata channel tells it what it has missed.
func TestAdmit(t *testing.T) {
	m := slotmap.NewMap("c", slotmap.Node{ID: "self", Incarnation: "1"}, slotmap.Group{ID: "g"})
	m = apply(t, m, slotmap.AddNode(slotmap.Node{ID: "peer", Incarnation: "2"}, slotmap.Group{ID: "h"}, nil, 0, 0))
	n := &Node{topology: newTopology(m, nil)}
	for _, c := range []struct {
		node, incarnation string
		admitted          string // the kinds of channels
	}{
		{"peer", "2", "mgwr"}, {"peer", "1", "m"}, {"peer", "3", "m"}, {"nobody", "1", "mr"},
	} {
		for _, kind := range []byte{bus.KindMeta, bus.KindGroup, bus.KindWitness, bus.KindRPC} {
			err := n.admit(bus.Identity{Cluster: "c", Node: c.node, Incarnation: c.incarnation}, bus.Channel{Kind: kind, Group: "g"})
			if (err == nil) != strings.ContainsRune(c.admitted, rune(kind)) {
				t.Errorf("%s:%s on channel %c: %v", c.node, c.incarnation, kind, err)
			}
		}
	}
}
