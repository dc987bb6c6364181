package differential

import (
	"strconv"
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/jepsen/differential/gen"
	"github.com/redoubtdb/redoubt/jepsen/differential/reply"
	"github.com/redoubtdb/redoubt/jepsen/proc"
)

const (
	expiryRounds  = 4
	longestTTL    = 120 // ms
	expiryTimeout = 10 * time.Second
)

// compareExpiry gives some keys a short time to live, and compares once it is over. Nobody
// touches the keys meanwhile: they must go by themselves.
func compareExpiry(t *testing.T, s *servers) {
	g := gen.New(s.seed*1000 + 200)
	c := s.client(t, g, &history{}, "client", 2)
	for range expiryRounds {
		c.say(t, gen.Step{Args: []string{"FLUSHALL"}})
		left := 0
		for i := range gen.KeyUniverse {
			key := gen.KeyName(i)
			pipeline := []gen.Step{{Args: []string{g.OneOf("RPUSH", "SADD", "SET", "APPEND"), key, "value"}}}
			if g.Often(50) {
				pipeline = append(pipeline, gen.Step{Args: []string{"PEXPIRE", key, strconv.Itoa(1 + g.IntN(longestTTL))}})
			} else {
				left++
			}
			c.say(t, pipeline...)
		}
		c.awaitSize(t, left)
		c.compareState(t)
	}
}

// awaitSize waits until both servers have n keys.
func (c *client) awaitSize(t *testing.T, n int) {
	t.Helper()
	var redis, ours string
	size := gen.Step{Args: []string{"DBSIZE"}, Compare: func(want, got reply.Value) bool {
		redis, ours = want.Text, got.Text
		return true
	}}
	if !proc.Until(expiryTimeout, func() bool {
		c.say(t, size)
		return redis == strconv.Itoa(n) && ours == redis
	}) {
		t.Fatalf("%d keys should be left, redis has %s, ours %s", n, redis, ours)
	}
}
