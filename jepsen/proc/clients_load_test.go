package proc

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// crowd is how many connections TestManyConnections opens. REDOUBT_CLIENTS=full asks for what is promised; it needs
// some 25,000 file descriptors in all, and a minute.
type crowd struct{ idle, busy, rounds int }

func crowdSize() crowd {
	if os.Getenv("REDOUBT_CLIENTS") == "full" {
		return crowd{idle: 10_000, busy: 2_000, rounds: 50}
	}
	return crowd{idle: 1_000, busy: 200, rounds: 10}
}

// maxIdleConnectionBytes is what a connection that does nothing may cost the process, its part in the kernel not counted.
const maxIdleConnectionBytes = 32 << 10

// Thousands of connections get right answers, each on its own keys; those that idle cost little and are still there
// afterwards.
func TestManyConnections(t *testing.T) {
	size := crowdSize()
	c := lone(t, "", "--maxclients", strconv.Itoa(size.idle+size.busy+100))
	before := resident(t, c)
	idle := dialMany(t, c.Addr(0), size.idle)
	each(t, idle, func(_ int, nc *rawClient) error { return nc.expect("+PONG", "PING") })
	each1 := (resident(t, c) - before) / size.idle
	t.Logf("%d idle connections, %d bytes of resident memory each", size.idle, each1)
	if each1 > maxIdleConnectionBytes {
		t.Errorf("%d bytes for an idle connection", each1)
	}
	busy := dialMany(t, c.Addr(0), size.busy)
	began := time.Now()
	each(t, busy, func(i int, nc *rawClient) error { return nc.work(i, size.rounds) })
	t.Logf("%d busy connections, %d commands each, %v", size.busy, size.rounds*4, time.Since(began))
	each(t, idle, func(i int, nc *rawClient) error {
		return nc.expect(fmt.Sprintf("$%d", size.rounds), "GET", fmt.Sprintf("busy:%d", i%size.busy))
	})
	if n := info(t, c, "connected_clients"); n != size.idle+size.busy+1 {
		t.Errorf("%d clients are connected", n)
	}
}

// resident is the memory of node 0's process, in bytes.
func resident(t *testing.T, c *Cluster) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.nodes[0].cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "VmRSS:")
	kb, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kb << 10
}

func dialMany(t *testing.T, addr string, n int) []*rawClient {
	t.Helper()
	all := make([]*rawClient, n)
	for i := range all {
		nc, err := net.DialTimeout("tcp", addr, rawPatience)
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		all[i] = &rawClient{t: t, nc: nc.(*net.TCPConn), r: bufio.NewReaderSize(nc, 64)}
	}
	t.Cleanup(func() {
		for _, c := range all {
			_ = c.nc.Close()
		}
	})
	return all
}

// each runs f for all clients at once.
func each(t *testing.T, clients []*rawClient, f func(i int, c *rawClient) error) {
	t.Helper()
	var wg sync.WaitGroup
	for i, c := range clients {
		wg.Go(func() {
			if err := f(i, c); err != nil {
				t.Errorf("connection %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// expect is want for goroutines.
func (c *rawClient) expect(reply string, words ...string) error {
	_ = c.nc.SetDeadline(time.Now().Add(rawPatience))
	if _, err := io.WriteString(c.nc, request(words...)); err != nil {
		return err
	}
	if got, err := c.reply(); err != nil || got != reply {
		return fmt.Errorf("%q: got %q (%v), want %q", words, got, err, reply)
	}
	return nil
}

// work writes and reads keys of one client's own: every reply is known in advance.
func (c *rawClient) work(i, rounds int) error {
	key, other := fmt.Sprintf("busy:%d", i), fmt.Sprintf("other:%d", i)
	for n := 1; n <= rounds; n++ {
		value := fmt.Sprintf("%d of %d", n, i)
		for _, step := range [][]string{
			{fmt.Sprintf(":%d", n), "INCR", key}, {fmt.Sprintf("$%d", n), "GET", key}, {"+OK", "SET", other, value}, {"$" + value, "GET", other},
		} {
			if err := c.expect(step[0], step[1:]...); err != nil {
				return err
			}
		}
	}
	return nil
}

// A client that never reads is dropped at its limit, hard or soft; what waits for it is all it costs, and others are
// served meanwhile.
func TestClientThatNeverReads(t *testing.T) {
	server := builtServer(t)
	const pieceMB = 10
	for limit, pieces := range map[string]int{"normal 64mb 0 0": 100, "normal 0 16mb 1": 4} { // the second falls silent after 40 MB
		t.Run(limit, func(t *testing.T) {
			c := lone(t, server, "--client-output-buffer-limit", limit)
			c.Call(0, "SET", "large", strings.Repeat("x", 1<<20))
			other := dialRaw(t, c.Addr(0))
			speed := func(n int) time.Duration {
				began := time.Now()
				for i := range n {
					other.want("+OK", "SET", "small", strconv.Itoa(i))
					other.want("$"+strconv.Itoa(i), "GET", "small")
				}
				return time.Since(began)
			}
			const operations = 300
			alone, before := speed(operations), resident(t, c)
			greedy := dialRaw(t, c.Addr(0))
			done := make(chan struct{})
			go func() {
				defer close(done)
				for range pieces {
					if _, err := io.WriteString(greedy.nc, strings.Repeat(request("GET", "large"), pieceMB)); err != nil {
						return
					}
				}
			}()
			beside := speed(operations)
			if !Until(rawPatience, func() bool { return info(t, c, "connected_clients") == 2 }) { // the one that asks, and other
				t.Fatal("the client is still connected")
			}
			<-done
			grown := (resident(t, c) - before) >> 20
			t.Logf("%d operations took %v alone, %v beside it; the process grew by %d MB", operations, alone, beside, grown)
			if beside > 10*alone+5*time.Second {
				t.Errorf("others slowed down: %v instead of %v", beside, alone)
			}
			if grown > 400 {
				t.Errorf("the process grew by %d MB", grown)
			}
			if !strings.Contains(c.LogTail(0), "client-output-buffer-limit") {
				t.Error("the log does not say why")
			}
		})
	}
}
