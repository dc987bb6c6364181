package memnet_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubtdb/redoubt/shardgroup/bus/memnet"
)

// pairOf connects host a to a listener of host b.
func pairOf(t *testing.T, n *memnet.Net) (near, far net.Conn) {
	t.Helper()
	l, err := n.Host("b").Listen("b:0")
	if err != nil {
		t.Fatal(err)
	}
	near, err = n.Host("a").Dial(t.Context(), l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _, _ = near.Close(), far.Close(), l.Close() })
	return near, far
}

func send(t *testing.T, c net.Conn, s string) {
	t.Helper()
	if n, err := c.Write([]byte(s)); err != nil || n != len(s) {
		t.Fatalf("write %q: %d %v", s, n, err)
	}
}

func expect(t *testing.T, c net.Conn, s string) {
	t.Helper()
	b := make([]byte, len(s))
	if _, err := io.ReadFull(c, b); err != nil || string(b) != s {
		t.Fatalf("read %q %v, want %q", b, err, s)
	}
}

func expectNothing(t *testing.T, c net.Conn, d time.Duration) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(d))
	began := time.Now()
	if n, err := c.Read(make([]byte, 1)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("read %d %v, want the deadline", n, err)
	}
	if waited := time.Since(began); waited != d {
		t.Fatalf("waited %v, want %v", waited, d)
	}
	_ = c.SetReadDeadline(time.Time{})
}

func TestStreamAndClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := pairOf(t, memnet.New())
		send(t, near, "hello")
		send(t, far, "you")
		expect(t, far, "hel")
		expect(t, near, "you")
		_ = near.Close()
		expect(t, far, "lo")
		if _, err := far.Read(make([]byte, 1)); err != io.EOF {
			t.Fatalf("after close: %v", err)
		}
		if _, err := far.Write([]byte("x")); err == nil {
			t.Fatal("write to a closed end succeeded")
		}
	})
}

func TestDelayKeepsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		near, far := pairOf(t, n)
		n.Delay("a", "b", 20*time.Millisecond)
		send(t, near, "1")
		n.Delay("a", "b", 5*time.Millisecond)
		send(t, near, "2")
		began := time.Now()
		expect(t, far, "12")
		if d := time.Since(began); d != 20*time.Millisecond {
			t.Fatalf("arrived after %v", d)
		}
	})
}

// A cut holds what is written after it, and what was still on its way; what
// had arrived can be read. A heal delivers the rest.
func TestCutHoldsAndHealDelivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		near, far := pairOf(t, n)
		send(t, near, "a")
		n.Delay("a", "b", 10*time.Millisecond)
		send(t, near, "b")
		time.Sleep(5 * time.Millisecond)
		n.Cut("a", "b")
		send(t, near, "c")
		expect(t, far, "a")
		expectNothing(t, far, time.Minute)
		send(t, far, "back") // the other direction is whole
		expect(t, near, "back")
		n.Heal("a", "b")
		expect(t, far, "bc")
	})
}

func TestWindowBlocksWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		near, far := pairOf(t, n)
		n.Cut("a", "b")
		_ = near.SetWriteDeadline(time.Now().Add(time.Second))
		written, err := near.Write(make([]byte, 1<<20))
		if !errors.Is(err, os.ErrDeadlineExceeded) || written == 0 || written >= 1<<20 {
			t.Fatalf("wrote %d, %v", written, err)
		}
		n.Heal("a", "b")
		if _, err := io.ReadFull(far, make([]byte, written)); err != nil {
			t.Fatal(err)
		}
	})
}

func TestDialOverCutLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		l, err := n.Host("b").Listen("b:1")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if _, err := n.Host("a").Dial(t.Context(), "b:2"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatalf("nobody listens: %v", err)
		}
		n.Cut("b", "a")
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		if _, err := n.Host("a").Dial(ctx, "b:1"); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 3*time.Second {
			t.Fatalf("dial: %v after %v", err, time.Since(began))
		}
		time.AfterFunc(time.Second, func() { n.HealAll() })
		c, err := n.Host("a").Dial(t.Context(), "b:1")
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
	})
}

func TestCrashResetsAfterHeal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		near, far := pairOf(t, n)
		n.CutBoth("a", "b")
		n.Crash("b")
		if _, err := far.Read(make([]byte, 1)); err == nil {
			t.Fatal("the crashed host reads on")
		}
		expectNothing(t, near, time.Second)
		n.HealBoth("a", "b")
		if _, err := near.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Fatalf("after the heal: %v", err)
		}
		if n.Conns() != 0 {
			t.Fatalf("%d connections left", n.Conns())
		}
	})
}

func TestResetBreaksAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		near, far := pairOf(t, n)
		n.CutBoth("a", "b")
		n.Reset("b", "a")
		for _, c := range []net.Conn{near, far} {
			if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
				t.Fatal(err)
			}
		}
	})
}

func TestDeadlineWakesReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, _ := pairOf(t, memnet.New())
		time.AfterFunc(time.Second, func() { _ = near.SetDeadline(time.Now()) })
		if _, err := near.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
	})
}
