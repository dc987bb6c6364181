package config_test

import (
	"os"
	"reflect"
	"testing"

	"github.com/redoubtdb/redoubt/resp/server/config"
)

// FuzzParse: no text makes Parse panic, and what it accepts survives CONFIG REWRITE.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"port 7000\nsave 900 1\nsave \"\"\n", "client-output-buffer-limit replica 1mb 1mb 60\n", "masterauth \"a\\x00\\\"\"\n",
		"bind * -::*\nnotify-keyspace-events KEA\n", "shutdown-on-sigterm nosave force\nlatency-tracking-info-percentiles 50 1e1\n",
		"maxmemory-clients 10%\nunixsocketperm 700\nreplicaof no one\n", "foo 'bar", "oom-score-adj-values 1 2 3\nuser bob on >x\n",
		"client-output-buffer-limit normal 1 2", "save 1 1 2 2\n#x\nslaveof \"no one\"", "rename-command a \"\"",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		read := func(name string) ([]byte, error) {
			if name == "/conf" {
				return []byte(content), nil
			}
			return nil, os.ErrNotExist
		}
		first, _, err := config.Parse([]string{"/conf"}, read)
		if err != nil {
			return
		}
		rewritten := string(first.Rewrite([]byte(content)))
		content = rewritten
		second, _, err := config.Parse([]string{"/conf"}, read)
		if err != nil {
			t.Fatalf("rewritten file is refused: %v\n%s", err, rewritten)
		}
		if a, b := first.Get("*"), second.Get("*"); !reflect.DeepEqual(a, b) {
			t.Fatalf("rewriting changed values\n%s\n%v\n%v", rewritten, a, b)
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
