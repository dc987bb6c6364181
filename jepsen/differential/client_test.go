package differential

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/redoubtdb/redoubt/jepsen/differential/gen"
	"github.com/redoubtdb/redoubt/jepsen/differential/reply"
)

// linesShown is how much of the history of a difference is printed.
const linesShown = 14

// client is one client twice: it has a connection to each server, says the same on both
// and compares the answers.
type client struct {
	name        string
	redis, ours *wire
	g           *gen.Gen
	log         *history

	queue    []gen.Step // between MULTI and EXEC
	first    string     // difference within EXEC's reply
	multi    bool
	watching bool
	absent   []string       // watched keys that did not exist
	seen     map[string]int // replies, by command and type
}

// history is what all clients of a test have said, in order.
type history struct{ lines []line }

type line struct {
	client string
	args   []string
}

// client connects to both servers.
func (s *servers) client(t *testing.T, g *gen.Gen, log *history, name string, proto int) *client {
	t.Helper()
	c := &client{name: name, redis: dial(t, s.redis), ours: dial(t, s.ours), g: g, log: log, seen: map[string]int{}}
	if proto != 2 {
		c.say(t, gen.Step{Args: []string{"HELLO", strconv.Itoa(proto)}, Compare: reply.Alike})
	}
	return c
}

// say sends the steps as one pipeline and compares the replies.
func (c *client) say(t *testing.T, pipeline ...gen.Step) {
	t.Helper()
	var request bytes.Buffer
	for _, s := range pipeline {
		encode(&request, s.Args)
	}
	want := c.answers(t, c.redis, request.Bytes(), pipeline)
	got := c.answers(t, c.ours, request.Bytes(), pipeline)
	for i, s := range pipeline {
		inside := c.multi
		c.log.lines = append(c.log.lines, line{c.name, s.Args})
		c.seen[kindOf(s, want[i])]++
		if !c.equal(s, want[i], got[i]) {
			t.Fatalf("%s, request %d %q\nredis %q\nours  %q%s\nlast requests about the same:\n%s",
				c.name, len(c.log.lines), s.Args, want[i].Raw, got[i].Raw, c.first, c.log.related(s.Args, inside))
		}
	}
}

// kindOf tells replies apart by command and type, for the record.
func kindOf(s gen.Step, v reply.Value) string {
	if v.Null {
		return strings.ToUpper(s.Args[0]) + " null"
	}
	return strings.ToUpper(s.Args[0]) + " " + string(v.Kind)
}

func (c *client) answers(t *testing.T, w *wire, request []byte, pipeline []gen.Step) []reply.Value {
	t.Helper()
	if err := w.send(c.g, request); err != nil {
		t.Fatal(err)
	}
	values, err := w.replies(len(pipeline))
	if err != nil {
		who := "redis"
		if w == c.ours {
			who = "ours"
		}
		t.Fatalf("%s: reply %d to %q: %v", who, len(values), pipeline[len(values)].Args, err)
	}
	return values
}

// equal compares two replies, and follows transactions: the elements of EXEC's reply are
// compared as the queued commands want it.
func (c *client) equal(s gen.Step, want, got reply.Value) bool {
	name := strings.ToUpper(s.Args[0])
	switch {
	case c.multi && want.Kind == '+' && want.Text == "QUEUED":
		c.queue = append(c.queue, s)
		return reply.Exact(want, got)
	case name == "MULTI" && want.Kind == '+':
		c.multi, c.queue = true, nil
	case c.multi && (name == "EXEC" || (name == "DISCARD" || name == "RESET") && len(s.Args) == 1):
		queue := c.queue
		c.multi, c.queue = false, nil
		if name == "EXEC" && len(want.Elems) == len(queue) && len(got.Elems) == len(queue) {
			return c.allEqual(queue, want.Elems, got.Elems)
		}
	}
	return s.Equal(want, got)
}

// allEqual compares the elements of EXEC's reply, and keeps the first difference for the report.
func (c *client) allEqual(queue []gen.Step, want, got []reply.Value) bool {
	for i := range queue {
		if !queue[i].Equal(want[i], got[i]) {
			c.first = fmt.Sprintf("\nelement %d, %q\nredis %q\nours  %q", i, queue[i].Args, want[i].Raw, got[i].Raw)
			return false
		}
	}
	return true
}

// related lists the last requests that name one of the same keys, or all if asked to.
func (h *history) related(args []string, all bool) string {
	var out []string
	for _, past := range slices.Backward(h.lines) {
		if all || slices.ContainsFunc(past.args[1:], func(a string) bool {
			return strings.HasSuffix(a, gen.KeyTag) && slices.Contains(args, a)
		}) {
			out = append(out, fmt.Sprintf("  %s %q", past.client, past.args))
		}
		if len(out) == linesShown {
			break
		}
	}
	slices.Reverse(out)
	return strings.Join(out, "\n")
}
