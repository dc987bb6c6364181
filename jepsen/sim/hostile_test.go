package sim

import (
	"context"
	"io"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/slotmap"
)

// A master's clock jumps a day forwards and back, and then another member leads, whose clock was
// right all the time. What the day let expire is gone, as in Redis; nothing else is, times to
// live go on for both leaders, and nobody loses leadership over it.
func TestClockJumps(t *testing.T) {
	simulate(t, 6, 3, func(t *testing.T, c *Cluster) {
		const tag = "{clock}"
		slot := slotmap.KeySlot([]byte(tag))
		m := c.Master(slot)
		l := StartLoad(c, 1, 1)
		on := func(i int, words ...string) string { return c.Call(i, words...).Value.String() }
		set := func(i int, key string, seconds int) {
			t.Helper()
			if got := on(i, "SET", tag+key, "v", "EX", strconv.Itoa(seconds)); got != "OK" {
				t.Fatalf("SET %s: %s", key, got)
			}
		}
		set(m, "hour", 3600)
		set(m, "days", 3*24*3600)
		c.SetClock(m, 24*time.Hour)
		time.Sleep(2 * time.Second)
		set(m, "meanwhile", 30)
		if hour, days := on(m, "EXISTS", tag+"hour"), on(m, "EXISTS", tag+"days"); hour != "0" || days != "1" {
			t.Errorf("a day later: an hour's key %s, three days' %s", hour, days)
		}
		c.SetClock(m, 0)
		lives := func(i int) {
			t.Helper()
			set(i, "fresh", 10)
			time.Sleep(5 * time.Second)
			if ttl, err := strconv.Atoi(on(i, "PTTL", tag+"fresh")); err != nil || ttl < 4500 || ttl > 6000 {
				t.Errorf("after half of ten seconds PTTL is %d (%v)", ttl, err)
			}
			time.Sleep(7 * time.Second)
			if got := on(i, "GET", tag+"fresh"); got != "" {
				t.Errorf("after twelve of ten seconds it is %q", got)
			}
		}
		lives(m)
		if now := c.Master(slot); now != m {
			t.Errorf("host %d led, and now %d", m, now)
		}
		c.Kill(m)
		next := -1
		if !Until(10*time.Second, func() bool { next = c.Master(slot); return next >= 0 && on(next, "EXISTS", tag+"days") == "1" }) {
			t.Fatal("nobody leads")
		}
		lives(next)
		time.Sleep(15 * time.Second)
		if meanwhile, days := on(next, "EXISTS", tag+"meanwhile"), on(next, "EXISTS", tag+"days"); meanwhile != "0" || days != "1" {
			t.Errorf("in the end: the key of thirty seconds %s, of three days %s", meanwhile, days)
		}
		finish(t, c, l)
	})
}

// Strangers hold as many connections to every node's bus as they are let, and come back when
// they are thrown out. No client notices, and a node that was killed finds back.
func TestStrangersOnEveryBus(t *testing.T) {
	const strangers = 600 // more than may be in their handshake at a time
	simulate(t, 6, 3, func(t *testing.T, c *Cluster) {
		l := StartLoad(c, 4, 1)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for i := range c.hosts {
			for n := range strangers {
				wg.Go(func() { c.annoy(ctx, i, n) })
			}
		}
		time.Sleep(2 * time.Second)
		if w := l.Worst(); w > time.Second {
			t.Errorf("a client waited %v for its next acknowledged write", w)
		}
		c.Kill(4)
		time.Sleep(2400 * time.Millisecond) // in the middle of what a silent handshake may take
		if err := c.Start(4); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := c.Settle(time.Second); err != nil {
			t.Error(err)
		}
		t.Logf("settled after %v", time.Since(began))
		cancel()
		wg.Wait()
		finish(t, c, l)
	})
}

// annoy is the life of a stranger.
func (c *Cluster) annoy(ctx context.Context, i, n int) {
	bus := net.JoinHostPort(c.Name(i), strconv.Itoa(busPort))
	for ctx.Err() == nil {
		if conn, err := c.Net.Host("strangers").Dial(ctx, bus); err == nil {
			release := context.AfterFunc(ctx, func() { _ = conn.Close() })
			_, _ = conn.Write([]byte([]string{"", "RDBT", "RDBT\x01\x00\x10"}[n%3]))
			_, _ = io.Copy(io.Discard, conn)
			release()
			_ = conn.Close()
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(100+n/10) * time.Millisecond):
		}
	}
}
