package lua_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// golden is a script with the reply of the real server.
type golden struct {
	script string
	proto  int
	want   string
	line   int
}

// readGolden reads a file of testdata; its first lines tell the format.
func readGolden(t *testing.T, path string) []golden {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []golden
	var g golden
	for i, line := range strings.Split(string(text), "\n") {
		code, three := strings.CutPrefix(line, "3> ")
		if three {
			g.proto = 3
		} else if code, _ = strings.CutPrefix(line, "> "); code == line {
			code = ""
		}
		switch reply, ok := strings.CutPrefix(line, "< "); {
		case ok:
			if g.want, err = strconv.Unquote(reply); err != nil {
				t.Fatalf("%s:%d: %v", path, i+1, err)
			}
			all, g = append(all, g), golden{}
		case code != "":
			if g.script != "" {
				g.script += "\n"
			}
			g.script, g.line = g.script+code, i+1
		}
	}
	return all
}

func goldenFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no golden files", err)
	}
	return files
}

func (g *golden) run(h *host) string {
	h.proto = max(g.proto, 2)
	defer func() { h.proto = 2 }()
	return h.eval(g.script)
}

func TestGolden(t *testing.T) {
	for _, file := range goldenFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			h := newHost(t)
			for _, g := range readGolden(t, file) {
				if got := g.run(h); got != g.want {
					t.Errorf("%s:%d: %s\n got %q\nwant %q", file, g.line, g.script, got, g.want)
				}
			}
		})
	}
}

// TestGoldenWithoutReuse runs every script in an engine of its own: what ran
// before in a state must not matter.
func TestGoldenWithoutReuse(t *testing.T) {
	file := "testdata/errors.txt"
	h := newHost(t)
	for _, g := range readGolden(t, file) {
		fresh := newHost(t)
		fresh.db = h.db
		if got := g.run(fresh); got != g.want {
			t.Errorf("%s:%d: %s\n got %q\nwant %q", file, g.line, g.script, got, g.want)
		}
	}
}
