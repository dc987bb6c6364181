package bus_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubtdb/redoubt/shardgroup/bus"
)

// The deadline and the cancellation of a call reach its handler.
func TestDeadlineAndCancelReachHandler(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fleet) {
		a, b := f.open("c", "a", ""), f.open("c", "b", "")
		ended := make(chan error, 1)
		b.Handle("wait", func(ctx context.Context, _ bus.Identity, _ []byte) ([]byte, error) {
			<-ctx.Done()
			ended <- ctx.Err()
			return nil, ctx.Err()
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // longer than any keep-alive limit
		defer cancel()
		if _, err := a.Call(ctx, "b:1", "wait", nil); err == nil || errors.Is(err, bus.ErrNotSent) {
			t.Fatal(err)
		}
		if err := <-ended; !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if _, err := a.Call(ctx, "b:1", "wait", nil); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	})
}

// A peer that falls silent is noticed: before the request left it is not
// sent, afterwards the outcome is unknown, and the next call dials anew.
func TestSilentPeer(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fleet) {
		a, b := f.open("c", "a", ""), f.open("c", "b", "")
		b.Handle("echo", echo)
		if _, err := a.Call(t.Context(), "b:1", "echo", nil); err != nil {
			t.Fatal(err)
		}
		f.net.CutBoth("a", "b")
		began := time.Now()
		_, err := a.Call(t.Context(), "b:1", "echo", nil)
		if !errors.Is(err, bus.ErrConnectionLost) || errors.Is(err, bus.ErrNotSent) || time.Since(began) > 5*time.Second {
			t.Fatalf("%v after %v", err, time.Since(began))
		}
		if _, err := a.Call(t.Context(), "b:1", "echo", nil); !errors.Is(err, bus.ErrNotSent) {
			t.Fatalf("dial over a cut link: %v", err)
		}
		f.net.HealAll()
		if _, err := a.Call(t.Context(), "b:1", "echo", nil); err != nil {
			t.Fatal(err)
		}
	})
}

func TestRestartedPeer(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fleet) {
		a, b := f.open("c", "a", ""), f.open("c", "b", "")
		b.Handle("echo", echo)
		if _, err := a.Call(t.Context(), "b:1", "echo", nil); err != nil {
			t.Fatal(err)
		}
		_ = b.Close()
		synctest.Wait()
		if _, err := a.Call(t.Context(), "b:1", "echo", nil); !errors.Is(err, bus.ErrNotSent) {
			t.Fatal(err)
		}
		f.open("c", "b", "").Handle("echo", echo)
		if _, err := a.Call(t.Context(), "b:1", "echo", nil); err != nil {
			t.Fatal(err)
		}
	})
}

// A node that became someone else answers nothing on the connections it made
// or accepted before.
func TestIdentityChangeEndsConnections(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fleet) {
		a, b := f.open("c", "a", ""), f.open("c", "b", "")
		b.Handle("echo", echo)
		if _, err := a.Call(t.Context(), "b:1", "echo", nil); err != nil {
			t.Fatal(err)
		}
		b.id.Store(&bus.Identity{Cluster: "c", Node: "b", Incarnation: "2"})
		if _, err := a.Call(t.Context(), "b:1", "echo", nil); err == nil {
			t.Fatal("an old incarnation was answered")
		}
		if _, err := a.Call(t.Context(), "b:1", "echo", nil); !errors.Is(err, bus.ErrWrongIncarnation) {
			t.Fatal(err)
		}
		a.id.Store(&bus.Identity{Cluster: "d", Node: "a", Incarnation: "1"})
		if _, err := a.Call(t.Context(), "b:2", "echo", nil); !errors.Is(err, bus.ErrForeignCluster) {
			t.Fatal(err)
		}
	})
}

func TestManyCallsAndConnections(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fleet) {
		b := f.open("c", "b", "s")
		b.Handle("echo", echo)
		var wg sync.WaitGroup
		for i := range 20 {
			n := f.open("c", fmt.Sprintf("n%02d", i), "s")
			for range 20 {
				wg.Go(func() {
					got, err := n.Call(t.Context(), "b:1", "echo", []byte("x"))
					if err != nil || !strings.HasSuffix(string(got), " x") {
						t.Errorf("%q %v", got, err)
					}
				})
			}
		}
		wg.Wait()
		if n := len(b.Links()); n != 20 {
			t.Errorf("%d links to b, want one for each peer", n)
		}
	})
}

// Too many handlers at once: the surplus is refused and certainly not run.
func TestTooManyCalls(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fleet) {
		a, b := f.open("c", "a", ""), f.open("c", "b", "")
		release := make(chan struct{})
		var ran, refused atomic.Int64
		b.Handle("hold", func(ctx context.Context, _ bus.Identity, _ []byte) ([]byte, error) {
			ran.Add(1)
			<-release
			return nil, nil
		})
		var wg sync.WaitGroup
		for range 400 {
			wg.Go(func() {
				_, err := a.Call(t.Context(), "b:1", "hold", nil)
				if errors.Is(err, bus.ErrBusy) && errors.Is(err, bus.ErrNotSent) {
					refused.Add(1)
				} else if err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		close(release)
		wg.Wait()
		if ran.Load()+refused.Load() != 400 || refused.Load() == 0 {
			t.Fatalf("%d ran, %d refused", ran.Load(), refused.Load())
		}
	})
}
