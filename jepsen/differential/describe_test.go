package differential

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/redoubtdb/redoubt/jepsen/differential/gen"
	"github.com/redoubtdb/redoubt/jepsen/differential/reply"
)

// compareDescriptions compares what the servers say of themselves: not the numbers, but
// the names and the forms, and the values of all directives.
func compareDescriptions(t *testing.T, s *servers) {
	for _, proto := range []int{2, 3} {
		c := s.client(t, gen.New(s.seed), &history{}, "client", proto)
		t.Run(fmt.Sprintf("resp%d", proto), func(t *testing.T) {
			c.compareDirectives(t)
			c.compareCommands(t)
			c.compareLines(t, []string{"CLIENT", "INFO"}, " ", "=", nil)
			c.compareLines(t, []string{"CLIENT", "LIST"}, " ", "=", nil)
			c.compareLines(t, []string{"CLUSTER", "INFO"}, "\r\n", ":", map[string]string{
				"cluster_groups_without_witness": "ours: groups that cannot lose a node",
				"cluster_digest_mismatches":      "ours: members found to differ",
			})
			c.compareForms(t, proto)
		})
	}
}

// ask sends a request and returns both replies.
func (c *client) ask(t *testing.T, args ...string) (redis, ours reply.Value) {
	t.Helper()
	c.say(t, gen.Step{Args: args, Compare: func(want, got reply.Value) bool {
		redis, ours = want, got
		return want.Kind == got.Kind
	}})
	return redis, ours
}

// ownDirectives tells what CONFIG GET answers differently, and why.
func ownDirectives() map[string]string {
	return map[string]string{
		"appendfsync":              "always: an acknowledgement says that the write is on disk",
		"cluster-node-timeout":     "1000: elections of Raft are safe at any speed",
		"cluster-config-file":      "the test gives each server its own",
		"dir":                      "the test gives each server its own",
		"port":                     "the test gives each server its own",
		"raft-log-engine":          "ours",
		"raft-snapshot-entries":    "ours",
		"raft-trailing-entries":    "ours",
		"read-consistency":         "ours",
		"replica-read-consistency": "ours",
	}
}

func (c *client) compareDirectives(t *testing.T) {
	t.Helper()
	for _, pattern := range []string{"*", "cluster-*", "*-[mn]*", "slave*", "*max?*", "nosuch*", "S?ve"} {
		redis, ours := c.ask(t, "CONFIG", "GET", pattern)
		want, got := redis.Pairs(), ours.Pairs()
		for name := range ownDirectives() {
			delete(want, name)
			delete(got, name)
		}
		for _, name := range keysOf(want, got) {
			if w, g := want[name], got[name]; string(w.Raw) != string(g.Raw) {
				t.Errorf("CONFIG GET %s: %s: redis %q, ours %q", pattern, name, w.Raw, g.Raw)
			}
		}
	}
}

func keysOf[V any](a, b map[string]V) []string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

// ownCommands are those that Redis 7.0 does not have.
func ownCommands() map[string]string {
	return map[string]string{
		"cluster|groups":    "ours: the Raft side",
		"cluster|verify":    "ours: compares the members' digests",
		"cluster|myshardid": "of Redis 7.2",
		"client|setinfo":    "of Redis 7.2",
	}
}

// compareCommands compares COMMAND INFO of each of our commands, and COMMAND LIST's
// filters. COMMAND DOCS has our own words for what is not a fact.
func (c *client) compareCommands(t *testing.T) {
	t.Helper()
	theirs, names := c.ask(t, "COMMAND", "LIST")
	for _, name := range names.Strings() {
		if ownCommands()[name] != "" {
			continue
		}
		redis, ours := c.ask(t, "COMMAND", "INFO", name)
		if len(redis.Elems) != 1 || len(redis.Elems[0].Elems) < 10 {
			t.Errorf("%s: redis answers %q", name, redis.Raw)
			continue
		}
		for i := range 9 { // the tenth are the subcommands, which are compared by themselves
			if w, g := redis.Elems[0].Elems[i], ours.Elems[0].Elems[i]; string(w.Raw) != string(g.Raw) {
				t.Errorf("COMMAND INFO %s, element %d\nredis %q\nours  %q", name, i, w.Raw, g.Raw)
			}
		}
	}
	for _, filter := range [][]string{{"ACLCAT", "hash"}, {"ACLCAT", "dangerous"}, {"ACLCAT", "WRITE"}, {"PATTERN", "h*"}, {"PATTERN", "*range"}, {"PATTERN", "config|*"}, {"MODULE", "x"}} {
		redis, ours := c.ask(t, append([]string{"COMMAND", "LIST", "FILTERBY"}, filter...)...)
		want := intersection(redis.Strings(), names.Strings())
		got := intersection(ours.Strings(), theirs.Strings())
		if !slices.Equal(want, got) {
			t.Errorf("COMMAND LIST FILTERBY %q\nredis %q\nours  %q", filter, want, got)
		}
	}
}

// intersection returns what is in both, sorted.
func intersection(a, b []string) []string {
	both := slices.DeleteFunc(slices.Clone(a), func(s string) bool { return !slices.Contains(b, s) })
	slices.Sort(both)
	return both
}

// compareLines compares the names in a text of name and value, in order.
func (c *client) compareLines(t *testing.T, args []string, between, sign string, own map[string]string) {
	t.Helper()
	names := func(v reply.Value) (out []string) {
		for part := range strings.SplitSeq(strings.TrimSpace(strings.TrimPrefix(v.Text, "txt:")), between) {
			if name, _, _ := strings.Cut(part, sign); own[name] == "" {
				out = append(out, name)
			}
		}
		return out
	}
	redis, ours := c.ask(t, args...)
	if want, got := names(redis), names(ours); !slices.Equal(want, got) {
		t.Errorf("%q\nredis %q\nours  %q", args, want, got)
	}
}

// compareForms compares the shape of replies whose content is the server's own.
func (c *client) compareForms(t *testing.T, proto int) {
	t.Helper()
	saving := []string{"SAVE"}
	if proto == 3 {
		saving = []string{"BGSAVE"} // goes on for a while, so it comes last
	}
	for _, args := range [][]string{
		{"CLIENT", "ID"}, {"ROLE"}, {"TIME"}, {"LASTSAVE"}, {"CLUSTER", "MYID"}, {"CLUSTER", "SLOTS"}, {"CLUSTER", "SHARDS"}, {"CLUSTER", "LINKS"}, {"CLUSTER", "NODES"},
		{"COMMAND", "COUNT"}, {"SLOWLOG", "GET"}, {"SLOWLOG", "LEN"}, {"LATENCY", "LATEST"}, {"MEMORY", "DOCTOR"}, {"INFO"}, {"INFO", "server"}, {"CLIENT", "TRACKINGINFO"},
		{"CLUSTER", "HELP"}, {"CLIENT", "HELP"}, {"CONFIG", "HELP"}, {"COMMAND", "HELP"}, {"SCRIPT", "HELP"}, {"DEBUG", "HELP"}, {"MEMORY", "HELP"}, {"SLOWLOG", "HELP"}, {"LATENCY", "HELP"},
		{"CONFIG", "RESETSTAT"}, saving, {"CLUSTER", "COUNTKEYSINSLOT", "1"}, {"CLUSTER", "SAVECONFIG"}, {"CLUSTER", "BUMPEPOCH"},
	} {
		redis, ours := c.ask(t, args...)
		if want, got := form(redis), form(ours); want != got && !strings.Contains(want, "help") {
			t.Errorf("%q\nredis %s\nours  %s", args, want, got)
		}
	}
}

// form writes the types of a value and of all that is in it.
func form(v reply.Value) string {
	out := string(v.Kind)
	if v.Null {
		return out + "null"
	}
	if len(v.Elems) > 4 && v.Elems[0].Kind == '+' {
		return out + "help" // as long as we have words for it
	}
	for _, e := range v.Elems {
		out += form(e)
	}
	return out
}
