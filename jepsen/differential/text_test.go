package differential

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/redoubtdb/redoubt/jepsen/differential/gen"
)

const (
	textFile     = "testdata/texts.txt"
	textSteps    = 1200
	longestTexts = 4 // requests on one connection
)

// compareTexts compares what administrative commands answer, errors above all.
func compareTexts(t *testing.T, s *servers) {
	g := gen.New(s.seed*1000 + 400)
	lines := textLines(t)
	s.compareTalk(t, g, "FLUSHALL\r\nSCRIPT FLUSH\r\n")
	t.Run("listed", func(t *testing.T) {
		for _, line := range lines {
			talk := strings.ReplaceAll(line, " ;; ", "\r\n") + "\r\n"
			s.compareTalk(t, g, talk)
			s.compareTalk(t, g, "HELLO 3\r\n"+talk)
		}
	})
	t.Run("random", func(t *testing.T) {
		lines := slices.DeleteFunc(lines, unsafeToChange)
		words := strings.Fields(strings.Join(lines, " "))
		s.compareTalk(t, g, "FLUSHALL\r\n")
		for range steps(t, textSteps) {
			var talk bytes.Buffer
			encode(&talk, []string{"HELLO", g.OneOf("2", "3")})
			for range 1 + g.IntN(longestTexts) {
				if args := changed(g, strings.Fields(lines[g.IntN(len(lines))]), words); !describes(args) {
					encode(&talk, args)
				}
			}
			s.compareTalk(t, g, talk.String())
		}
	})
}

// textLines reads the file.
func textLines(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(textFile)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			lines = append(lines, line)
		}
	}
	return lines
}

// unsafeToChange tells which lines could do harm with other arguments: stop a server,
// block it, change its settings or the cluster's.
func unsafeToChange(line string) bool {
	first, rest, _ := strings.Cut(line, " ")
	if strings.Contains(line, ";;") {
		return true
	}
	switch strings.ToUpper(first) {
	case "HELLO", "AUTH", "OBJECT", "MEMORY", "PING", "ECHO", "SELECT", "READONLY", "SCRIPT", "SLOWLOG", "LATENCY":
		return false
	case "CLIENT":
		return strings.Contains(rest, "KILL") || strings.Contains(rest, "PAUSE")
	case "COMMAND":
		return !strings.HasPrefix(rest, "GETKEYS") || strings.Contains(rest, "EVAL") || strings.Contains(rest, "SINTERCARD") // Redis takes "1e3" for one key here
	case "CLUSTER":
		return !strings.HasPrefix(rest, "KEYSLOT") && !strings.Contains(rest, "KEYSINSLOT")
	}
	return true
}

// describes tells whether a request asks for a description of the server, the commands or
// the connection, which compareDescriptions looks at; or for help, whose words are our
// own; or for client side caching, which Redoubt has not. SCRIPT DEBUG must not come in a
// pipeline.
func describes(args []string) bool {
	first, second := strings.ToUpper(args[0]), ""
	if len(args) > 1 {
		second = strings.ToUpper(args[1])
	}
	switch first {
	case "COMMAND":
		return !strings.HasPrefix(second, "GETKEYS")
	case "CLIENT":
		return second == "ID" || second == "INFO" || second == "LIST" || second == "HELP" || second == "TRACKING"
	case "CLUSTER":
		return second != "KEYSLOT" && !strings.HasSuffix(second, "KEYSINSLOT") // there is a RESET, too
	case "MEMORY":
		return second == "DOCTOR" || second == "STATS" || second == "HELP" || second == "MALLOC-STATS"
	case "SCRIPT":
		return second == "DEBUG" || second == "HELP"
	}
	return first == "INFO" || first == "TIME" || second == "DOCTOR" || second == "HELP" && first != "OBJECT"
}

// changed replaces, drops, doubles or adds a word of a request, but not the first.
func changed(g *gen.Gen, args, words []string) []string {
	args = slices.Clone(args)
	for g.Often(70) {
		word := g.OneOf(words[g.IntN(len(words))], g.Word(), g.Integer(), g.OneOf("", "\r\n", "a b", "'", "\xff"))
		at := 1 + g.IntN(len(args))
		switch {
		case at == len(args) || g.Often(20):
			args = slices.Insert(args, at, word)
		case g.Often(25):
			args = slices.Delete(args, at, at+1)
		case g.Often(20):
			args[at] = strings.ToLower(args[at])
		default:
			args[at] = word
		}
	}
	return args
}
