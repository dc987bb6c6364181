package proc

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const (
	strangers      = 1000
	crowdFiles     = 512 + 128 + 100 // what the bus keeps of strangers, and some
	crowdMegabytes = 100             // what they may cost
	quietBus       = 1500 * time.Millisecond
)

// crowdOnTheBus lets a thousand strangers hold connections to every node's bus port, say all sorts
// of things and come back as soon as they are thrown out. Writes go on, a member that was killed
// finds back into its group, and the strangers cost neither descriptors nor memory beyond bounds.
func crowdOnTheBus(t *testing.T, server string) {
	for name, args := range map[string][]string{"with a secret": {"--masterauth", "secret"}, "without": nil} {
		if args == nil && !long() {
			continue // TestStrangersOnEveryBus of jepsen/sim and TestStrangersMakeRoom of the bus have none either
		}
		t.Run(name, func(t *testing.T) {
			c := oneGroup(t, server, 3, args...)
			l := StartLoad(c, 2, clientTimeout)
			await(t, l, 100)
			memory := c.megabytes(t, 0)
			crowd := startThrong(c)
			t.Cleanup(crowd.end)
			eventually(t, "there is a crowd", func() bool { return crowd.made.Load() > 3*strangers })
			await(t, l, 200)
			if err := c.Signal(1, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			await(t, l, 50)
			if err := c.Start(1); err != nil {
				t.Fatal(err)
			}
			settle(t, c)
			await(t, l, 200)
			if n := c.files(t, 0); n > crowdFiles {
				t.Errorf("%d descriptors are open", n)
			}
			if grown := c.megabytes(t, 0) - memory; grown > crowdMegabytes {
				t.Errorf("it has grown by %d MB", grown)
			}
			crowd.end()
			eventually(t, "the crowd is gone", func() bool { return c.files(t, 0) < 100 })
			for i := range c.Len() {
				if n := logLines(t, c, i, "connection refused"); n > 1000 {
					t.Errorf("node %d has written %d lines about %d strangers", i, n, crowd.made.Load())
				}
			}
			audit(t, l)
		})
	}
}

// throng is strangers.
type throng struct {
	stop chan struct{}
	once sync.Once
	wg   sync.WaitGroup
	made atomic.Int64 // connections
}

func startThrong(c *Cluster) *throng {
	w := &throng{stop: make(chan struct{})}
	for i := range c.Len() {
		addr := local(c.Port(i) + busPortOffset)
		for n := range strangers {
			w.wg.Go(func() { w.annoy(addr, n) })
		}
	}
	return w
}

func (w *throng) end() {
	w.once.Do(func() { close(w.stop) })
	w.wg.Wait()
}

// annoy connects, says something, holds the connection for as long as it is let, and does so again.
func (w *throng) annoy(addr string, n int) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w.wg.Go(func() { <-w.stop; cancel() })
	rnd := rand.New(rand.NewPCG(uint64(n), 7))
	for ctx.Err() == nil {
		if conn, err := Dial(ctx, addr); err == nil {
			w.made.Add(1)
			release := context.AfterFunc(ctx, func() { _ = conn.Close() })
			_, _ = conn.Write(speech(rnd))
			_, _ = io.Copy(io.Discard, conn)
			release()
			_ = conn.Close()
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(rnd.Int64N(int64(quietBus)))):
		}
	}
}

// speech is something to say on a bus: nothing, noise, another protocol, half a preamble, the
// preamble of a member of another cluster or of a stranger, with a frame that promises gigabytes.
func speech(rnd *rand.Rand) []byte {
	switch rnd.IntN(6) {
	case 0:
		return nil
	case 1:
		noise := make([]byte, rnd.IntN(5000))
		for i := range noise {
			noise[i] = byte(rnd.Uint32())
		}
		return noise
	case 2:
		return []byte("*1\r\n$4\r\nPING\r\n")
	case 3:
		return preamble(0, "m", strings.Repeat("a", 40))[:60]
	case 4:
		return preamble(0, "m", strings.Repeat("a", 40))
	}
	return append(preamble(1, "r", "anywhere"), 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0, 0, 1)
}

// preamble is that of version 1.
func preamble(flags byte, channel, cluster string) []byte {
	body := append([]byte{1, flags}, make([]byte, 32)...)
	for _, s := range []string{cluster, strings.Repeat("b", 40), "1", "", ""} {
		body = append(binary.BigEndian.AppendUint16(body, uint16(len(s))), s...)
	}
	body = append(append(body, channel...), 0, 0)
	return append(binary.BigEndian.AppendUint16([]byte("RDBT\x01"), uint16(len(body))), body...)
}

// files counts the open descriptors of node i.
func (c *Cluster) files(t *testing.T, i int) int {
	t.Helper()
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", c.nodes[i].cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// megabytes is the resident memory of node i.
func (c *Cluster) megabytes(t *testing.T, i int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", c.nodes[i].cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize() >> 20
}

// logLines counts the lines of node i's log that contain a text.
func logLines(t *testing.T, c *Cluster, i int, text string) int {
	t.Helper()
	b, err := os.ReadFile(c.Log(i))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(b), text)
}
