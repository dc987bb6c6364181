package proc

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// startWithFiles is a program that runs the server with a low limit on open files.
func startWithFiles(t *testing.T, server string, files int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "server.sh")
	if err := os.WriteFile(path, fmt.Appendf(nil, "#!/bin/sh\nulimit -n %d\nexec %s \"$@\"\n", files, server), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// Where few files may be open, clients do not get all of them: those too many are told so, and a node whose log needs
// new files all the time goes on.
func TestFewFiles(t *testing.T) {
	const files, most = 256, 128
	c := lone(t, startWithFiles(t, builtServer(t), files), "--raft-snapshot-entries", "50", "--raft-trailing-entries", "10")
	if got := c.Info(0, "maxclients", "INFO", "clients"); got != strconv.Itoa(most) {
		t.Errorf("maxclients is %s", got)
	}
	if got := c.Call(0, "CONFIG", "SET", "maxclients", strconv.Itoa(most+1)); !strings.Contains(fmt.Sprint(got.Err), "try with "+strconv.Itoa(most)) {
		t.Errorf("CONFIG SET: %v", got.Err)
	}
	first := dialRaw(t, c.Addr(0))
	first.want("+PONG", "PING")
	served, refused := 1, 0
	var crowd []*rawClient
	for range 2 * files {
		cl := dialRaw(t, c.Addr(0))
		crowd = append(crowd, cl)
		_ = cl.nc.SetDeadline(time.Now().Add(rawPatience))
		_, _ = cl.nc.Write([]byte(request("PING"))) // fails where the server has closed already
		switch got, err := cl.reply(); {
		case got == "+PONG":
			served++
		case got == "-ERR max number of clients + cluster connections reached", err != nil:
			refused++ // the system may throw the error's text away, since what the client sent was not read
		default:
			t.Fatalf("got %q, %v", got, err)
		}
	}
	if served < most-1 || served > most || refused != len(crowd)+1-served {
		t.Errorf("%d clients were served, %d refused", served, refused)
	}
	for i := range 300 { // several snapshots
		first.want("+OK", "SET", fmt.Sprintf("key:%d", i%10), strconv.Itoa(i))
	}
	for _, cl := range crowd {
		_ = cl.nc.Close()
	}
	awaitService(t, c)
}

// awaitService waits until new connections are served again.
func awaitService(t *testing.T, c *Cluster) {
	t.Helper()
	if !Until(rawPatience, func() bool { return c.Call(0, "PING").Err == nil }) {
		t.Fatal("new connections are not served again")
	}
}

// A full table of file descriptors ends nothing: who is connected is served, accepting neither spins nor ends, and new
// connections work as soon as there is room.
func TestFullFileTable(t *testing.T) {
	c := lone(t, "")
	pid := c.nodes[0].cmd.Process.Pid
	connected := dialRaw(t, c.Addr(0))
	connected.want("+OK", "SET", "k", "0")
	before := limitFiles(t, pid, uint64(openFiles(t, pid))+3)
	var waiting []*rawClient
	for range 20 { // some are taken, the rest waits in the queue of the listener
		waiting = append(waiting, dialRaw(t, c.Addr(0)))
	}
	if !Until(rawPatience, func() bool { return strings.Contains(c.LogTail(0), "accept failed") }) {
		t.Fatal("accepting did not fail: this test shows nothing")
	}
	used, began := cpuTime(t, pid), time.Now()
	for i := range 100 {
		connected.want("+OK", "SET", "k", strconv.Itoa(i))
		connected.want("$"+strconv.Itoa(i), "GET", "k")
		time.Sleep(10 * time.Millisecond) // time in which a loop that spins shows
	}
	if used, took := cpuTime(t, pid)-used, time.Since(began); used > took/2 {
		t.Errorf("%v of processor time in %v", used, took)
	}
	if n := strings.Count(c.LogTail(0), "accept failed"); n > 5 {
		t.Errorf("%d lines in the log about it", n)
	}
	if !c.Running(0) {
		t.Fatal("the process has ended")
	}
	for _, cl := range waiting[:10] {
		_ = cl.nc.Close()
	}
	limitFiles(t, pid, before)
	awaitService(t, c)
	waiting[len(waiting)-1].want("$99", "GET", "k") // who waited is served
}

func openFiles(t *testing.T, pid int) int {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// limitFiles sets a process' limit on open files and returns what it was.
func limitFiles(t *testing.T, pid int, files uint64) uint64 {
	t.Helper()
	var old syscall.Rlimit
	get := func(next *syscall.Rlimit) {
		if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(pid), syscall.RLIMIT_NOFILE,
			uintptr(unsafe.Pointer(next)), uintptr(unsafe.Pointer(&old)), 0, 0); errno != 0 {
			t.Fatal(errno)
		}
	}
	get(nil)
	before := old.Cur
	get(&syscall.Rlimit{Cur: files, Max: old.Max})
	return before
}

// cpuTime is what a process has used of the processors.
func cpuTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+2:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	const ticksPerSecond = 100
	return time.Duration(user+system) * time.Second / ticksPerSecond
}
