package command_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// Scenarios are text files in testdata. Each file starts with no keys. Directives:
//
//	run [resp3] [local]   one command a line, words as in Go source where quoted;
//	                      below ----, the bytes of each reply
//	clock ms=N            sets our clock (it starts at 1000000); nothing else moves it
//
// Every scenario is run against the real server too, except what is marked local
// because it depends on the clock or differs from Redis; the file says which.
//
// go test -rewrite writes our replies into the files. The run against the real
// server then tells whether they are right.

const (
	scenarioDir   = "testdata"
	scenarioStart = 1_000_000 // ms
)

func TestScenarios(t *testing.T) {
	datadriven.Walk(t, scenarioDir, func(t *testing.T, path string) {
		now := int64(scenarioStart)
		clock := func() int64 { return now }
		e := newExecutor(t, 2, clock)
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "clock":
				d.ScanArgs(t, "ms", &now)
				return ""
			case "run":
				e.w.SetProto(scenarioProto(d))
				return runScenario(t, d, e.do)
			}
			t.Fatalf("%s: unknown directive %q", d.Pos, d.Cmd)
			return ""
		})
	})
}

// compareScenarios runs the same files against the real server.
func compareScenarios(t *testing.T, server *redisServer) {
	datadriven.Walk(t, scenarioDir, func(t *testing.T, path string) {
		conns := map[int]*redisConn{2: server.dial(t, 2), 3: server.dial(t, 3)}
		conns[2].do(t, "FLUSHALL")
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd != "run" || d.HasArg("local") {
				return d.Expected
			}
			conn := conns[scenarioProto(d)]
			return runScenario(t, d, func(args ...string) []byte { return conn.do(t, args...) })
		})
	})
}

func scenarioProto(d *datadriven.TestData) int {
	if d.HasArg("resp3") {
		return 3
	}
	return 2
}

func runScenario(t *testing.T, d *datadriven.TestData, do func(args ...string) []byte) string {
	var out strings.Builder
	for line := range strings.SplitSeq(d.Input, "\n") {
		words, err := splitWords(line)
		if err != nil {
			t.Fatalf("%s: %q: %v", d.Pos, line, err)
		}
		fmt.Fprintf(&out, "%q\n", do(words...))
	}
	return out.String()
}

// splitWords splits a line at spaces; a word may be a quoted Go string.
func splitWords(line string) ([]string, error) {
	var words []string
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		if line[0] != '"' {
			word, rest, _ := strings.Cut(line, " ")
			words, line = append(words, word), rest
			continue
		}
		quoted, err := strconv.QuotedPrefix(line)
		if err != nil {
			return nil, err
		}
		word, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, err
		}
		words, line = append(words, word), line[len(quoted):]
	}
	return words, nil
}
