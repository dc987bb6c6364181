package command

import (
	"slices"
	"strings"
	"testing"

	"github.com/redoubtdb/redoubt/fsm/keyspace"
	"github.com/redoubtdb/redoubt/resp"
)

// exchange is a request, its words separated by spaces, and the bytes that
// redis-server 7.0.15 replies with. Before the request may stand "3 ": over
// RESP3; or "~": the order of the reply's lines does not matter.
type exchange struct{ request, want string }

// scene is a key space that commands of one family run against.
type scene struct {
	table *Table
	db    *keyspace.DB
	rand  *Rand
	mute  bool
}

func newScene(t *testing.T) *scene {
	t.Helper()
	table, err := NewTable(stringSpecs(), keysSpecs(), listSpecs(), hashSpecs(), setSpecs())
	if err != nil {
		t.Fatal(err)
	}
	return &scene{table: table, db: keyspace.NewDB(), rand: NewRand(1)}
}

// run runs one command; one that is not a write runs as a view, where changing
// anything panics.
func (s *scene) run(proto int, words ...string) string {
	args := make([][]byte, len(words))
	for i, w := range words {
		args[i] = []byte(w)
	}
	var w resp.Writer
	w.SetProto(proto)
	w.SetMute(s.mute)
	spec, problem := s.table.Resolve(args)
	if spec == nil {
		w.Error(problem)
		return string(w.Bytes())
	}
	spec.Run(&Ctx{
		Args: args, W: &w, DB: s.db, Slot: s.db.Slot(0), Now: 1000, MachineNow: 1000,
		Rand: s.rand, Applying: spec.Flags.Has(Write),
	})
	for _, a := range args {
		clear(a) // what is stored must not alias the request
	}
	return string(w.Bytes())
}

// do runs the request of an exchange.
func (s *scene) do(request string) (got string, unordered bool) {
	request, unordered = strings.CutPrefix(request, "~")
	proto := 2
	if rest, three := strings.CutPrefix(request, "3 "); three {
		request, proto = rest, 3
	}
	return s.run(proto, strings.Split(request, " ")...), unordered
}

func (s *scene) play(t *testing.T, exchanges []exchange) {
	t.Helper()
	for _, x := range exchanges {
		got, unordered := s.do(x.request)
		want := x.want
		if unordered {
			got, want = sortedLines(got), sortedLines(want)
		}
		if got != want {
			t.Errorf("%s\n got %q\nwant %q", x.request, got, want)
		}
	}
}

func sortedLines(s string) string {
	lines := strings.Split(s, "\r\n")
	slices.Sort(lines)
	return strings.Join(lines, "\r\n")
}

// dump prints the whole key space with the revisions.
func (s *scene) dump() string {
	var b strings.Builder
	for slot := s.db.Slot(0); ; {
		slot.Each(func(key []byte, v keyspace.Value, _ int64) bool {
			rev, _ := slot.Rev(key)
			dumpValue(&b, string(key), v, rev)
			return true
		})
		return b.String()
	}
}

// playMuted plays the exchanges twice, once as a member that has nobody to reply
// to: both must end with the same state.
func playMuted(t *testing.T, exchanges []exchange) {
	t.Helper()
	loud, quiet := newScene(t), newScene(t)
	quiet.mute = true
	for _, x := range exchanges {
		loud.do(x.request)
		if got, _ := quiet.do(x.request); got != "" {
			t.Fatalf("%s: a muted writer holds %q", x.request, got)
		}
		if a, b := loud.dump(), quiet.dump(); a != b {
			t.Fatalf("%s: muting the reply changes the state\n%s\n%s", x.request, a, b)
		}
	}
}

// revisions tells which requests must leave the key's revision alone.
func checkUntouched(t *testing.T, s *scene, requests ...string) {
	t.Helper()
	for _, r := range requests {
		before := s.dump()
		s.do(r)
		if after := s.dump(); after != before {
			t.Errorf("%s changed the key space\n%s\n%s", r, before, after)
		}
	}
}

// checkTouched tells which requests must change the revision of key.
func checkTouched(t *testing.T, s *scene, key string, requests ...string) {
	t.Helper()
	for _, r := range requests {
		before, _ := s.db.Slot(0).Rev([]byte(key))
		s.do(r)
		if after, _ := s.db.Slot(0).Rev([]byte(key)); after == before {
			t.Errorf("%s did not touch %s", r, key)
		}
	}
}

func TestList(t *testing.T) {
	exchanges := []exchange{
		{"rpush l a b c", ":3\r\n"},
		{"lpush l z y", ":5\r\n"},
		{"lrange l 0 -1", "*5\r\n$1\r\ny\r\n$1\r\nz\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n"},
		{"lrange l 1 1", "*1\r\n$1\r\nz\r\n"},
		{"lrange l 5 10", "*0\r\n"},
		{"lrange l -100 100", "*5\r\n$1\r\ny\r\n$1\r\nz\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n"},
		{"lrange l 3 1", "*0\r\n"},
		{"lrange l x 1", "-ERR value is not an integer or out of range\r\n"},
		{"lrange nosuch 0 -1", "*0\r\n"},
		{"llen l", ":5\r\n"},
		{"llen nosuch", ":0\r\n"},
		{"lindex l 0", "$1\r\ny\r\n"},
		{"lindex l -1", "$1\r\nc\r\n"},
		{"lindex l 5", "$-1\r\n"},
		{"lindex l -6", "$-1\r\n"},
		{"lindex l x", "-ERR value is not an integer or out of range\r\n"},
		{"lindex nosuch x", "$-1\r\n"},
		{"lpushx nosuch a", ":0\r\n"},
		{"rpushx nosuch a", ":0\r\n"},
		{"lpushx l x1 x2", ":7\r\n"},
		{"rpushx l r1", ":8\r\n"},
		{"set str v", "+OK\r\n"},
		{"lpush str a", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"rpushx str a", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"llen str", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"lrange str 0 -1", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"lpop str", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"lindex str 0", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"lpos str a", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"lset str 0 a", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"lrem str 0 a", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"ltrim str 0 1", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"linsert str before a b", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"lmove str l left left", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"lmove l str left left", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"rpoplpush l str", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"lmpop 1 str left", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"},
		{"lpop l", "$2\r\nx2\r\n"},
		{"rpop l", "$2\r\nr1\r\n"},
		{"lpop l 2", "*2\r\n$2\r\nx1\r\n$1\r\ny\r\n"},
		{"rpop l 100", "*4\r\n$1\r\nc\r\n$1\r\nb\r\n$1\r\na\r\n$1\r\nz\r\n"},
		{"exists l", ":0\r\n"},
		{"lpop l", "$-1\r\n"},
		{"lpop l 1", "*-1\r\n"},
		{"lpop l 0", "*-1\r\n"},
		{"rpush l a", ":1\r\n"},
		{"lpop l 0", "*0\r\n"},
		{"lpop l -1", "-ERR value is out of range, must be positive\r\n"},
		{"lpop l x", "-ERR value is out of range, must be positive\r\n"},
		{"lpop l 1 2", "-ERR wrong number of arguments for 'lpop' command\r\n"},
		{"LPOP l 1 2", "-ERR wrong number of arguments for 'lpop' command\r\n"},
		{"lpop l", "$1\r\na\r\n"},
		{"exists l", ":0\r\n"},
		{"rpush l a b c a b c a", ":7\r\n"},
		{"lpos l a", ":0\r\n"},
		{"lpos l a rank 2", ":3\r\n"},
		{"lpos l a rank -1", ":6\r\n"},
		{"lpos l a rank -2", ":3\r\n"},
		{"lpos l a rank 9", "$-1\r\n"},
		{"lpos l x", "$-1\r\n"},
		{"lpos l x count 0", "*0\r\n"},
		{"lpos l a count 0", "*3\r\n:0\r\n:3\r\n:6\r\n"},
		{"lpos l a count 2", "*2\r\n:0\r\n:3\r\n"},
		{"lpos l a count 0 rank -1", "*3\r\n:6\r\n:3\r\n:0\r\n"},
		{"lpos l a count 2 rank -2", "*2\r\n:3\r\n:0\r\n"},
		{"lpos l a count 0 maxlen 4", "*2\r\n:0\r\n:3\r\n"},
		{"lpos l a count 0 rank -1 maxlen 4", "*2\r\n:6\r\n:3\r\n"},
		{"lpos l a maxlen 0", ":0\r\n"},
		{"lpos l c maxlen 2", "$-1\r\n"},
		{"lpos l a rank 0", "-ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list\r\n"},
		{"lpos l a rank x", "-ERR value is not an integer or out of range\r\n"},
		{"lpos l a rank -9223372036854775808", ":6\r\n"},
		{"lpos l a count -1", "-ERR COUNT can't be negative\r\n"},
		{"lpos l a maxlen -1", "-ERR MAXLEN can't be negative\r\n"},
		{"lpos l a count x", "-ERR COUNT can't be negative\r\n"},
		{"lpos l a foo 1", "-ERR syntax error\r\n"},
		{"lpos l a rank", "-ERR syntax error\r\n"},
		{"lpos nosuch a", "$-1\r\n"},
		{"lpos nosuch a count 1", "*0\r\n"},
		{"lset l 1 B", "+OK\r\n"},
		{"lset l -1 A", "+OK\r\n"},
		{"lset l 7 x", "-ERR index out of range\r\n"},
		{"lset l -8 x", "-ERR index out of range\r\n"},
		{"lset l x x", "-ERR value is not an integer or out of range\r\n"},
		{"lset nosuch x x", "-ERR no such key\r\n"},
		{"lrange l 0 -1", "*7\r\n$1\r\na\r\n$1\r\nB\r\n$1\r\nc\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n$1\r\nA\r\n"},
		{"lrem l 1 a", ":1\r\n"},
		{"lrem l -1 a", ":1\r\n"},
		{"lrem l 0 c", ":2\r\n"},
		{"lrem l 5 nosuch", ":0\r\n"},
		{"rpush big a b a", ":3\r\n"},
		{"lrem big -9223372036854775808 a", ":2\r\n"},
		{"lrem l x a", "-ERR value is not an integer or out of range\r\n"},
		{"lrem nosuch 1 a", ":0\r\n"},
		{"lrange l 0 -1", "*3\r\n$1\r\nB\r\n$1\r\nb\r\n$1\r\nA\r\n"},
		{"linsert l before B new", ":4\r\n"},
		{"linsert l after b tail", ":5\r\n"},
		{"linsert l AFTER A last", ":6\r\n"},
		{"linsert l before nosuch x", ":-1\r\n"},
		{"linsert l around B x", "-ERR syntax error\r\n"},
		{"linsert nosuch before a b", ":0\r\n"},
		{"lrange l 0 -1", "*6\r\n$3\r\nnew\r\n$1\r\nB\r\n$1\r\nb\r\n$4\r\ntail\r\n$1\r\nA\r\n$4\r\nlast\r\n"},
		{"ltrim l 1 -2", "+OK\r\n"},
		{"lrange l 0 -1", "*4\r\n$1\r\nB\r\n$1\r\nb\r\n$4\r\ntail\r\n$1\r\nA\r\n"},
		{"ltrim l 0 -1", "+OK\r\n"},
		{"ltrim l 5 10", "+OK\r\n"},
		{"exists l", ":0\r\n"},
		{"ltrim nosuch 0 1", "+OK\r\n"},
		{"ltrim l x 0", "-ERR value is not an integer or out of range\r\n"},
		{"rpush l 1 2 3 4", ":4\r\n"},
		{"lmove l m left right", "$1\r\n1\r\n"},
		{"lmove l m right left", "$1\r\n4\r\n"},
		{"lmove l m right right", "$1\r\n3\r\n"},
		{"lmove l l left right", "$1\r\n2\r\n"},
		{"lmove l l left left", "$1\r\n2\r\n"},
		{"lmove l m up left", "-ERR syntax error\r\n"},
		{"lmove l m left down", "-ERR syntax error\r\n"},
		{"lmove nosuch m left left", "$-1\r\n"},
		{"rpoplpush l m", "$1\r\n2\r\n"},
		{"exists l", ":0\r\n"},
		{"lrange m 0 -1", "*4\r\n$1\r\n2\r\n$1\r\n4\r\n$1\r\n1\r\n$1\r\n3\r\n"},
		{"rpoplpush m m", "$1\r\n3\r\n"},
		{"lrange m 0 -1", "*4\r\n$1\r\n3\r\n$1\r\n2\r\n$1\r\n4\r\n$1\r\n1\r\n"},
		{"rpoplpush nosuch m", "$-1\r\n"},
		{"lmpop 2 nosuch m left", "*2\r\n$1\r\nm\r\n*1\r\n$1\r\n3\r\n"},
		{"lmpop 2 nosuch m right count 2", "*2\r\n$1\r\nm\r\n*2\r\n$1\r\n1\r\n$1\r\n4\r\n"},
		{"lmpop 1 m left count 10", "*2\r\n$1\r\nm\r\n*1\r\n$1\r\n2\r\n"},
		{"lmpop 1 m left", "*-1\r\n"},
		{"lmpop 0 m left", "-ERR numkeys should be greater than 0\r\n"},
		{"lmpop x m left", "-ERR numkeys should be greater than 0\r\n"},
		{"lmpop 2 m left", "-ERR syntax error\r\n"},
		{"lmpop 1 m left count", "-ERR syntax error\r\n"},
		{"lmpop 1 m left count 0", "-ERR count should be greater than 0\r\n"},
		{"lmpop 1 m left count x", "-ERR count should be greater than 0\r\n"},
		{"lmpop 1 m left count 1 count 2", "-ERR syntax error\r\n"},
		{"lmpop 1 m left foo 1", "-ERR syntax error\r\n"},
		{"lmpop 1 m middle", "-ERR syntax error\r\n"},
		{"lmpop 3 a b", "-ERR syntax error\r\n"},
		{"3 lpop nosuch", "_\r\n"},
		{"3 lpop nosuch 1", "_\r\n"},
		{"3 lmpop 1 nosuch left", "_\r\n"},
		{"3 lindex nosuch 0", "_\r\n"},
		{"3 lpos nosuch x", "_\r\n"},
	}
	newScene(t).play(t, exchanges)
	playMuted(t, exchanges)
}

func TestListTouches(t *testing.T) {
	s := newScene(t)
	s.do("rpush l a b c d e f g")
	checkUntouched(t, s, "lrem l 0 nosuch", "ltrim l 0 -1", "linsert l before nosuch x", "lset l 99 x", "lpop l 0",
		"lpushx nosuch a", "lmove nosuch l left left", "rpoplpush nosuch l", "lmpop 1 nosuch left", "lpos l a", "lpop nosuch 3")
	checkTouched(t, s, "l", "rpush l x", "lpush l x", "lset l 0 x", "lrem l 1 x", "linsert l before a x", "lpop l",
		"rpop l 2", "ltrim l 1 -1", "lmove l l left right", "lmove l m left right", "lmpop 1 l left", "rpushx l x")
}
