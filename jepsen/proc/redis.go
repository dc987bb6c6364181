package proc

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/redoubtdb/redoubt/jepsen/client"
)

// RedisVersion is the version that Redoubt follows; others answer differently.
const RedisVersion = "7.0.15"

// Redis is a real redis-server in cluster mode, to compare with.
type Redis struct {
	port  int
	ports *ports
	cmd   *exec.Cmd
	log   *bytes.Buffer
	done  chan struct{} // closed when the process is gone
}

// StartRedis starts one without persistence in dir, gives it all slots and waits until it serves.
func StartRedis(dir string, args ...string) (*Redis, error) {
	if out, err := exec.Command("redis-server", "--version").Output(); err != nil || !strings.Contains(string(out), "v="+RedisVersion) {
		return nil, fmt.Errorf("redis-server %s is needed: %q, %w", RedisVersion, out, err)
	}
	p, err := claimPorts(1)
	if err != nil {
		return nil, err
	}
	r := &Redis{port: p.numbers[0], ports: p, log: &bytes.Buffer{}, done: make(chan struct{})}
	r.cmd = exec.Command("redis-server", append([]string{
		"--port", strconv.Itoa(r.port), "--bind", "127.0.0.1", "--dir", dir, "--save", "", "--appendonly", "no",
		"--cluster-enabled", "yes", "--enable-debug-command", "yes",
		"--slowlog-log-slower-than", "-1", // what is slow depends on the machine
	}, args...)...)
	r.cmd.Stdout, r.cmd.Stderr = r.log, r.log
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := r.cmd.Start(); err != nil {
		p.release()
		return nil, err
	}
	go func() {
		_ = r.cmd.Wait()
		close(r.done)
	}()
	if !Until(20*time.Second, func() bool { return Serve(r.Addr()) }) {
		r.Close()
		return nil, fmt.Errorf("redis-server does not serve:\n%s", r.log)
	}
	return r, nil
}

// Addr is its client address.
func (r *Redis) Addr() string { return local(r.port) }

// Close kills it.
func (r *Redis) Close() {
	_ = r.cmd.Process.Kill()
	<-r.done
	r.ports.release()
}

// Serve gives all slots to a lone node, Redis or Redoubt, and tells whether it serves yet.
func Serve(addr string) bool {
	conn, err := client.Open(context.Background(), Dial, addr, time.Second)
	if err != nil {
		return false
	}
	defer conn.Close()
	conn.Do("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
	return strings.Contains(conn.Do("CLUSTER", "INFO").Value.String(), "cluster_state:ok") && conn.Do("DEL", "serve").Outcome == client.Done
}
