package config_test

import (
	"strings"
	"testing"

	"github.com/redoubtdb/redoubt/resp/server/config"
)

// otherDefault names the directives whose default is ours, not Redis', each with its reason.
func otherDefault() map[string]string {
	return map[string]string{
		"cluster-enabled":      "a node is always a cluster",
		"cluster-node-timeout": "Raft elects faster than Redis Cluster does",
		"appendfsync":          "an acknowledged write is on disk",
		"dir":                  "the test's own directory",
		"port":                 "the test's own port",
	}
}

// ours names the directives that Redis does not have.
func ours() []string {
	return []string{"read-consistency", "replica-read-consistency", "raft-log-engine", "raft-snapshot-entries", "raft-trailing-entries"}
}

func TestNamesAndDefaultsAreRedis(t *testing.T) {
	t.Parallel()
	real, out := startRedis(t)
	if real == nil {
		t.Fatal(out)
	}
	want := pairs(real.do("CONFIG", "GET", "*"))
	got := map[string]string{}
	for _, p := range config.Default().Get("*") {
		got[p[0]] = p[1]
	}
	for _, name := range ours() {
		if _, ok := want[name]; ok {
			t.Errorf("%s: Redis has it as well", name)
		}
		delete(got, name)
	}
	for name, value := range want {
		if _, ok := otherDefault()[name]; !ok && got[name] != value {
			t.Errorf("%s: %q, Redis has %q", name, got[name], value)
		}
		if _, ok := got[name]; !ok {
			t.Errorf("%s is missing", name)
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("%s: Redis does not have it", name)
	}
}

func pairs(reply string) map[string]string {
	out := map[string]string{}
	lines := strings.Split(reply, "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		out[lines[i]] = lines[i+1]
	}
	return out
}

// notCompared names the directives that CONFIG SET treats otherwise here, or that would disturb the real server.
func notCompared() map[string]string {
	return map[string]string{
		"port":              "fixed here: peers and clients know a node by it",
		"bind":              "fixed here",
		"tls-port":          "fixed here",
		"tls-cluster":       "fixed here: the bus listens from the start on",
		"tls-replication":   "a real server without a certificate refuses it",
		"tls-auth-clients":  "a real server without a certificate refuses it",
		"tls-protocols":     "a real server checks it when TLS is on",
		"requirepass":       "would lock the test out",
		"dir":               "protected there, fixed here",
		"timeout":           "would close the test's connection",
		"oom-score-adj":     "needs the right to change it",
		"maxclients":        "a real server looks at its file limit",
		"hz":                "Redis corrects values out of range",
		"activedefrag":      "a real server accepts it or not depending on its allocator",
		"repl-backlog-size": "a real server raises small values to 16384",
		// Limits so small that the real server drops the test's connection.
		"client-query-buffer-limit":  "",
		"client-output-buffer-limit": "",
		"maxmemory-clients":          "",
		"proto-max-bulk-len":         "",
		"maxmemory":                  "",
	}
}

// TestSetAnswersAreRedis sets every directive to values good and bad, on a real server and here.
func TestSetAnswersAreRedis(t *testing.T) {
	t.Parallel()
	real, out := startRedis(t)
	if real == nil {
		t.Fatal(out)
	}
	values := []string{"yes", "NO", "zz$$", "", "-9223372036854775808", "9223372036854775807", "9223372036854775808", "007", "+1", "0", "1", "101",
		"1k", "1kb", "5MB", "10%", "110%", "-5%", "60 5", "60  5", "60 5 1", "50 99", "1e1 100", "always", "ALWAYS", "KEA", "nosave force", "default", "a-b.c", strings.Repeat("h", 256)}
	for _, name := range config.Default().Names() {
		if _, ok := notCompared()[name]; ok || isOurs(name) {
			continue
		}
		here := config.Default()
		start := pairs(real.do("CONFIG", "GET", name))[name]
		for _, value := range values {
			want := real.do("CONFIG", "SET", name, value)
			next, err := here.Set([][2]string{{name, value}}, config.SetOptions{Local: true})
			if got := answer(err); got != want {
				t.Errorf("CONFIG SET %s %q: %s, Redis: %s", name, value, got, want)
			}
			if err != nil || want != "+OK" {
				continue
			}
			got, _ := next.Value(name)
			if want := pairs(real.do("CONFIG", "GET", name))[name]; got != want {
				t.Errorf("CONFIG SET %s %q: gives %q, Redis: %q", name, value, got, want)
			}
		}
		real.do("CONFIG", "SET", name, start)
	}
}

func isOurs(name string) bool {
	for _, o := range ours() {
		if o == name {
			return true
		}
	}
	return false
}

func answer(err error) string {
	if err == nil {
		return "+OK"
	}
	return "-" + err.Error()
}

func TestSetOfSeveralPairsIsRedis(t *testing.T) {
	t.Parallel()
	real, out := startRedis(t)
	if real == nil {
		t.Fatal(out)
	}
	for _, words := range [][]string{
		{"maxmemory-samples", "7", "timeout", "100"},
		{"maxmemory-samples", "8", "nosuch", "1", "alsono", "2"},
		{"maxmemory-samples", "8", "maxmemory-samples", "9"},
		{"slave-priority", "8", "replica-priority", "9"},
		{"MaxMemory-Samples", "8", "MAXMEMORY-SAMPLES", "9"},
		{"daemonize", "yes", "nosuch", "1"},
		{"nosuch", "1", "daemonize", "yes"},
		{"maxmemory-samples", "8", "HZ", "x"},
		{"dbfilename", "x"},
		{"Slave-Priority", "-1"},
		{"save", ""}, {"save", "1 1 2 2"}, {"save", "0 1"},
		{"client-output-buffer-limit", "replica 1gb 1mb 5"}, {"client-output-buffer-limit", "x 1 1 1"}, {"client-output-buffer-limit", "pubsub 1gb -1 2"},
		{"maxmemory", "1GB"}, {"maxmemory", "-1"}, {"maxmemory", "1x"}, {"proto-max-bulk-len", "1"}, {"client-query-buffer-limit", "1kb"},
		{"maxmemory-clients", "10%"}, {"maxmemory-clients", "101%"}, {"maxmemory-clients", "x"},
		{"maxclients", "0"},
	} {
		var set [][2]string
		for i := 0; i < len(words); i += 2 {
			set = append(set, [2]string{words[i], words[i+1]})
		}
		want := real.do(append([]string{"CONFIG", "SET"}, words...)...)
		_, err := config.Default().Set(set, config.SetOptions{Local: true})
		if got := answer(err); got != want {
			t.Errorf("CONFIG SET %q: %s, Redis: %s", words, got, want)
		}
	}
}

func TestGetIsRedis(t *testing.T) {
	t.Parallel()
	real, out := startRedis(t)
	if real == nil {
		t.Fatal(out)
	}
	for _, patterns := range [][]string{
		{"maxmemory"}, {"MAXMEMORY"}, {"maxmem*"}, {"slave-*"}, {"save", "SAVE", "sav[de]"}, {"nosuch"}, {"*-max-listpack-??????*"},
		{"MAXMEMORY*-SAMPLES"}, {"[^a-z]*"}, {`maxmemory\*`}, {"hz", "hz"}, {"notify-keyspace-events", "bind"}, {""}, {"[h]z"}, {"ra[^f-z]*b-*"},
	} {
		want := pairs(real.do(append([]string{"CONFIG", "GET"}, patterns...)...))
		got := map[string]string{}
		for _, p := range config.Default().Get(patterns...) {
			if !isOurs(p[0]) {
				got[p[0]] = p[1]
			}
		}
		if len(got) != len(want) {
			t.Errorf("CONFIG GET %q: %v, Redis: %v", patterns, got, want)
		}
		for name, value := range want {
			if got[name] != value {
				t.Errorf("CONFIG GET %q: %s is %q, Redis: %q", patterns, name, got[name], value)
			}
		}
	}
}

// TestCommandLinesAreRedis starts real servers with good and bad command lines and compares what they make of them.
func TestCommandLinesAreRedis(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		show string // what to compare when the server starts
	}{
		{[]string{"--save", "900", "1", "--save", "300", "5"}, "save"},
		{[]string{"--save", "900  1"}, "save"},
		{[]string{"--save", "900 1", "--save", "", "--save", "1 1"}, "save"},
		{[]string{"--save", "--maxmemory", "1gb"}, "save maxmemory"},
		{[]string{"--maxmemory 1gb", "--hz", "20"}, "maxmemory hz"},
		{[]string{"--maxmemory", "1gb", "--maxmemory", "2gb"}, "maxmemory"},
		{[]string{"--shutdown-on-sigterm", "nosave", "force"}, "shutdown-on-sigterm"},
		{[]string{"--shutdown-on-sigterm", "nosave force"}, "shutdown-on-sigterm"},
		{[]string{"--masterauth", `a "b\n'`, "--requirepass", ""}, "masterauth requirepass"},
		{[]string{"--logfile", "", "--masterauth", "--x"}, "masterauth"},
		{[]string{"--client-output-buffer-limit", "replica 1k 2kb 3"}, "client-output-buffer-limit"},
		{[]string{"--client-output-buffer-limit", "normal", "1", "2", "3", "pubsub", "1", "2", "3"}, "client-output-buffer-limit"},
		{[]string{"--notify-keyspace-events", "mEKzn$"}, "notify-keyspace-events"},
		{[]string{"--slaveof", "no", "one", "--MAXMEMORY", "1"}, "maxmemory slaveof"},
		{[]string{"--latency-tracking-info-percentiles", "50.0", "99.99999", "1e1"}, "latency-tracking-info-percentiles"},
		{[]string{"--foo", "bar"}, ""},
		{[]string{"foo"}, ""},
		{[]string{"--maxmemory"}, ""},
		{[]string{"--maxmemory", "1", "2"}, ""},
		{[]string{"--hz", "10", "--io-threads", "9999"}, ""},
		{[]string{"--unixsocketperm", "1000"}, ""},
		{[]string{"--unixsocketperm", "8"}, ""},
		{[]string{"--appendfilename", ""}, ""},
		{[]string{"--appenddirname", "a/b"}, ""},
		{[]string{"--dbfilename", "a/b"}, ""},
		{[]string{"--save", "5"}, ""},
		{[]string{"--oom-score-adj-values", "1", "2", "3000"}, ""},
		{[]string{"--replicaof", "a", "99999"}, ""},
		{[]string{"--replicaof", "a"}, ""},
		{[]string{"--a.b"}, ""},
		{[]string{"--supervised", "zz"}, ""},
		{[]string{"--cluster-enabled", "yes", "--replicaof", "127.0.0.1", "1"}, ""},
		{[]string{"--masterauth \"x"}, ""},
		{[]string{"--cluster-announce-hostname", "a_b"}, ""},
	} {
		real, printed := startRedis(t, c.args...)
		here, _, err := config.Parse(withPlace(c.args, "/", 1), readNothing)
		if real == nil {
			if err == nil {
				t.Errorf("%q: accepted, Redis: %s", c.args, printed)
			} else if want := err.Error() + "\n"; !endsLike(printed, want) {
				t.Errorf("%q: %s, Redis: %s", c.args, want, printed)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v, Redis starts", c.args, err)
			continue
		}
		for _, name := range strings.Fields(c.show) {
			got, _ := here.Value(name)
			if want := pairs(real.do("CONFIG", "GET", name))[name]; got != want {
				t.Errorf("%q: %s is %q, Redis: %q", c.args, name, got, want)
			}
		}
		real.stop()
	}
}

// endsLike compares fatal texts. A path that Redis made absolute counts as the name that was given.
func endsLike(printed, want string) bool {
	if name, ok := strings.CutPrefix(want, "Fatal error, can't open config file '"); ok {
		base := name[strings.LastIndex(name, "/")+1:]
		return strings.HasSuffix(printed, base)
	}
	return strings.HasSuffix(printed, want)
}
