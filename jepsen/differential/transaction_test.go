package differential

import (
	"fmt"
	"strings"
	"testing"

	"github.com/redoubtdb/redoubt/jepsen/differential/gen"
	"github.com/redoubtdb/redoubt/jepsen/differential/reply"
)

const (
	transactionSteps = 8000
	widestTurn       = 6 // requests that one client sends before another's turn
)

// compareTransactions lets two clients take turns, each with its own MULTI, WATCH and EXEC
// over the same keys.
func compareTransactions(t *testing.T, s *servers) {
	for _, proto := range []int{2, 3} {
		t.Run(fmt.Sprintf("resp%d", proto), func(t *testing.T) {
			seed := s.seed*1000 + 100 + uint64(proto)
			g, log, all := gen.New(seed), &history{}, gen.All()
			clients := []*client{s.client(t, g, log, "A", proto), s.client(t, g, log, "B", proto)}
			observer := s.client(t, g, &history{}, "observer", proto)
			clients[0].say(t, gen.Step{Args: []string{"FLUSHALL"}})
			for len(log.lines) < steps(t, transactionSteps) {
				clients[g.IntN(len(clients))].turn(t, all, observer)
			}
			for _, c := range clients {
				c.say(t, gen.Step{Args: []string{"RESET"}})
			}
			observer.compareState(t)
			t.Logf("seed %d: %d requests, %d EXEC that ran, %d that did not, %d in error", seed, len(log.lines),
				clients[0].seen["EXEC *"]+clients[1].seen["EXEC *"], clients[0].seen["EXEC null"]+clients[1].seen["EXEC null"],
				clients[0].seen["EXEC -"]+clients[1].seen["EXEC -"])
		})
	}
}

// turn is one pipeline of one client. WATCH and EXEC stand alone, so that the observer can
// look at the keys at that moment.
func (c *client) turn(t *testing.T, all gen.Family, observer *client) {
	t.Helper()
	switch g := c.g; {
	case !c.multi && g.Often(20):
		c.watch(t, observer)
	case c.multi && g.Often(30), g.Often(2):
		c.exec(t, observer)
	case !c.multi && g.Often(30):
		c.say(t, gen.Step{Args: []string{"MULTI"}})
	default:
		var pipeline []gen.Step
		for range 1 + g.IntN(widestTurn) {
			pipeline = append(pipeline, transactionStep(g, all))
		}
		c.say(t, pipeline...)
	}
}

// transactionStep is a data command, mostly, and a few that the frontend runs.
func transactionStep(g *gen.Gen, all gen.Family) gen.Step {
	scripts := gen.Scripts()
	switch {
	case g.Often(80):
		return all.Next(g)
	case g.Often(25):
		return scripts.Next(g)
	case g.Often(70):
		return gen.Step{Args: strings.Fields(g.OneOf(
			"PING", "ECHO hello", "PING hello", "SELECT 0", "SELECT 1", "CLIENT GETNAME", "CLIENT SETNAME someone", "UNWATCH",
			"CLUSTER KEYSLOT a", "SCRIPT EXISTS 11f6ad8ec52a2984abaafd7c3b516503785c2072", "COMMAND GETKEYS GET a", "WAIT 0 0",
			"READONLY", "READWRITE", "ASKING", "MULTI", "DISCARD",
		))}
	}
	return gen.Step{Args: strings.Fields(g.OneOf(
		"multi x", "discard x", "unwatch x", "watch", "EXEC x", "MSET a 1 b 2", "GET other{u}", "SET other{u} 1",
		"DEL other{u} "+gen.KeyName(0), "SAVE", "BGREWRITEAOF x", "CONFIG GET", "OBJECT HELP x", "WATCH "+gen.KeyName(0)+" other{u}",
	))}
}

// watch watches some keys and notes which of them do not exist.
func (c *client) watch(t *testing.T, observer *client) {
	t.Helper()
	keys := c.g.Keys(1, 2)
	watching := !c.multi
	c.say(t, gen.Step{Args: append([]string{"WATCH"}, keys...)})
	if watching {
		c.watching = true
		c.absent = append(c.absent, observer.missing(t, keys)...)
	}
}

// exec ends the transaction. Three differences are deliberate.
//
// Redoubt compares states: a watched key that did not exist and does not exist now is as
// it was, though it may have been created and deleted meanwhile; Redis gives up. Then both
// start afresh, since only one of them has run the queue.
//
// Redis stops queueing once a watched key was touched, so that it does not notice that the
// rest of the queue crosses slots. Redoubt compares when EXEC comes, and notices first.
//
// Redoubt caches the scripts of a queue before it knows whether that will run.
func (c *client) exec(t *testing.T, observer *client) {
	t.Helper()
	lenient := len(c.absent) > 0 && len(observer.missing(t, c.absent)) == len(c.absent)
	watching := c.watching
	if c.multi {
		c.absent, c.watching = nil, false
	}
	apart, gaveUp := false, false
	c.say(t, gen.Step{Args: []string{"EXEC"}, Compare: func(want, got reply.Value) bool {
		gaveUp = want.Null
		apart = lenient && want.Null && got.Kind == '*' && !got.Null
		crosses := watching && (want.Null || strings.HasPrefix(want.Text, "EXECABORT ")) && strings.HasPrefix(got.Text, "CROSSSLOT ")
		return apart || crosses || reply.Exact(want, got)
	}})
	if apart {
		c.say(t, gen.Step{Args: []string{"FLUSHALL"}})
	}
	if gaveUp {
		c.say(t, gen.Step{Args: []string{"SCRIPT", "FLUSH"}})
	}
}

// missing returns those of the keys that do not exist.
func (c *client) missing(t *testing.T, keys []string) (missing []string) {
	t.Helper()
	for _, key := range keys {
		exists := false
		c.say(t, gen.Step{Args: []string{"EXISTS", key}, Compare: func(want, got reply.Value) bool {
			exists = want.Text == "1"
			return reply.Exact(want, got)
		}})
		if !exists {
			missing = append(missing, key)
		}
	}
	return missing
}
