package proc

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/redoubtdb/redoubt/jepsen/client"
)

// noDescriptors fills the descriptor table of the leader, then of a follower, under writes: what
// has a connection goes on, what needs a new descriptor waits or is refused, and it is over when
// descriptors are free again. A member that cannot open a file of its storage may end itself with
// a clear message (docs/adr/0015-faults-end-the-process.md); it comes back whole.
func noDescriptors(t *testing.T, server string) {
	c := oneGroup(t, server, 3, "--raft-snapshot-entries", "500", "--raft-trailing-entries", "100")
	l := StartLoad(c, 2, clientTimeout)
	await(t, l, 100)
	for _, leads := range []bool{true, false} {
		i := -1
		eventually(t, "somebody leads", func() bool { i = c.master(-1); return i >= 0 })
		if !leads {
			i = (i + 1) % c.Len()
		}
		starve(t, c, l, i)
	}
	settle(t, c)
	audit(t, l)
	if v := verdicts(c); v != "" {
		t.Error(v)
	}
	tooFewFromTheStart(t, server)
}

// starve lets node i have no more descriptors than it has, for a while.
func starve(t *testing.T, c *Cluster, l *Load, i int) {
	t.Helper()
	held, err := client.Open(context.Background(), Dial, c.Addr(i), clientTimeout)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if r := held.Do("PING"); r.Outcome != client.Done {
		t.Fatal(r.Err)
	}
	big := client.NewCluster(Dial, c.Addrs(), clientTimeout)
	defer big.Close()
	if r := big.Do(context.Background(), "SET", "big", "1"); r.Outcome != client.Done { // it is connected now
		t.Fatal(r.Err)
	}
	before := takeFiles(t, c, i)
	await(t, l, 100)
	if r := held.Do("SAVE"); c.Running(i) && r.Outcome == client.Done {
		t.Error("a snapshot was written without a descriptor to write it to")
	}
	if long() {
		fillSegments(big)
	}
	newcomer := make(chan client.Reply, 1)
	go func() { newcomer <- c.Call(i, "PING") }()
	other := (i + 1) % c.Len()
	if err := c.Signal(other, syscall.SIGKILL); err != nil { // its links break, new ones are needed
		t.Fatal(err)
	}
	if err := c.Start(other); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second) // a while of want
	ended := !c.Running(i)
	t.Logf("node %d, ended %v, %d failed accepts in its log", i, ended, logLines(t, c, i, "accept"))
	if !ended {
		limitTo(t, c, i, before)
		if r := <-newcomer; r.Outcome != client.Done && c.Running(i) {
			t.Errorf("a client that came meanwhile: %v", r.Err)
		}
	}
	// What it met in the time of want may end it now: it ends in its own time. A snapshot shows that it has not.
	eventually(t, "it is whole", func() bool {
		if !c.Running(i) {
			if !strings.Contains(c.LogTail(i), "too many open files") {
				t.Errorf("it ended and did not say why: %s", c.LogTail(i))
			}
			if err := c.Start(i); err != nil {
				t.Fatal(err)
			}
		}
		return c.Call(i, "SAVE").Outcome == client.Done
	})
	settle(t, c)
	await(t, l, 100)
	if r := c.Call(i, "SAVE"); r.Outcome != client.Done {
		t.Errorf("SAVE afterwards: %v", r.Err)
	}
	if n := logLines(t, c, i, "too many open files"); n > 2000 {
		t.Errorf("%d lines in the log", n)
	}
}

// fillSegments writes more than a segment of the log holds, so that every member needs a new file.
func fillSegments(cl *client.Cluster) {
	big := strings.Repeat("x", 1<<20)
	for written := 0; written < 150; {
		if r := cl.Do(context.Background(), "SET", "big", big); r.Outcome == client.Done {
			written++
		}
	}
}

// takeFiles sets the limit on node i's descriptors to the lowest one that is free, so that it gets
// no new one, and returns the limit before.
func takeFiles(t *testing.T, c *Cluster, i int) syscall.Rlimit {
	t.Helper()
	var before syscall.Rlimit
	prlimit(t, c, i, nil, &before)
	free := uint64(0)
	for fd := fmt.Sprintf("/proc/%d/fd/", c.nodes[i].cmd.Process.Pid); ; free++ {
		if _, err := os.Lstat(fd + strconv.FormatUint(free, 10)); err != nil {
			break
		}
	}
	limitTo(t, c, i, syscall.Rlimit{Cur: free, Max: before.Max})
	return before
}

func limitTo(t *testing.T, c *Cluster, i int, limit syscall.Rlimit) {
	t.Helper()
	prlimit(t, c, i, &limit, nil)
}

func prlimit(t *testing.T, c *Cluster, i int, set, get *syscall.Rlimit) {
	t.Helper()
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(c.nodes[i].cmd.Process.Pid), syscall.RLIMIT_NOFILE,
		uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(get)), 0, 0)
	if errno != 0 {
		t.Fatalf("prlimit: %v", errno)
	}
}

// tooFewFromTheStart starts a node under a low limit: clients get what is left, and with too few
// it does not start.
func tooFewFromTheStart(t *testing.T, server string) {
	t.Helper()
	c := nodes(t, server, 1)
	run := func(limit int) (args []string) {
		return []string{"-c", fmt.Sprintf("ulimit -n %d; exec \"$0\" \"$@\"", limit), server, "--port", strconv.Itoa(c.Port(0)), "--bind", "127.0.0.1"}
	}
	ends(t, "64 descriptors", "/bin/sh", t.TempDir(), run(64), "64 open files (ulimit -n) is too low")
	cmd := exec.Command("/bin/sh", run(400)...)
	cmd.Dir = t.TempDir()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	eventually(t, "it serves", func() bool { return Serve(c.Addr(0)) })
	contains(t, "CONFIG GET", cli(t, c, at(c, 0, "CONFIG", "GET", "maxclients")), "200")
}
