package replica

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/persistence"
)

// A Waiter says what Proposal.Wait would say.
func TestWaiter(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		l := g.leader()
		follower := g.others(l)[0]
		for _, c := range []struct {
			what string
			of   *member
			data string
			want error
		}{
			{"to a follower", follower, "x", ErrNotRun},
			{"too large", l, strings.Repeat("x", persistence.MaxEntryBytes+1), ErrNotRun},
			{"to the leader", l, "x", nil},
		} {
			w := c.of.NewWaiter()
			if err := w.Wait(c.of.Propose([]byte(c.data))); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", c.what, err)
			}
			w.Close()
		}
		if n := l.proposals.Load(); n != 0 {
			t.Errorf("%d proposals are still counted", n)
		}
	})
}

// A leader that lost its majority tells when it gives up leadership, and one that is
// shut down tells at once.
func TestWaiterUnknown(t *testing.T) {
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		l := g.leader()
		w := l.NewWaiter()
		g.isolate(l)
		if err := w.Wait(l.Propose([]byte("alone"))); !errors.Is(err, ErrUnknown) {
			t.Errorf("without a majority: %v", err)
		}
	})
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		l := g.leader()
		w := l.NewWaiter()
		g.isolate(l)
		p := l.Propose([]byte("at the end"))
		time.AfterFunc(time.Millisecond, l.shutdown)
		if err := w.Wait(p); !errors.Is(err, ErrUnknown) || !errors.Is(err, ErrClosed) {
			t.Errorf("while shutting down: %v", err)
		}
	})
}
