package bus_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubtdb/redoubt/shardgroup/bus"
)

// rawDial connects to b without any handshake.
func (f *fleet) rawDial(name string) net.Conn {
	f.t.Helper()
	c, err := f.net.Host("x").Dial(context.Background(), name+":17000")
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = c.Close() })
	return c
}

// ends says how long it takes until the other end closes.
func ends(t *testing.T, c net.Conn) time.Duration {
	t.Helper()
	began := time.Now()
	_ = c.SetReadDeadline(began.Add(time.Minute))
	if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal("the connection was kept")
	}
	return time.Since(began)
}

func TestRandomBytes(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fleet) {
		for _, secret := range []string{"", "s"} {
			name := "b" + secret
			f.open("c", name, secret).HandleOpen("meet", echo)
			rnd := rand.New(rand.NewPCG(1, 2))
			for range 200 {
				c := f.rawDial(name)
				junk := make([]byte, rnd.IntN(6000))
				for i := range junk {
					junk[i] = byte(rnd.Uint32())
				}
				if rnd.IntN(2) == 0 && len(junk) > 8 {
					copy(junk, "RDBT\x01\x00") // a hello, of a sort
					junk[6] = byte(rnd.IntN(255))
				}
				_, _ = c.Write(junk)
				if d := ends(t, c); d > 4*time.Second {
					t.Fatalf("kept for %v", d)
				}
			}
		}
	})
}

// A connection that says nothing, or stops in the middle, is given up after
// the handshake limit; meanwhile others are served.
func TestHalfOpen(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fleet) {
		a, b := f.open("c", "a", "s"), f.open("c", "b", "s")
		b.Handle("echo", echo)
		silent, partial := f.rawDial("b"), f.rawDial("b")
		if _, err := partial.Write([]byte("RDBT\x01")); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Call(t.Context(), "b:1", "echo", nil); err != nil {
			t.Fatal(err)
		}
		for _, c := range []net.Conn{silent, partial} {
			if d := ends(t, c); d > 4*time.Second {
				t.Fatalf("kept for %v", d)
			}
		}
	})
}

// strangerHello says a valid preamble, and is accepted.
func strangerHello(t *testing.T, c net.Conn) {
	t.Helper()
	if _, err := c.Write(opening(1, 'r', "other", "x", "9", "", "")); err != nil {
		t.Fatal(err)
	}
	head := make([]byte, 3)
	if _, err := io.ReadFull(c, head); err != nil || head[0] != 4 {
		t.Fatalf("no verdict: %v %v", head, err)
	}
	verdict := make([]byte, binary.BigEndian.Uint16(head[1:]))
	if _, err := io.ReadFull(c, verdict); err != nil || verdict[0] != 0 || verdict[1] != 0 {
		t.Fatalf("refused: %q %v", verdict, err)
	}
}

// opening is a preamble, written by hand: flags, channel, and the names of both ends.
func opening(flags, channel byte, names ...string) []byte {
	body := append([]byte{1, flags}, make([]byte, 32)...)
	for _, s := range names {
		body = append(binary.BigEndian.AppendUint16(body, uint16(len(s))), s...)
	}
	body = append(body, channel, 0, 0)
	return append(binary.BigEndian.AppendUint16([]byte("RDBT\x01"), uint16(len(body))), body...)
}

// What a stranger's frames announce is neither believed nor allocated.
func TestLyingFrames(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fleet) {
		f.open("c", "b", "").HandleOpen("meet", echo)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for _, length := range []uint32{0, 8, 70_000, 1 << 24, 1<<32 - 1} {
			for range 50 {
				c := f.rawDial("b")
				strangerHello(t, c)
				_, _ = c.Write(append(binary.BigEndian.AppendUint32(nil, length), make([]byte, 9)...))
				if d := ends(t, c); d != 0 {
					t.Fatalf("length %d: kept for %v", length, d)
				}
			}
		}
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<20 {
			t.Fatalf("%d bytes allocated for lies", grown)
		}
	})
}

func TestCloseLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		a, b := f.open("c", "a", ""), f.open("c", "b", "")
		b.Handle("wait", func(ctx context.Context, _ bus.Identity, _ []byte) ([]byte, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		la, lb := layer(t, a), layer(t, b)
		near, err := la.Dial("b:1", time.Second)
		if err != nil {
			t.Fatal(err)
		}
		f.rawDial("b")
		result := make(chan error, 2)
		go func() { _, err := a.Call(context.Background(), "b:1", "wait", nil); result <- err }()
		go func() { _, err := lb.Accept(); _, err2 := lb.Accept(); result <- errors.Join(err, err2) }()
		synctest.Wait()
		_ = b.Close()
		for range 2 {
			if err := <-result; err == nil {
				t.Error("something survived Close")
			}
		}
		if _, err := near.Read(make([]byte, 1)); err == nil {
			t.Error("a layer's connection survived Close")
		}
		_ = a.Close()
		if _, err := a.Call(t.Context(), "b:1", "wait", nil); !errors.Is(err, bus.ErrNotSent) {
			t.Errorf("call on a closed bus: %v", err)
		}
		if _, err := la.Dial("b:1", time.Second); err == nil {
			t.Error("dial on a closed bus")
		}
		if _, err := a.Layer(chanG); !errors.Is(err, bus.ErrClosed) {
			t.Errorf("layer on a closed bus: %v", err)
		}
	})
}

// The same over real sockets.
func TestTCP(t *testing.T) {
	addrs := make(map[string]string)
	open := func(name string) *bus.Bus {
		b, err := bus.Open(bus.Deps{
			Network: bus.TCPNetwork{},
			Self:    func() bus.Identity { return bus.Identity{Cluster: "c", Node: name, Incarnation: "1"} },
			Resolve: func(id string) (string, error) { return addrs[strings.TrimSuffix(id, ":1")], nil },
			Secret:  func() string { return "s" },
		}, "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = b.Close() })
		return b
	}
	a, b := open("a"), open("b")
	addrs["b"] = b.Addr().String()
	b.Handle("echo", echo)
	for range 100 {
		if got, err := a.Call(t.Context(), "b:1", "echo", []byte("x")); err != nil || string(got) != "a x" {
			t.Fatalf("%q %v", got, err)
		}
	}
	if n := len(b.Links()); n != 1 {
		t.Fatalf("%d connections for 100 calls", n)
	}
}
