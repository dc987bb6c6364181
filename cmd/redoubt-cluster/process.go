package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

const (
	pollInterval = 50 * time.Millisecond
	logTail      = 5 // lines of a log that are shown when a node does not come up
)

// start launches node i unless it answers already. Whoever else answers on its port must not become part of the cluster.
func start(s *settings, i int) error {
	if c, err := dial(s.port(i)); err == nil {
		c.close()
		if pid, err := pidOf(s, i); err != nil || !isNode(s, pid) {
			return fmt.Errorf("port %d is in use: who answers there is not the node of %s", s.port(i), s.dir)
		}
		return nil
	}
	args := []string{
		"--port", strconv.Itoa(s.port(i)), "--bind", "127.0.0.1", "--dir", s.dir,
		"--cluster-enabled", "yes", "--cluster-config-file", fmt.Sprintf("node-%d.conf", s.port(i)),
		"--logfile", s.file(i, ".log"), "--pidfile", s.file(i, ".pid"),
	}
	cmd := exec.Command(s.server, append(args, s.extra...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // outlives this program and its terminal
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", s.server, err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	deadline := time.After(20 * time.Second)
	for {
		if c, err := dial(s.port(i)); err == nil {
			c.close()
			return nil
		}
		select {
		case err := <-exited:
			return fmt.Errorf("the node on port %d ended at once (%v): %s\n%s", s.port(i), err, bytes.TrimSpace(stderr.Bytes()), tail(s.file(i, ".log")))
		case <-deadline:
			return fmt.Errorf("the node on port %d does not answer\n%s", s.port(i), tail(s.file(i, ".log")))
		case <-time.After(pollInterval):
		}
	}
}

// stop ends node i and waits until it is gone; what does not end is killed.
func stop(ctx context.Context, s *settings, i int) error {
	pid, err := pidOf(s, i)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !isNode(s, pid) {
		return os.Remove(s.file(i, ".pid"))
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return fmt.Errorf("stopping process %d: %w", pid, err)
	}
	for isNode(s, pid) {
		select {
		case <-ctx.Done():
			_ = syscall.Kill(pid, syscall.SIGKILL)
			return fmt.Errorf("process %d did not end in time and was killed", pid)
		case <-time.After(pollInterval):
		}
	}
	return nil
}

// pidOf reads node i's pid file.
func pidOf(s *settings, i int) (int, error) {
	b, err := os.ReadFile(s.file(i, ".pid"))
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(string(bytes.TrimSpace(b)))
	if err != nil {
		return 0, fmt.Errorf("%s holds no process id", s.file(i, ".pid"))
	}
	return pid, nil
}

// isNode tells whether pid is alive and runs our server: process ids are used again.
func isNode(s *settings, pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if errors.Is(err, os.ErrNotExist) && syscall.Kill(pid, 0) == nil {
		return true // no /proc on this system
	}
	return err == nil && bytes.Contains(b, []byte("redoubt-server")) && bytes.Contains(b, []byte(s.dir))
}

// tail is the end of a log file.
func tail(path string) []byte {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-logTail):], []byte("\n"))
}
