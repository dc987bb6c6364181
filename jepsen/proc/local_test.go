package proc

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// oneCommand is `make up`, `make down` and `make up` again, on ports and in a directory of its own.
func oneCommand(t *testing.T, server string) {
	const count = 6
	dir := t.TempDir()
	program, err := build("redoubt-cluster", dir)
	if err != nil {
		t.Fatal(err)
	}
	row, err := claimRow(count)
	if err != nil {
		t.Fatal(err)
	}
	defer row.release()
	base := row.numbers[0]
	data := filepath.Join(dir, "data")
	run := func(command string, wanted ...string) {
		t.Helper()
		out, err := exec.Command(program, command, "-server", server, "-port", strconv.Itoa(base), "-dir", data).CombinedOutput()
		if err != nil {
			t.Fatalf("redoubt-cluster %s: %v\n%s", command, err, out)
		}
		contains(t, "redoubt-cluster "+command, string(out), wanted...)
	}
	t.Cleanup(func() { _ = exec.Command(program, "down", "-port", strconv.Itoa(base), "-dir", data).Run() })
	c := &Cluster{}
	on := func(i int, words ...string) []string {
		return append([]string{"-c", "-p", strconv.Itoa(base + i)}, words...)
	}

	stranger, err := net.Listen("tcp", local(base+1))
	if err != nil {
		t.Fatal(err)
	}
	go pong(stranger)
	out, err := exec.Command(program, "up", "-server", server, "-port", strconv.Itoa(base), "-dir", data).CombinedOutput()
	if err == nil {
		t.Error("a cluster was formed with whoever answered on its second port")
	}
	contains(t, "a port that is somebody else's", string(out), "port "+strconv.Itoa(base+1)+" is in use")
	_ = stranger.Close()

	run("up", "Forming a cluster of 3 masters with 1 replica(s) each", "redis-cli -c -p "+strconv.Itoa(base), "redis-cli --cluster check", "make down")
	cli(t, c, []string{"--cluster", "check", local(base + 5)}, agreed, covered, "1 additional replica(s)")
	for _, key := range []string{"a", "b", "c"} {
		cli(t, c, on(0, "SET", key, "value of "+key), "OK")
	}
	nodes := cli(t, c, on(0, "CLUSTER", "MYID"))
	run("up", "The cluster is ok") // of one that is up already
	run("status", "myself,master")
	run("down")
	for i := range count {
		if !free(base + i) {
			t.Errorf("port %d is still in use", base+i)
		}
	}
	run("down") // of one that is down already
	run("up", "The cluster is ok")
	for _, key := range []string{"a", "b", "c"} {
		cli(t, c, on(5, "GET", key), "value of "+key)
	}
	if now := cli(t, c, on(0, "CLUSTER", "MYID")); now != nodes {
		t.Errorf("node 0 was %s and is %s", nodes, now)
	}
	kill(t, filepath.Join(data, "node-"+strconv.Itoa(base)+".pid"))
	run("up", "The cluster is ok") // starts the one that died
	cli(t, c, on(0, "GET", "b"), "value of b")
	run("down")
}

// pong answers PING, and anything else, like a server of Redis' protocol.
func pong(l net.Listener) {
	for {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = nc.Write([]byte("+PONG\r\n"))
		_ = nc.Close()
	}
}

// kill ends the process that a pid file names.
func kill(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the killed process is gone", func() bool { return p.Signal(os.Signal(nil)) != nil })
}
