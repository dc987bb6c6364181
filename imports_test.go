package redoubt_test

import (
	"bufio"
	"bytes"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/redoubtdb/redoubt"

// leaves may import nothing of this module.
var leaves = []string{"slotmap", "resp", "jepsen/differential/reply", "resp/server/config", "persistence/rdb", "shardgroup/bus/memnet"}

// rules name, per package, what it may import of this module; "..." ends a prefix.
func rules() map[string][]string {
	r := map[string][]string{
		"fsm/keyspace":            {"slotmap"},
		"fsm/command":             {"fsm/keyspace", "resp", "slotmap"},
		"fsm/lua/syntax":          nil,
		"fsm/lua":                 {"fsm/lua/syntax", "fsm/command", "fsm/keyspace", "resp", "slotmap"},
		"fsm":                     {"fsm/command", "fsm/keyspace", "persistence/rdb", "resp", "slotmap"},
		"persistence":             {"persistence/rdb"},
		"shardgroup/bus":          {"slotmap"},
		"shardgroup/replica":      {"persistence", "shardgroup/bus"},
		"shardgroup":              {"shardgroup/replica", "shardgroup/bus", "fsm", "fsm/command", "persistence", "resp", "slotmap"},
		"metaraft":                {"shardgroup/replica", "shardgroup/bus", "persistence", "slotmap"},
		"resp/server":             {"resp", "resp/server/config", "fsm", "fsm/command", "slotmap"},
		"cmd/redoubt-server/node": {"..."},
		"cmd/redoubt-server":      {"cmd/redoubt-server/node", "persistence", "resp/server/config", "shardgroup/bus"},
		"cmd/redoubt-cluster":     {},
		"cmd/redoubt-bench":       {"jepsen/client"},
		"jepsen/client":           {},
		"jepsen/proc":             {"jepsen/client"},
		"jepsen/differential":     {},
		"jepsen/differential/gen": {"jepsen/differential/reply"},
		"jepsen/sim":              {"..."},
	}
	for _, l := range leaves {
		r[l] = nil
	}
	return r
}

// raftUsers may know hashicorp/raft.
var raftUsers = []string{"persistence", "shardgroup/replica"}

// TestImports keeps the DAG of packages, and Raft's library where it belongs.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	allowed := rules()
	seen := 0
	for sc := bufio.NewScanner(bytes.NewReader(out)); sc.Scan(); {
		words := strings.Fields(sc.Text())
		pkg := strings.TrimPrefix(strings.TrimPrefix(words[0], module), "/")
		if pkg == "" {
			continue
		}
		may, known := allowed[pkg]
		if !known {
			t.Errorf("package %s has no rule here: say what it may import", pkg)
		}
		seen++
		for _, imp := range words[1:] {
			checkImport(t, pkg, imp, may)
		}
	}
	if seen < len(allowed) {
		t.Errorf("%d packages seen, %d have rules: a rule names a package that does not exist", seen, len(allowed))
	}
}

func checkImport(t *testing.T, pkg, imp string, may []string) {
	t.Helper()
	if strings.HasPrefix(imp, "github.com/hashicorp/raft") && !contains(raftUsers, pkg) {
		t.Errorf("%s imports %s", pkg, imp)
	}
	if pkg == "fsm" || strings.HasPrefix(pkg, "fsm/") {
		if imp == "net" || imp == "os" || strings.HasPrefix(imp, "net/") {
			t.Errorf("%s imports %s", pkg, imp)
		}
	}
	inner, ours := strings.CutPrefix(imp, module+"/")
	if ours && !contains(may, inner) && !contains(may, "...") {
		t.Errorf("%s imports %s", pkg, inner)
	}
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}
