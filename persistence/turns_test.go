package persistence

import (
	"bytes"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// A long job pauses as long as it has worked; what is over in a moment, and what somebody waits for, does not.
func TestTurns(t *testing.T) {
	const pieces = 4
	for _, c := range []struct {
		name  string
		turns *turns
		work  time.Duration
		want  time.Duration // for all pieces
	}{
		{"long pieces", &turns{}, 5 * time.Millisecond, 2 * pieces * 5 * time.Millisecond},
		{"with a rest", &turns{rest: func() { time.Sleep(time.Millisecond) }}, 5 * time.Millisecond, 2*pieces*5*time.Millisecond + pieces*time.Millisecond},
		{"not for most of the time", &turns{rest: func() { time.Sleep(100 * time.Millisecond) }}, 5 * time.Millisecond, 2*pieces*5*time.Millisecond + 100*time.Millisecond},
		{"short pieces are put together", &turns{}, 600 * time.Microsecond, 2 * pieces * 600 * time.Microsecond},
		{"nobody waits for others", nil, 5 * time.Millisecond, pieces * 5 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			r := &yieldingReader{bytes.NewReader(make([]byte, pieces)), c.turns}
			for {
				if _, err := r.Read(make([]byte, 1)); err == io.EOF {
					break
				}
				time.Sleep(c.work)
			}
			if got := time.Since(began); got != c.want {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		})
	}
}

// A collection is noticed while it is under way, and its end too.
func TestCollectorIsWatched(t *testing.T) {
	heap := make([]*[2]*int, 1<<20)
	for i := range heap {
		heap[i] = &[2]*int{new(int)}
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // none but this test's
	c := collector{samples: slices.Clone(theCollector.samples)}
	runtime.GC()
	c.running() // from here on it knows how often the world was stopped
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.GC()
	}()
	seen := false
	for over := false; !over; {
		select {
		case <-done:
			over = true
		default:
			seen = seen || c.running()
		}
	}
	if !seen {
		t.Error("a collection was not noticed")
	}
	deadline := time.Now().Add(10 * time.Second)
	for c.running() && time.Now().Before(deadline) {
		runtime.Gosched()
	}
	if c.running() {
		t.Error("a collection that has ended seems to go on")
	}
	c.stops-- // as if read a moment too early
	if !c.running() {
		t.Error("a stop of the world more is no collection")
	}
	c.ignore()
	if c.running() {
		t.Error("a collection that is ignored seems to go on")
	}
	runtime.KeepAlive(heap)
}
