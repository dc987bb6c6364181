package server

import (
	"context"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/resp/server/config"
	"github.com/redoubtdb/redoubt/slotmap"
)

// nilShard answers at once and does nothing, so that what is measured is the frontend alone.
type nilShard struct{ machineShard }

func (*nilShard) Leading() bool { return true }

func (*nilShard) Do(_ context.Context, r *fsm.Request) error {
	r.Claim()
	for range r.Ops {
		r.W.OK()
	}
	return nil
}

func (*nilShard) Read(_ context.Context, op *fsm.Op, w *resp.Writer, _ ReadOptions) error {
	w.Bulk(op.Args[1])
	return nil
}

// loopConn sends the same bytes for ever and takes everything.
type loopConn struct{ in []byte }

func (l *loopConn) Read(b []byte) (int, error)       { return copy(b, l.in), nil }
func (l *loopConn) Write(b []byte) (int, error)      { return len(b), nil }
func (l *loopConn) Close() error                     { return nil }
func (l *loopConn) LocalAddr() net.Addr              { return &net.UnixAddr{} }
func (l *loopConn) RemoteAddr() net.Addr             { return &net.UnixAddr{} }
func (l *loopConn) SetDeadline(time.Time) error      { return nil }
func (l *loopConn) SetReadDeadline(time.Time) error  { return nil }
func (l *loopConn) SetWriteDeadline(time.Time) error { return nil }

// newLoop makes a connection on which each round reads the same requests.
func newLoop(t testing.TB, in string) *Conn {
	t.Helper()
	topology := &fakeTopology{}
	m := slotmap.NewMap("cluster", slotmap.Node{ID: nodeSelf, Incarnation: "1"}, slotmap.Group{ID: groupSelf, Leader: nodeSelf})
	m, err := m.Apply(slotmap.AssignSlots(groupSelf, []slotmap.Range{{Start: 0, End: slotmap.SlotCount - 1}}))
	if err != nil {
		t.Fatal(err)
	}
	topology.m.Store(m)
	s, err := New(Deps{Config: config.NewLive(config.Default()), Topology: topology, Shard: &nilShard{}, Specs: dataSpecs(),
		Compile: compileFake, Admin: struct{ Admin }{}, Inspect: struct{ Inspector }{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return newConn(s, &loopConn{in: []byte(in)}, 1)
}

func oneRound(t testing.TB, c *Conn) {
	if err := c.fill(); err != nil && err != io.EOF {
		t.Fatal(err)
	}
	if err := c.round(); err != nil {
		t.Fatal(err)
	}
}

const (
	getRequest = "*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000001\r\n"
	setRequest = "*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000001\r\n$5\r\nvalue\r\n"
)

func TestHotPathDoesNotAllocate(t *testing.T) {
	for name, in := range map[string]string{
		"GET": getRequest, "SET": setRequest, "PING": "PING\r\n",
		"pipeline": getRequest + setRequest + setRequest + getRequest + setRequest,
	} {
		c := newLoop(t, in)
		for range 10 {
			oneRound(t, c)
		}
		if n := testing.AllocsPerRun(100, func() { oneRound(t, c) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func benchmarkRound(b *testing.B, in string) {
	c := newLoop(b, in)
	b.ReportAllocs()
	for b.Loop() {
		oneRound(b, c)
	}
}

func BenchmarkGet(b *testing.B) { benchmarkRound(b, getRequest) }
func BenchmarkSet(b *testing.B) { benchmarkRound(b, setRequest) }

func BenchmarkPipelineOf16(b *testing.B) {
	in := ""
	for range 8 {
		in += getRequest + setRequest
	}
	benchmarkRound(b, in)
}
