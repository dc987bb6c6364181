package command

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/redoubtdb/redoubt/fsm/keyspace"
)

func TestSet(t *testing.T) {
	exchanges := []exchange{
		{"sadd s 1 2 3", ":3\r\n"},
		{"sadd s 1 2", ":0\r\n"},
		{"sadd s 2 4", ":1\r\n"},
		{"scard s", ":4\r\n"},
		{"scard nosuch", ":0\r\n"},
		{"smembers s", "*4\r\n$1\r\n1\r\n$1\r\n2\r\n$1\r\n3\r\n$1\r\n4\r\n"},
		{"smembers nosuch", "*0\r\n"},
		{"sismember s 1", ":1\r\n"},
		{"sismember s 9", ":0\r\n"},
		{"sismember nosuch 1", ":0\r\n"},
		{"smismember s 1 9 2", "*3\r\n:1\r\n:0\r\n:1\r\n"},
		{"smismember nosuch 1 2", "*2\r\n:0\r\n:0\r\n"},
		{"srem s 1 9", ":1\r\n"},
		{"srem s 9", ":0\r\n"},
		{"srem nosuch 1", ":0\r\n"},
		{"smove s t 2", ":1\r\n"},
		{"smove s t 99", ":0\r\n"},
		{"smove nosuch t 1", ":0\r\n"},
		{"smove s s 3", ":1\r\n"},
		{"smove s s 77", ":0\r\n"},
		{"smembers t", "*1\r\n$1\r\n2\r\n"},
		{"set str v", "+OK\r\n"},
		{"smove s str 3", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"smove str s 3", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"smove nosuch str 3", ":0\r\n"},
		{"sadd str a", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"srem str a", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"smembers str", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"sismember str a", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"smismember str a", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"scard str", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"spop str", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"spop str 1", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"srandmember str", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"srandmember str 2", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"sinter str", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"sinter nosuch str", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"sunion s str", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"sdiff s str", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"sinterstore d s str", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"sscan str 0", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"sintercard 1 str", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"srem t 2", ":1\r\n"},
		{"exists t", ":0\r\n"},
		{"sadd a 1 2 3 4", ":4\r\n"},
		{"sadd b 3 4 5", ":3\r\n"},
		{"sadd c 4", ":1\r\n"},
		{"~sinter a b", "*2\r\n$1\r\n3\r\n$1\r\n4\r\n"},
		{"sinter a b c", "*1\r\n$1\r\n4\r\n"},
		{"sinter a nosuch", "*0\r\n"},
		{"sinter nosuch a", "*0\r\n"},
		{"~sunion a b c", "*5\r\n$1\r\n1\r\n$1\r\n2\r\n$1\r\n3\r\n$1\r\n4\r\n$1\r\n5\r\n"},
		{"sunion nosuch nosuch2", "*0\r\n"},
		{"~sdiff a b", "*2\r\n$1\r\n1\r\n$1\r\n2\r\n"},
		{"sdiff a b a", "*0\r\n"},
		{"sdiff nosuch a", "*0\r\n"},
		{"sdiff a nosuch", "*4\r\n$1\r\n1\r\n$1\r\n2\r\n$1\r\n3\r\n$1\r\n4\r\n"},
		{"sinterstore d a b", ":2\r\n"},
		{"~smembers d", "*2\r\n$1\r\n3\r\n$1\r\n4\r\n"},
		{"sinterstore d a nosuch", ":0\r\n"},
		{"exists d", ":0\r\n"},
		{"sunionstore d a b c", ":5\r\n"},
		{"~smembers d", "*5\r\n$1\r\n1\r\n$1\r\n2\r\n$1\r\n3\r\n$1\r\n4\r\n$1\r\n5\r\n"},
		{"sdiffstore d a b", ":2\r\n"},
		{"~smembers d", "*2\r\n$1\r\n1\r\n$1\r\n2\r\n"},
		{"sdiffstore d a a", ":0\r\n"},
		{"exists d", ":0\r\n"},
		{"sunionstore str a", ":4\r\n"},
		{"~smembers str", "*4\r\n$1\r\n1\r\n$1\r\n2\r\n$1\r\n3\r\n$1\r\n4\r\n"},
		{"sinterstore a a b", ":2\r\n"},
		{"~smembers a", "*2\r\n$1\r\n3\r\n$1\r\n4\r\n"},
		{"sintercard 2 a b", ":2\r\n"},
		{"sintercard 2 a b limit 1", ":1\r\n"},
		{"sintercard 2 a b limit 0", ":2\r\n"},
		{"sintercard 2 a b LIMIT 9", ":2\r\n"},
		{"sintercard 2 a nosuch", ":0\r\n"},
		{"sintercard 0 a", "-ERR numkeys should be greater than 0\r\n"},
		{"sintercard x a", "-ERR numkeys should be greater than 0\r\n"},
		{"sintercard 3 a b", "-ERR Number of keys can't be greater than number of args\r\n"},
		{"sintercard 1 a limit", "-ERR syntax error\r\n"},
		{"sintercard 1 a limit -1", "-ERR LIMIT can't be negative\r\n"},
		{"sintercard 1 a limit x", "-ERR LIMIT can't be negative\r\n"},
		{"sintercard 1 a foo 1", "-ERR syntax error\r\n"},
		{"sintercard 1 a limit 1 limit 2", ":2\r\n"},
		{"spop nosuch", "$-1\r\n"},
		{"spop nosuch 1", "*0\r\n"},
		{"spop s 0", "*0\r\n"},
		{"spop s -1", "-ERR value is out of range, must be positive\r\n"},
		{"spop s x", "-ERR value is out of range, must be positive\r\n"},
		{"spop s 1 2", "-ERR syntax error\r\n"},
		{"sadd one x", ":1\r\n"},
		{"srandmember one", "$1\r\nx\r\n"},
		{"srandmember one 3", "*1\r\n$1\r\nx\r\n"},
		{"srandmember one -3", "*3\r\n$1\r\nx\r\n$1\r\nx\r\n$1\r\nx\r\n"},
		{"srandmember one 0", "*0\r\n"},
		{"srandmember one x", "-ERR value is not an integer or out of range\r\n"},
		{"srandmember one 1 2", "-ERR syntax error\r\n"},
		{"srandmember one -9223372036854775808", "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807\r\n"},
		{"srandmember nosuch", "$-1\r\n"},
		{"srandmember nosuch 3", "*0\r\n"},
		{"spop one", "$1\r\nx\r\n"},
		{"exists one", ":0\r\n"},
		{"sadd one x", ":1\r\n"},
		{"spop one 5", "*1\r\n$1\r\nx\r\n"},
		{"exists one", ":0\r\n"},
		{"3 spop nosuch 1", "~0\r\n"},
		{"3 spop nosuch", "_\r\n"},
		{"3 smembers c", "~1\r\n$1\r\n4\r\n"},
		{"3 smembers nosuch", "~0\r\n"},
		{"3 srandmember c 1", "*1\r\n$1\r\n4\r\n"},
		{"3 sinter c c", "~1\r\n$1\r\n4\r\n"},
		{"3 sadd one x", ":1\r\n"},
		{"3 spop one 1", "~1\r\n$1\r\nx\r\n"},
		{"3 smismember c 4 5", "*2\r\n:1\r\n:0\r\n"},
		{"3 sinter nosuch", "~0\r\n"},
		{"sscan c 0", "*2\r\n$1\r\n0\r\n*1\r\n$1\r\n4\r\n"},
		{"sscan c 0 match 4", "*2\r\n$1\r\n0\r\n*1\r\n$1\r\n4\r\n"},
		{"sscan c 0 match 5 count 100", "*2\r\n$1\r\n0\r\n*0\r\n"},
		{"sscan c x", "-ERR invalid cursor\r\n"},
		{"sscan nosuch 0 bad", "*2\r\n$1\r\n0\r\n*0\r\n"},
		{"sscan c 0 bad 1", "-ERR syntax error\r\n"},
		{"sscan c 0 count 0", "-ERR syntax error\r\n"},
		{"sscan c 99", "*2\r\n$1\r\n0\r\n*1\r\n$1\r\n4\r\n"},
	}
	newScene(t).play(t, exchanges)
	playMuted(t, exchanges)
}

func TestSetTouches(t *testing.T) {
	s := newScene(t)
	for _, r := range []string{"sadd s 1 2 3 4 5 6", "sadd t 1 9", "set str v"} {
		s.do(r)
	}
	checkUntouched(t, s, "sadd s 1 2", "srem s 99", "smove s t 99", "smove s s 1", "smove nosuch t 1", "spop s 0",
		"spop nosuch 3", "smove s str 1", "sinterstore nosuch s nosuch2", "sdiffstore nosuch s s", "sinterstore s t str",
		"smembers s", "srandmember s 3", "sscan s 0")
	checkTouched(t, s, "s", "sadd s 1 7", "srem s 7", "smove s t 2", "smove t s 2", "spop s", "spop s 1",
		"sunionstore s s t", "sinterstore s s t")
	before, _ := s.db.Slot(0).Rev([]byte("t"))
	s.do("smove s t 1") // t has it already: only the source changes
	if after, _ := s.db.Slot(0).Rev([]byte("t")); after != before {
		t.Error("SMOVE touched a target that has the member")
	}
}

func TestSetScanVisitsEverythingOnce(t *testing.T) {
	s := newScene(t)
	const members = 1500
	for i := range members {
		s.run(2, "sadd", "s", fmt.Sprint("m", i))
	}
	seen := scanAll(t, s, "sscan", "s")
	for i := range members {
		if seen[fmt.Sprint("m", i)] != 1 {
			t.Fatalf("member %d was seen %d times", i, seen[fmt.Sprint("m", i)])
		}
	}
}

// scanAll runs a scan to its end and counts the elements it returns.
func scanAll(t *testing.T, s *scene, command, key string) map[string]int {
	t.Helper()
	seen, cursor, calls := map[string]int{}, "0", 0
	for calls == 0 || cursor != "0" {
		if calls++; calls > 1000 {
			t.Fatal("the scan does not end")
		}
		reply := bulks(s.run(2, command, key, cursor, "COUNT", "7"))
		cursor = reply[0]
		for _, e := range reply[1:] {
			seen[e]++
		}
	}
	if calls < 3 {
		t.Fatalf("%s returned everything in %d calls", command, calls)
	}
	return seen
}

// bulks returns the bulk strings of a RESP2 reply, one after another.
func bulks(reply string) []string {
	var out []string
	for len(reply) > 0 {
		line, rest, _ := strings.Cut(reply, "\r\n")
		reply = rest
		if line[0] == '$' {
			n, _ := strconv.Atoi(line[1:])
			out = append(out, reply[:n])
			reply = reply[n+2:]
		}
	}
	return out
}

func TestSrandmemberCounts(t *testing.T) {
	s := newScene(t)
	for i := range 100 {
		s.run(2, "sadd", "s", fmt.Sprint("m", i))
	}
	checkPicks(t, s, "srandmember", "s")
}

// checkPicks checks a command that takes random elements of the 100 at key.
func checkPicks(t *testing.T, s *scene, command, key string) {
	t.Helper()
	for _, tc := range []struct{ count, length, distinct int }{
		{1, 1, 1}, {10, 10, 10}, {33, 33, 33}, {60, 60, 60}, {99, 99, 99}, {100, 100, 100}, {500, 100, 100}, {-500, 500, 2},
	} {
		got := bulks(s.run(2, command, key, strconv.Itoa(tc.count)))
		slices.Sort(got)
		if distinct := len(slices.Compact(slices.Clone(got))); len(got) != tc.length || distinct < tc.distinct {
			t.Errorf("count %d: %d elements, %d of them distinct", tc.count, len(got), distinct)
		}
	}
	hits := map[string]int{}
	for range 3000 {
		hits[bulks(s.run(2, command, key))[0]]++
	}
	if len(hits) != 100 || slices.Max(slices.Collect(maps.Values(hits))) > 90 {
		t.Errorf("single picks are not even: %d elements, at most %d times", len(hits), slices.Max(slices.Collect(maps.Values(hits))))
	}
}

func TestSpopTakesAll(t *testing.T) {
	s := newScene(t)
	for i := range 200 {
		s.run(2, "sadd", "s", fmt.Sprint("m", i))
	}
	seen := map[string]bool{}
	for len(seen) < 200 {
		got := append(bulks(s.run(2, "spop", "s", "7")), bulks(s.run(2, "spop", "s"))...)
		if len(got) == 0 {
			t.Fatalf("only %d members came out", len(seen))
		}
		for _, m := range got {
			if seen[m] {
				t.Fatalf("%s came out twice", m)
			}
			seen[m] = true
		}
	}
	if s.db.Len() != 0 {
		t.Error("an empty set is left behind")
	}
}

// dumpValue prints a value with its elements in their order.
func dumpValue(b *strings.Builder, key string, v keyspace.Value, rev uint64) {
	fmt.Fprintf(b, "%s %s %d:", key, v.Kind(), rev)
	switch v := v.(type) {
	case *keyspace.List:
		v.Range(0, v.Len()-1, func(_ int, e []byte) bool { fmt.Fprintf(b, " %q", e); return true })
	case *keyspace.Hash:
		v.Each(func(f, val []byte) bool { fmt.Fprintf(b, " %q=%q", f, val); return true })
	case *keyspace.Set:
		v.Each(func(m []byte) bool { fmt.Fprintf(b, " %q", m); return true })
	case *keyspace.String:
		fmt.Fprintf(b, " %q", v.Bytes())
	}
	b.WriteString("\n")
}
