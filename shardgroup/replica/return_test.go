package replica

import (
	"fmt"
	"testing"
	"time"
)

// A member that comes back after a long absence is given the new entries at once, not
// after the pause that the library makes after many failures.
func TestReturningMemberIsServedAtOnce(t *testing.T) {
	const limit = time.Second
	inBubble(t, "a b c", func(t *testing.T, g *trio) {
		l := g.leader()
		absent := g.others(l)[0]
		g.isolate(absent)
		for i := range 60 {
			g.mustPut(l, fmt.Sprint(i))
			time.Sleep(time.Second)
		}
		g.net.HealAll()
		began := time.Now()
		g.eventually("the member has the log", func() bool { return l.Matched(idOf(absent.name)) == l.LastIndex() })
		if took := time.Since(began); took > limit {
			t.Errorf("the member had to wait %v for its entries", took)
		}
		g.converge()
	})
}
