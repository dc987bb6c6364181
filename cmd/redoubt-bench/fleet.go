package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	startTimeout = time.Minute
	pollInterval = 20 * time.Millisecond
	logTailBytes = 2000
)

// fleet is every process this program starts, so that none outlives it.
type fleet struct {
	dir string

	mu        sync.Mutex // guards processes
	processes []*process
}

// process is one server; it can be started again with the same arguments.
type process struct {
	name string
	path string
	args []string
	dir  string
	cmd  *exec.Cmd     // the leader of a process group of its own
	done chan struct{} // closed when it is gone
}

// add starts a server in a directory of its own.
func (f *fleet) add(name, path string, args ...string) (*process, error) {
	p := &process{name: name, path: path, args: args}
	f.mu.Lock()
	f.processes = append(f.processes, p)
	p.dir = filepath.Join(f.dir, fmt.Sprintf("%d-%s", len(f.processes), name))
	f.mu.Unlock()
	if err := os.Mkdir(p.dir, 0o755); err != nil {
		return nil, err
	}
	return p, p.start()
}

// killAll ends all processes and waits for that.
func (f *fleet) killAll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.processes {
		p.kill()
	}
}

func (p *process) start() error {
	log, err := os.OpenFile(p.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(p.path, p.args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, log, log
	cmd.SysProcAttr = serverAttributes()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", p.name, err)
	}
	done := make(chan struct{})
	p.cmd, p.done = cmd, done
	go func() {
		_ = cmd.Wait()
		close(done)
	}()
	return nil
}

func (p *process) logFile() string { return filepath.Join(p.dir, "log") }

// kill ends the process at once and waits until it is gone.
func (p *process) kill() {
	if p.cmd == nil {
		return
	}
	p.strike()
	<-p.done
}

// strike kills the process and what it has forked: redis-server writes its snapshots in a child, which would
// go on alone.
func (p *process) strike() {
	if p.running() == nil {
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	}
}

// terminate asks the process to end.
func (p *process) terminate() error { return p.cmd.Process.Signal(syscall.SIGTERM) }

// gone waits until the process has ended.
func (p *process) gone(ctx context.Context) error {
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s does not end", p.name)
	}
}

// running tells whether the process has not ended by itself.
func (p *process) running() error {
	select {
	case <-p.done:
		return errEnded
	default:
		return nil
	}
}

// explain adds the end of the log to an error.
func (p *process) explain(err error) error {
	b, readErr := os.ReadFile(p.logFile())
	if err == nil || readErr != nil {
		return err
	}
	tail := strings.TrimSpace(string(b[max(0, len(b)-logTailBytes):]))
	return fmt.Errorf("%s: %w; its log ends with:\n%s", p.name, err, tail)
}

// errEnded is returned when a server has ended although nobody told it to.
var errEnded = errors.New("the process has ended")

// await repeats f until it succeeds; it gives up when ctx ends, after startTimeout, or when p has ended.
func (p *process) await(ctx context.Context, f func() error) error {
	return p.awaitWithin(ctx, startTimeout, pollInterval, f)
}

func (p *process) awaitWithin(ctx context.Context, limit, interval time.Duration, f func() error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		err := f()
		if err == nil {
			return nil
		}
		if ended := p.running(); ended != nil {
			return p.explain(ended)
		}
		select {
		case <-ctx.Done():
			return p.explain(fmt.Errorf("gave up waiting: %w", err))
		case <-time.After(interval):
		}
	}
}
