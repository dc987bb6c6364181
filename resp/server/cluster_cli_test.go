package server

import (
	"context"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The rest of what a toyNode's Admin has to do.

func (n *toyNode) Shutdown(context.Context, ShutdownOptions) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = true
	return nil
}
func (n *toyNode) ReadConfigFile() ([]byte, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return []byte(n.file), nil
}
func (n *toyNode) WriteConfigFile(b []byte) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.file = string(b)
	return nil
}
func (n *toyNode) Save(context.Context) error           { return nil }
func (n *toyNode) BackgroundSave(context.Context) error { return nil }
func (n *toyNode) Sleep(context.Context, time.Duration) {}

// cli runs the real redis-cli and returns what it prints.
func (w *toyWorld) cli(args ...string) string {
	w.t.Helper()
	path, err := exec.LookPath("redis-cli")
	if err != nil {
		w.t.Skip("redis-cli is not installed")
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	out, _ := exec.CommandContext(ctx, path, args...).CombinedOutput()
	return string(out)
}

// has checks that everything named is in what was printed.
func (w *toyWorld) has(what, printed string, wanted ...string) {
	w.t.Helper()
	for _, text := range wanted {
		if !strings.Contains(printed, text) {
			w.t.Errorf("%s: %q is missing in\n%s", what, text, printed)
		}
	}
}

func (w *toyWorld) addrs() []string {
	var out []string
	for _, n := range w.nodes {
		out = append(out, n.addr())
	}
	return out
}

const (
	cliAgree   = "[OK] All nodes agree about slots configuration."
	cliCovered = "[OK] All 16384 slots covered."
)

// TestRedisCLICluster lets a real redis-cli build and change a cluster: it parses what CLUSTER NODES, INFO and others print.
func TestRedisCLICluster(t *testing.T) {
	t.Parallel()
	w := startToys(t, 6)
	create := append([]string{"--cluster", "create"}, w.addrs()...)
	w.has("create", w.cli(append(create, "--cluster-replicas", "1", "--cluster-yes")...), cliAgree, cliCovered, "Performing Cluster Check", "1 additional replica(s)")
	first := w.nodes[0].addr()
	w.has("check", w.cli("--cluster", "check", first), cliAgree, cliCovered, "slots:[0-5460] (5461 slots) master", "replicates ")
	w.has("info", w.cli("--cluster", "info", first), "5461 slots | 1 slaves.", "[OK] 0 keys in 3 masters.")
	w.has("call", w.cli("--cluster", "call", first, "CLUSTER", "MYID"), string(w.nodes[5].Self()))
	w.has("set-timeout", w.cli("--cluster", "set-timeout", first, "3000"), "New node timeout set. 6 OK, 0 ERR.")
	written, _ := w.nodes[5].ReadConfigFile()
	w.has("the configuration file", string(written), "cluster-node-timeout 3000")
	w.has("writing through -c", w.cli("-c", "-p", strconv.Itoa(w.nodes[0].port), "SET", "a", "1"), "OK")
	w.has("create again", w.cli(append(create, "--cluster-yes")...), "is not empty")

	seventh := w.start()
	w.has("add-node", w.cli("--cluster", "add-node", seventh.addr(), first), "[OK] New node added correctly.")
	eighth := w.start()
	w.has("add-node as a replica", w.cli("--cluster", "add-node", eighth.addr(), first, "--cluster-slave", "--cluster-master-id", string(seventh.Self())), "[OK] New node added correctly.")
	w.has("check", w.cli("--cluster", "check", first), cliAgree, cliCovered, "slots: (0 slots) master")
	replica := eighth.Self()
	w.has("del-node of a replica", w.cli("--cluster", "del-node", first, string(replica)), "Sending CLUSTER RESET SOFT")
	w.has("del-node of a master with slots", w.cli("--cluster", "del-node", first, string(w.nodes[1].Self())), "is not empty")
	w.has("del-node of a master", w.cli("--cluster", "del-node", first, string(seventh.Self())), "Sending CLUSTER RESET SOFT")
	w.has("six nodes are left", w.cli("-p", strconv.Itoa(w.nodes[3].port), "CLUSTER", "INFO"), "cluster_known_nodes:6", "cluster_size:3", "cluster_state:ok")
	w.has("check", w.cli("--cluster", "check", first), cliAgree, cliCovered)
}
