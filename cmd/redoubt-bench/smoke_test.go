package main

import (
	"bytes"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestLatencyOfRealServers runs a whole mode against real nodes, as small as it gets: three nodes of Redoubt that are
// formed, filled, driven by redis-benchmark, and loaded while snapshots go on.
func TestLatencyOfRealServers(t *testing.T) {
	if _, err := exec.LookPath("redis-benchmark"); err != nil {
		t.Fatalf("this program makes its load with redis-benchmark, which is not on PATH: %v", err)
	}
	dir := t.TempDir()
	server := filepath.Join(dir, "redoubt-server")
	if text, err := exec.Command("go", "build", "-o", server, "github.com/redoubtdb/redoubt/cmd/redoubt-server").CombinedOutput(); err != nil {
		t.Fatalf("building redoubt-server: %v\n%s", err, text)
	}
	// The node time-out is long, for the tests of other packages may keep the processors from these nodes.
	args := []string{"-what", "latency", "-n", "0.001", "-dir", dir, "-redoubt", server, "-redis", "none", "--", "--cluster-node-timeout", "5000"}
	var out bytes.Buffer
	if err := run(t.Context(), args, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 6 || !strings.Contains(lines[0], "2,000 keys") {
		t.Fatalf("the table is\n%s", &out)
	}
	for i, begin := range []string{"| Redoubt, SET |", "| Redoubt, SET, snapshot going on |", "| Redoubt, GET |", "| Redoubt, GET, snapshot going on |"} {
		if !strings.HasPrefix(lines[2+i], begin) || strings.Count(lines[2+i], "|") != strings.Count(lines[0], "|") {
			t.Errorf("row %d is %q", i, lines[2+i])
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, "redoubt-bench-*")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
