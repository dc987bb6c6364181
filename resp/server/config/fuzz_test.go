package config_test

import (
	"os"
	"strings"
	"testing"

	"github.com/redoubtdb/redoubt/resp/server/config"
)

// FuzzParse: no text, as a file or as a command line, makes Parse panic or read without end, and what it accepts
// survives CONFIG REWRITE.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"port 7000\nsave 900 1\nsave \"\"\n", "client-output-buffer-limit replica 1mb 1mb 60\n", "masterauth \"a\\x00\\\"\"\n",
		"bind * -::*\nnotify-keyspace-events KEA\n", "shutdown-on-sigterm nosave force\nlatency-tracking-info-percentiles 50 1e1\n",
		"maxmemory-clients 10%\nunixsocketperm 700\nreplicaof no one\n", "foo 'bar", "oom-score-adj-values 1 2 3\nuser bob on >x\n",
		"client-output-buffer-limit normal 1 2", "save 1 1 2 2\n#x\nslaveof \"no one\"", "rename-command a \"\"",
		"include /conf\ninclude /conf\nport 1\n", "include nosuch", "maxmemory 1gb\r\nMAXCLIENTS 5\r\ntimeout 2147483648", "a.b c\nloadmodule x\nsentinel x",
		"appendfsync 'always'\ndir \"/tmp\"\nlogfile \"\"\n\x00port 5", "/conf\n--port\n7000\n--save\n--appendonly\nyes\n-", "-\n--port 1\n--loglevel\n--debug",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		if strings.ContainsAny(content, "*?[") && strings.Contains(strings.ToLower(content), "include") {
			return // it would look into the file system of the machine that runs the test
		}
		reads := 0
		read := func(name string) ([]byte, error) {
			if reads++; reads > maxReads {
				t.Fatalf("%d files read", reads)
			}
			if name == "/conf" || name == config.Stdin {
				return []byte(content), nil
			}
			return nil, os.ErrNotExist
		}
		_, _, _ = config.Parse(strings.Split(content, "\n"), read)
		reads = 0
		first, _, err := config.Parse([]string{"/conf"}, read)
		if err != nil {
			return
		}
		mustSurviveRewrite(t, first, content)
	})
}

// maxReads is more files than any configuration may include.
const maxReads = 2000

// mustSurviveRewrite checks that the file that CONFIG REWRITE makes of old has all values of c.
func mustSurviveRewrite(t *testing.T, c *config.Config, old string) {
	t.Helper()
	rewritten := string(c.Rewrite([]byte(old)))
	again, _, err := config.Parse([]string{"/conf"}, func(string) ([]byte, error) { return []byte(rewritten), nil })
	if err != nil {
		t.Fatalf("rewritten file is refused: %v\n%s", err, rewritten)
	}
	mustBeEqual(t, c, again)
}

func mustBeEqual(t *testing.T, want, got *config.Config) {
	t.Helper()
	a, b := want.Get("*"), got.Get("*")
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("%q became %q", a[i], b[i])
		}
	}
}

// FuzzSet: no CONFIG SET panics, and what it accepts survives CONFIG REWRITE and may be set again.
func FuzzSet(f *testing.F) {
	for _, seed := range [][2]string{
		{"maxclients", "5"}, {"client-output-buffer-limit", "normal 0 0 0 pubsub 1mb 2mb 3"}, {"save", "900 1 300 10"}, {"notify-keyspace-events", "KEA"},
		{"maxmemory-clients", "10%"}, {"requirepass", "a\x00\"b\n"}, {"oom-score-adj-values", "1 2 3"}, {"latency-tracking-info-percentiles", "50 99.9"},
		{"TIMEOUT", "-1"}, {"proto-max-bulk-len", "1mb"}, {"shutdown-on-sigterm", "nosave now"}, {"cluster-announce-ip", "::1"}, {"dir", "/"}, {"slowlog-max-len", "1k"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		start, _, err := config.Parse(nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		c, err := start.Set([][2]string{{name, value}}, config.SetOptions{})
		if err != nil {
			return
		}
		mustSurviveRewrite(t, c, "")
		for _, pair := range c.Get(name) {
			again, err := c.Set([][2]string{pair}, config.SetOptions{})
			if err != nil {
				t.Fatalf("%q cannot be set to what it is: %q, %v", name, pair[1], err)
			}
			mustBeEqual(t, c, again)
		}
	})
}

// FuzzQuote: what Quote writes, SplitWords reads.
func FuzzQuote(f *testing.F) {
	f.Add("a \"b\\\n\x00\xff'")
	f.Fuzz(func(t *testing.T, word string) {
		words, ok := config.SplitWords("x " + config.Quote(word) + " y")
		if !ok || len(words) != 3 || words[1] != word {
			t.Fatalf("%q came back as %q, %v", word, words, ok)
		}
	})
}
