// Package proc runs clusters of real redoubt-server processes on real ports with real
// files, and kills them with real signals.
//
// Its job: processes, ports, directories, redis-cli. Not its job: to judge a history.
package proc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/redoubtdb/redoubt/jepsen/client"
)

const (
	pollInterval = 50 * time.Millisecond
	logTailBytes = 4000
)

// Cluster is the processes of one test, in one working directory.
type Cluster struct {
	Dir    string
	server string
	ports  *ports
	nodes  []*process
	loads  []*Load
}

// process is one node: its port and files outlive the process.
type process struct {
	port int
	conf string // a redis.conf, "" none
	args []string
	cmd  *exec.Cmd
	done chan struct{} // closed when the process is gone
}

// Build compiles redoubt-server into dir and returns its path.
func Build(dir string, flags ...string) (string, error) {
	return build("redoubt-server", dir, flags...)
}

// build compiles one of the module's programs.
func build(program, dir string, flags ...string) (string, error) {
	path := filepath.Join(dir, program)
	args := append([]string{"build", "-o", path}, flags...)
	out, err := exec.Command("go", append(args, "github.com/redoubtdb/redoubt/cmd/"+program)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", program, err, out)
	}
	return path, nil
}

// New prepares n nodes on free ports; none runs. Further arguments go to each node.
func New(server, dir string, n int, args ...string) (*Cluster, error) {
	p, err := claimPorts(n)
	if err != nil {
		return nil, err
	}
	c := &Cluster{Dir: dir, server: server, ports: p}
	for _, port := range p.numbers {
		c.nodes = append(c.nodes, &process{port: port, args: args})
	}
	return c, nil
}

// Len is the number of nodes.
func (c *Cluster) Len() int { return len(c.nodes) }

// Port is the client port of node i.
func (c *Cluster) Port(i int) int { return c.nodes[i].port }

// Addr is the client address of node i.
func (c *Cluster) Addr(i int) string {
	return local(c.nodes[i].port)
}

// Addrs is the client addresses of all nodes.
func (c *Cluster) Addrs() []string {
	var out []string
	for i := range c.nodes {
		out = append(out, c.Addr(i))
	}
	return out
}

// ConfigFile is node i's cluster-config-file.
func (c *Cluster) ConfigFile(i int) string {
	return filepath.Join(c.Dir, fmt.Sprintf("node-%d.conf", c.nodes[i].port))
}

// DataDir is node i's data directory.
func (c *Cluster) DataDir(i int) string {
	return filepath.Join(c.Dir, fmt.Sprintf("node-%d.data", c.nodes[i].port))
}

// Log is the log file of node i.
func (c *Cluster) Log(i int) string {
	return filepath.Join(c.Dir, fmt.Sprintf("log-%d", c.nodes[i].port))
}

// Start launches node i and waits until it answers.
func (c *Cluster) Start(i int) error {
	if err := c.Launch(i); err != nil {
		return err
	}
	return c.AwaitPing(i, 20*time.Second)
}

// Configure gives node i a redis.conf. The command line goes on to override it.
func (c *Cluster) Configure(i int, text string) error {
	p := c.nodes[i]
	p.conf = filepath.Join(c.Dir, fmt.Sprintf("redis-%d.conf", p.port))
	return os.WriteFile(p.conf, []byte(text), 0o644)
}

// Launch starts node i without waiting.
func (c *Cluster) Launch(i int) error {
	p := c.nodes[i]
	log, err := os.OpenFile(c.Log(i), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	var args []string
	if p.conf != "" {
		args = append(args, p.conf)
	}
	args = append(args, "--port", strconv.Itoa(p.port), "--bind", "127.0.0.1", "--cluster-enabled", "yes", "--enable-debug-command", "yes",
		"--cluster-config-file", filepath.Base(c.ConfigFile(i)))
	args = append(args, p.args...)
	p.cmd = exec.Command(c.server, args...)
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = c.Dir, log, log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		return err
	}
	done := make(chan struct{})
	p.done = done
	go func() {
		_ = p.cmd.Wait()
		close(done)
	}()
	return nil
}

// AwaitPing waits until node i answers PING.
func (c *Cluster) AwaitPing(i int, limit time.Duration) error {
	p := c.nodes[i]
	for end := time.Now().Add(limit); ; time.Sleep(pollInterval) {
		if r := c.Call(i, "PING"); r.Outcome == client.Done || strings.HasPrefix(fmt.Sprint(r.Err), "NOAUTH") {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("node %d on port %d ended: %s", i, p.port, c.LogTail(i))
		default:
		}
		if time.Now().After(end) {
			return fmt.Errorf("node %d on port %d does not answer: %s", i, p.port, c.LogTail(i))
		}
	}
}

// Signal sends a signal to node i. After SIGKILL and SIGTERM it waits for the end.
func (c *Cluster) Signal(i int, s syscall.Signal) error {
	p := c.nodes[i]
	if p.cmd == nil {
		return nil
	}
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	if s == syscall.SIGKILL || s == syscall.SIGTERM {
		select {
		case <-p.done:
		case <-time.After(30 * time.Second):
			return fmt.Errorf("node %d did not end after %v: %s", i, s, c.LogTail(i))
		}
		p.cmd = nil
	}
	return nil
}

// Running tells whether node i has a process that lives.
func (c *Cluster) Running(i int) bool {
	p := c.nodes[i]
	if p.cmd == nil {
		return false
	}
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Close stops the clients, so that none of them meets another test's cluster on these
// ports, and kills every process.
func (c *Cluster) Close() {
	for _, l := range c.loads {
		l.Stop()
	}
	for i := range c.nodes {
		_ = c.Signal(i, syscall.SIGKILL)
	}
	c.ports.release()
}

// LogTail is the end of node i's log.
func (c *Cluster) LogTail(i int) string {
	b, err := os.ReadFile(c.Log(i))
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-logTailBytes):])
}

// Dial connects as clients do.
func Dial(ctx context.Context, addr string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "tcp", addr)
}

// Call runs one command on node i.
func (c *Cluster) Call(i int, words ...string) client.Reply {
	conn, err := client.Open(context.Background(), Dial, c.Addr(i), 15*time.Second)
	if err != nil {
		return client.Reply{Outcome: client.Failed, Err: err}
	}
	defer conn.Close()
	return conn.Do(words...)
}

// Info reads one field of a reply of "name:value" lines.
func (c *Cluster) Info(i int, field string, words ...string) string {
	for line := range strings.SplitSeq(c.Call(i, words...).Value.String(), "\r\n") {
		if v, ok := strings.CutPrefix(line, field+":"); ok {
			return v
		}
	}
	return ""
}

// CLI runs redis-cli and returns what it printed.
func (c *Cluster) CLI(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "redis-cli", args...).CombinedOutput()
	return string(bytes.TrimSpace(out)), err
}

// Until polls until cond holds; false after limit.
func Until(limit time.Duration, cond func() bool) bool {
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(pollInterval) {
		if cond() {
			return true
		}
	}
	return cond()
}

// Form starts all nodes and has redis-cli make a cluster of them.
func (c *Cluster) Form(replicas int) error {
	for i := range c.nodes {
		if err := c.Start(i); err != nil {
			return err
		}
	}
	args := append([]string{"--cluster", "create"}, c.Addrs()...)
	out, err := c.CLI(append(args, "--cluster-replicas", strconv.Itoa(replicas), "--cluster-yes")...)
	if err != nil {
		return fmt.Errorf("redis-cli --cluster create: %w\n%s", err, out)
	}
	return c.Settle(time.Minute)
}

// Settle waits until every running node sees the cluster ok and every group complete.
func (c *Cluster) Settle(limit time.Duration) error {
	var why string
	if Until(limit, func() bool { why = c.unsettled(); return why == "" }) {
		return nil
	}
	return fmt.Errorf("not settled after %v: %s", limit, why)
}

func (c *Cluster) unsettled() string { return c.unsettledAmong(len(c.nodes)) }

// unsettledAmong says what the first n nodes are still waiting for.
func (c *Cluster) unsettledAmong(n int) string {
	for i := range c.nodes[:n] {
		if !c.Running(i) {
			continue
		}
		if s := c.Info(i, "cluster_state", "CLUSTER", "INFO"); s != "ok" {
			return fmt.Sprintf("node %d sees state %q", i, s)
		}
		role := c.Call(i, "INFO", "replication").Value.String()
		if strings.Contains(role, "role:slave") && !strings.Contains(role, "master_link_status:up") {
			return fmt.Sprintf("node %d has no link to its master", i)
		}
		if pending := c.Info(i, "raft_pending", "INFO", "raft"); pending != "" {
			return fmt.Sprintf("the group of node %d: %s", i, pending)
		}
	}
	return ""
}
