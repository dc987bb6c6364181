package server

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// randomCommands are what the random pipelines are made of.
func randomCommands() []string {
	return []string{
		"SET n 5", "INCR n", "INCR n", "GET n", "GET n", "DEL n", "APPEND s abc", "GET s", "INCR s", "RPUSH l a", "LRANGE l 0 -1", "LLEN l",
		"MGET {n}1 n{n}", "MGET a b", "MSET a 1 b 2", "DBSIZE", "FLUSHALL", "KEYS *",
		"MULTI", "MULTI", "EXEC", "EXEC", "DISCARD", "WATCH n", "WATCH s l", "UNWATCH",
		"PING", "ECHO hi", "NOSUCH x", "GET", "EXEC x", "SELECT 0", "SELECT 1", "SINTERCARD x a",
		"CLIENT SETNAME x", "CLIENT GETNAME", "CLIENT REPLY SKIP", "CLIENT REPLY OFF", "CLIENT REPLY ON", "RESET", "HELLO 3", "HELLO 2",
		"EVAL x 1 n", "EVALSHA 11f6ad8ec52a2984abaafd7c3b516503785c2072 1 n", "EVAL_RO x 1 n", "SCRIPT FLUSH", "SCRIPT LOAD x",
		"READONLY", "READWRITE", "ASKING", "TIME x", "OBJECT HELP", "", "CLIENT KILL ID 99",
	}
}

// How a client cuts its commands into packets changes nothing about the replies, nor does the batching that
// follows from it.
func TestRandomPipelines(t *testing.T) {
	const rounds, longest, widest = 300, 40, 200
	commands := randomCommands()
	bubble(t, func(t *testing.T, f *fixture) {
		for seed := range uint64(rounds) {
			random := rand.New(rand.NewPCG(seed, 0))
			lines := make([]string, 1+random.IntN(longest))
			for i := range lines {
				lines[i] = commands[random.IntN(len(commands))]
			}
			cuts := []int{1 + random.IntN(widest), 1 + random.IntN(widest), 1 + random.IntN(widest)}
			alone := f.converse(lines, nil)
			whole := f.converse([]string{strings.Join(lines, "\r\n")}, nil)
			pieces := f.converse([]string{strings.Join(lines, "\r\n")}, cuts)
			if whole != alone || pieces != alone {
				t.Fatalf("seed %d: %q\none at a time:\n%s\nin one piece:\n%s\nin pieces of %v:\n%s", seed, lines, alone, whole, cuts, pieces)
			}
		}
	})
}

// converse sends lines to a server without keys, each cut into pieces of the given sizes, and returns all replies.
func (f *fixture) converse(lines []string, sizes []int) string {
	f.dial().do("FLUSHALL", "SCRIPT FLUSH", "QUIT")
	c := f.dial()
	replies := ""
	for _, line := range lines {
		rest := line + "\r\n"
		for i := 0; len(sizes) > 0 && len(rest) > 0; i++ {
			n := min(sizes[i%len(sizes)], len(rest))
			c.send(rest[:n])
			rest = rest[n:]
		}
		if rest != "" {
			c.send(rest)
		}
		replies += readable(c.raw())
	}
	c.do("QUIT")
	return replies
}
