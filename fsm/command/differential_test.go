package command_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/jepsen/differential/gen"
	"github.com/redoubtdb/redoubt/jepsen/differential/reply"
	"github.com/redoubtdb/redoubt/resp"
)

// How long the random sequences are, and how much of the history of a difference
// is printed. A soak sets REDOUBT_STEPS and REDOUBT_SEED.
const (
	defaultSteps = 4000
	defaultSeed  = 1
	stepsShown   = 12
)

// TestAgainstRedis compares with the real server, which is started once for all.
func TestAgainstRedis(t *testing.T) {
	server := startRedis(t)
	t.Run("descriptions", func(t *testing.T) { compareDescriptions(t, server) })
	t.Run("key positions", func(t *testing.T) { compareKeyPositions(t, server) })
	t.Run("scenarios", func(t *testing.T) { compareScenarios(t, server) })
	for _, proto := range []int{2, 3} {
		for i, f := range append(gen.Families(), gen.All()) {
			t.Run(fmt.Sprintf("resp%d/%s", proto, f.Name), func(t *testing.T) {
				seed := setting(t, "REDOUBT_SEED", defaultSeed)*1000 + uint64(10*i+proto)
				runFamily(t, server, proto, f, seed)
			})
		}
	}
}

// compareKeyPositions asks COMMAND GETKEYS about random requests.
func compareKeyPositions(t *testing.T, server *redisServer) {
	conn, ours := server.dial(t, 2), newExecutor(t, 2, wallClock)
	g, all := gen.New(setting(t, "REDOUBT_SEED", defaultSeed)), gen.All()
	for range setting(t, "REDOUBT_STEPS", defaultSteps) {
		args := all.Next(g).Args
		raw := make([][]byte, len(args))
		for i, a := range args {
			raw[i] = []byte(a)
		}
		spec, problem := ours.table.Resolve(raw)
		if problem != "" || len(args) < 2 {
			continue // COMMAND GETKEYS itself refuses these
		}
		want := string(conn.do(t, append([]string{"COMMAND", "GETKEYS"}, args...)...))
		if got := keysReply(spec, raw); got != want {
			t.Fatalf("%q\nredis %q\nours  %q", args, want, got)
		}
	}
}

// keysReply is COMMAND GETKEYS' reply.
func keysReply(spec *command.Spec, args [][]byte) string {
	var w resp.Writer
	keys, err := spec.KeyPositions(args)
	switch {
	case spec.FirstKey == 0 && spec.Keys == nil:
		w.Error("ERR The command has no key arguments")
	case err != nil:
		w.Error("ERR " + err.Error())
	default:
		w.Array(len(keys))
		for _, at := range keys {
			w.Bulk(args[at])
		}
	}
	return string(w.Bytes())
}

// setting returns a number from the environment.
func setting(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// runFamily sends the same random requests to Redis and to us.
func runFamily(t *testing.T, server *redisServer, proto int, f gen.Family, seed uint64) {
	t.Logf("seed %d", seed)
	p := &pair{redis: server.dial(t, proto), ours: newExecutor(t, proto, wallClock), seen: map[string]int{}}
	p.redis.do(t, "FLUSHALL")
	g := gen.New(seed)
	for range setting(t, "REDOUBT_STEPS", defaultSteps) {
		p.step(t, f.Next(g))
	}
	p.compareState(t)
	t.Logf("%d kinds of replies", len(p.seen))
}

func wallClock() int64 { return time.Now().UnixMilli() }

// pair is the real server and our executor, which must answer alike.
type pair struct {
	redis   *redisConn
	ours    *executor
	history [][]string
	seen    map[string]int // by command and first byte of the reply
}

// step sends one request to both and compares the replies.
func (p *pair) step(t *testing.T, s gen.Step) {
	t.Helper()
	p.history = append(p.history, s.Args)
	want, err := reply.Parse(p.redis.do(t, s.Args...))
	if err != nil {
		t.Fatal(err)
	}
	raw := p.ours.do(s.Args...)
	got, err := reply.Parse(raw)
	if err != nil {
		t.Fatalf("%q: our reply %q: %v", s.Args, raw, err)
	}
	p.seen[strings.ToUpper(s.Args[0])+string(want.Kind)]++
	if !s.Equal(want, got) {
		t.Fatalf("request %d %q\nredis %q\nours  %q\nlast requests of the same keys:\n%s",
			len(p.history), s.Args, want.Raw, got.Raw, p.related(s.Args))
	}
}

// related lists the last requests that name one of the same keys.
func (p *pair) related(args []string) string {
	var lines []string
	for _, past := range slices.Backward(p.history) {
		if slices.ContainsFunc(past[1:], func(a string) bool {
			return strings.HasSuffix(a, gen.KeyTag) && slices.Contains(args, a)
		}) {
			lines = append(lines, fmt.Sprintf("  %q", past))
		}
		if len(lines) == stepsShown {
			break
		}
	}
	slices.Reverse(lines)
	return strings.Join(lines, "\n")
}

// compareState reads everything back.
func (p *pair) compareState(t *testing.T) {
	t.Helper()
	p.step(t, gen.Step{Args: []string{"DBSIZE"}})
	for i := range gen.KeyUniverse {
		key := gen.KeyName(i)
		p.step(t, gen.Step{Args: []string{"TYPE", key}})
		p.step(t, gen.Step{Args: []string{"PEXPIRETIME", key}, Compare: reply.Near(gen.TTLSlackMs)})
		kind, err := reply.Parse(p.ours.do("TYPE", key))
		if err != nil {
			t.Fatal(err)
		}
		if read, ok := gen.ReadBack(kind.Text, key); ok {
			p.step(t, read)
		}
	}
}
