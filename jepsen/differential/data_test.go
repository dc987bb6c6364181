package differential

import (
	"fmt"
	"testing"

	"github.com/redoubtdb/redoubt/jepsen/differential/gen"
	"github.com/redoubtdb/redoubt/jepsen/differential/reply"
)

const (
	dataSteps     = 3500
	widestPipe    = 60
	linesBetween  = 1000 // requests between two comparisons of the whole state
	pipelineShare = 70   // of 100 rounds; the others send one request
)

// compareData sends random data commands, alone and in pipelines.
func compareData(t *testing.T, s *servers) {
	for _, proto := range []int{2, 3} {
		for i, f := range append(gen.Families(), gen.All(), gen.Scripts()) {
			t.Run(fmt.Sprintf("resp%d/%s", proto, f.Name), func(t *testing.T) {
				compareFamily(t, s, f, proto, s.seed*1000+uint64(10*i+proto))
			})
		}
	}
}

func compareFamily(t *testing.T, s *servers, f gen.Family, proto int, seed uint64) {
	g := gen.New(seed)
	c := s.client(t, g, &history{}, "client", proto)
	c.say(t, gen.Step{Args: []string{"FLUSHALL"}})
	checked := 0
	for len(c.log.lines) < steps(t, dataSteps) {
		pipeline := []gen.Step{f.Next(g)}
		if g.Often(pipelineShare) {
			for range g.IntN(widestPipe) {
				pipeline = append(pipeline, f.Next(g))
			}
		}
		c.say(t, pipeline...)
		if len(c.log.lines)-checked > linesBetween {
			c.compareState(t)
			checked = len(c.log.lines)
		}
	}
	c.compareState(t)
	t.Logf("seed %d: %d requests, %d kinds of replies", seed, len(c.log.lines), len(c.seen))
}

// compareState reads everything back.
func (c *client) compareState(t *testing.T) {
	t.Helper()
	c.say(t, gen.Step{Args: []string{"DBSIZE"}})
	for i := range gen.KeyUniverse {
		key := gen.KeyName(i)
		c.say(t, gen.Step{Args: []string{"PEXPIRETIME", key}, Compare: reply.Near(gen.TTLSlackMs)})
		for _, kind := range gen.Kinds() {
			if read, ok := gen.ReadBack(kind, key); ok {
				c.say(t, read) // of another type: WRONGTYPE from both
			}
		}
	}
}
