package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestFleetKillsEverything(t *testing.T) {
	f := &fleet{dir: t.TempDir()}
	var pids []int
	for _, name := range []string{"a", "b"} {
		p, err := f.add(name, "/bin/sleep", "600")
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, p.cmd.Process.Pid)
	}
	if _, err := f.add("c", "/nonexistent/program"); err == nil {
		t.Error("a program that does not exist was started")
	}
	f.killAll()
	f.killAll() // does no harm
	for _, pid := range pids {
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("process %d: %v", pid, err)
		}
	}
}

func TestAwaitTellsWhyAServerEnded(t *testing.T) {
	f := &fleet{dir: t.TempDir()}
	defer f.killAll()
	p, err := f.add("a", "/bin/sh", "-c", "echo out of paper; exit 1")
	if err != nil {
		t.Fatal(err)
	}
	err = p.await(t.Context(), func() error { return errors.New("not yet") })
	if !errors.Is(err, errEnded) || !strings.Contains(err.Error(), "out of paper") {
		t.Errorf("error %v", err)
	}
}

func TestAwaitEndsWithItsContext(t *testing.T) {
	f := &fleet{dir: t.TempDir()}
	defer f.killAll()
	p, err := f.add("a", "/bin/sleep", "600")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.await(ctx, func() error { return errors.New("not yet") }); err == nil || !strings.Contains(err.Error(), "not yet") {
		t.Errorf("error %v", err)
	}
}

func TestFreePortsDiffer(t *testing.T) {
	ports, err := freePorts(20)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for _, p := range ports {
		if p == 0 || seen[p] {
			t.Errorf("port %d of %v", p, ports)
		}
		seen[p] = true
	}
}

// TestInterruptLeavesNothing runs the program with servers that never answer, as far as it can tell, and
// interrupts it.
func TestInterruptLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	pidFile := filepath.Join(dir, "pid")
	server := filepath.Join(dir, "server")
	script := "#!/bin/sh\necho $$ >" + pidFile + ".new && mv " + pidFile + ".new " + pidFile + " && exec sleep 600\n"
	if err := os.WriteFile(server, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	var out bytes.Buffer
	go func() {
		done <- run(ctx, []string{"-failover", "1", "-dir", dir, "-redoubt", server}, &out, io.Discard)
	}()
	pid := awaitPid(t, pidFile)
	cancel()
	if err := <-done; err == nil || err.Error() != "interrupted" {
		t.Errorf("error %v", err)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the server is still there: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "redoubt-bench-*"))
	if err != nil || len(left) != 0 || out.Len() != 0 {
		t.Errorf("left behind: %v, printed: %q, %v", left, &out, err)
	}
}

func awaitPid(t *testing.T, path string) int {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		b, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
		if err != nil {
			t.Fatal(err)
		}
		return pid
	}
	t.Fatal("no server was started")
	return 0
}

// TestKillTakesChildrenAlong: redis-server writes snapshots in a child.
func TestKillTakesChildrenAlong(t *testing.T) {
	dir := t.TempDir()
	f := &fleet{dir: dir}
	defer f.killAll()
	pidFile := filepath.Join(dir, "child")
	p, err := f.add("a", "/bin/sh", "-c", "sleep 600 & echo $! >"+pidFile+".new && mv "+pidFile+".new "+pidFile+" && wait")
	if err != nil {
		t.Fatal(err)
	}
	child := awaitPid(t, pidFile)
	p.kill()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		// Who adopts it may take a moment to bury it, or never do so: it is dead as soon as it is a zombie.
		b, err := os.ReadFile("/proc/" + strconv.Itoa(child) + "/stat")
		if errors.Is(err, os.ErrNotExist) || strings.Contains(string(b), ") Z ") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the child lives: %s, %v", b, err)
		}
	}
}
