package server

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// randomCommands are what the random pipelines are made of.
func randomCommands() []string {
	return []string{
		"SET n 5", "INCR n", "INCR n", "GET n", "GET n", "DEL n", "APPEND {n}s abc", "GET {n}s", "INCR {n}s", "RPUSH {n}l a", "LRANGE {n}l 0 -1", "LLEN {n}l",
		"MGET {n}1 n{n}", "MGET a b", "MSET a 1 b 2", "DBSIZE", "FLUSHALL", "KEYS *",
		"MULTI", "MULTI", "EXEC", "EXEC", "DISCARD", "WATCH n", "WATCH {n}s {n}l", "UNWATCH",
		"PING", "ECHO hi", "NOSUCH x", "GET", "EXEC x", "SELECT 0", "SELECT 1", "SINTERCARD x a",
		"CLIENT SETNAME x", "CLIENT GETNAME", "CLIENT REPLY SKIP", "CLIENT REPLY OFF", "CLIENT REPLY ON", "RESET", "HELLO 3", "HELLO 2",
		"EVAL x 1 n", "EVALSHA 11f6ad8ec52a2984abaafd7c3b516503785c2072 1 n", "EVAL_RO x 1 n", "SCRIPT FLUSH", "SCRIPT LOAD x",
		"READONLY", "READWRITE", "ASKING", "TIME x", "OBJECT HELP", "", "CLIENT KILL ID 999999",
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

// The same random pipelines against a real redis-server, but for commands whose replies differ for good reason:
// KEYS comes in another order, HELP in other words, the stand-ins for scripts are not Lua, HELLO inside MULTI
// counts only when that is over, and a watched key that was made and deleted again counts as unchanged.
func TestRandomPipelinesOfRedis(t *testing.T) {
	const rounds, longest = 300, 60
	addr := startRedis(t)
	commands := slices.DeleteFunc(randomCommands(), func(c string) bool {
		name, _, _ := strings.Cut(c, " ")
		return slices.Contains([]string{"KEYS", "OBJECT", "EVAL", "EVALSHA", "EVAL_RO", "SCRIPT", "HELLO", "DEL", "FLUSHALL"}, name)
	})
	commands = append(commands, "EVAL 'return 1' 1 n", "EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 1 n", "SCRIPT FLUSH",
		"SCRIPT LOAD 'return 1'", "EVAL \"return redis.call('INCR',KEYS[1])\" 1 n")
	var pipelines, want []string
	for seed := range uint64(rounds) {
		random := rand.New(rand.NewPCG(seed, 1))
		lines := make([]string, 1+random.IntN(longest))
		for i := range lines {
			lines[i] = commands[random.IntN(len(commands))]
		}
		pipelines = append(pipelines, strings.Join(lines, "\r\n")+"\r\nRESET\r\nECHO over\r\n")
		dialRedis(t, addr)("FLUSHALL\r\nSCRIPT FLUSH\r\n", "+OK\n+OK\n")
		want = append(want, sayToRedis(t, addr)(pipelines[seed], func(got string) bool { return strings.HasSuffix(got, "over\n") }))
	}
	synctest.Test(t, func(t *testing.T) {
		f := newScriptFixture(t)
		defer f.close()
		for i, pipeline := range pipelines {
			f.dial().do("FLUSHALL", "SCRIPT FLUSH", "QUIT")
			c := f.dial()
			c.send(pipeline)
			if got := readable(c.raw()); got != want[i] {
				t.Errorf("seed %d: %q\ngot:\n%s\nwant:\n%s", i, pipeline, got, want[i])
			}
			c.do("QUIT")
		}
	})
}
