package server

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// These tests are about clients that mean harm, or behave as if they did. What compares with a real redis-server is
// in malformed_test.go, what needs a real process in jepsen/proc.

// stalled connects a client that does not read until it is told to.
func (f *fixture) stalled() net.Conn {
	near, far := net.Pipe()
	f.listener.conns <- far
	return near
}

// A client that stays above the soft limit is dropped when its time is over, although nothing more happens on its
// connection; one that reads in time is not.
func TestSoftLimitOfSilentClient(t *testing.T) {
	for _, reads := range []bool{false, true} {
		bubble(t, func(t *testing.T, f *fixture) {
			f.set("client-output-buffer-limit", "normal 0 1000 5")
			nc := f.stalled()
			for range 2 { // the first goes into the stalled write, the second waits behind it
				fmt.Fprintf(nc, "ECHO %s\r\n", strings.Repeat("x", 2000))
				time.Sleep(maxStallMilli * 2 * time.Millisecond)
			}
			time.Sleep(4 * time.Second)
			if n := f.server.clientCount(); n != 1 {
				t.Fatalf("%d clients before the time is over", n)
			}
			if reads {
				c := &client{t: t, nc: nc}
				go c.collect()
				if got := c.take(); strings.Count(got, "x") != 4000 {
					t.Errorf("%d bytes", len(got))
				}
			}
			time.Sleep(time.Hour)
			synctest.Wait()
			want := int64(1)
			if reads {
				want = 0
			}
			if n := f.server.stats.OutputClosed.Load(); n != want || f.server.clientCount() != int(1-want) {
				t.Errorf("reads %t: %d clients dropped, %d left", reads, n, f.server.clientCount())
			}
		})
	}
}

// A client that is above the soft limit again and again, but never for long, stays.
func TestSoftLimitBeginsAnew(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.set("client-output-buffer-limit", "normal 0 1000 5")
		nc := f.stalled()
		reply := strings.Repeat("x", 2000)
		for range 10 {
			fmt.Fprintf(nc, "ECHO %s\r\n", reply)
			time.Sleep(4 * time.Second)
			if _, err := io.ReadFull(nc, make([]byte, len(reply)+len("$2000\r\n\r\n"))); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
	})
}

// What a client that is dropped had not read is given up at once, it gets no time to read it.
func TestDroppedClientLosesItsReplies(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.set("client-output-buffer-limit", "normal 100000 0 0")
		nc := f.stalled()
		begin := time.Now()
		for {
			if _, err := fmt.Fprintf(nc, "ECHO %s\r\n", strings.Repeat("x", 10_000)); err != nil {
				break
			}
		}
		synctest.Wait()
		if f.server.clientCount() != 0 || time.Since(begin) > maxStallMilli*time.Millisecond {
			t.Errorf("%d clients left after %v", f.server.clientCount(), time.Since(begin))
		}
	})
}

// A hard limit holds for a single reply too, and for all of a pipeline that becomes one request: memory does not
// follow what the client asks for.
func TestHardLimitInsideARequest(t *testing.T) {
	const asked = 500
	value := strings.Repeat("v", 60_000)
	for name, talk := range map[string]string{
		"one reply":           "LRANGE l 0 -1\r\n",
		"reads behind writes": "SET other 1\r\n" + strings.Repeat("GET k\r\n", asked),
		"a transaction":       "MULTI\r\nSET {k}other 1\r\n" + strings.Repeat("GET k\r\n", asked) + "EXEC\r\n",
		"a reading one":       "MULTI\r\n" + strings.Repeat("GET k\r\n", asked) + "EXEC\r\n",
	} {
		bubble(t, func(t *testing.T, f *fixture) {
			c := f.dial()
			c.send("SET k " + value + "\r\nRPUSH l " + value + "\r\n")
			for range 30 {
				c.send("RPUSH l " + value + "\r\n")
			}
			c.take()
			f.set("client-output-buffer-limit", "normal 1mb 0 0")
			before := allocated()
			greedy := f.dial()
			greedy.send(talk)
			if got := greedy.take(); !strings.HasSuffix(got, "<closed>") || len(got) > 2<<20 {
				t.Errorf("%s: the client got %d bytes, the end is %q", name, len(got), got[max(0, len(got)-20):])
			}
			if grown := allocated() - before; grown > 10<<20 {
				t.Errorf("%s: %d MB were allocated", name, grown>>20)
			}
			c.want("+PONG|", "PING")
			if n := f.server.stats.OutputClosed.Load(); n != 1 {
				t.Errorf("%s: %d clients dropped", name, n)
			}
		})
	}
}

// allocated is all memory allocated so far, freed or not.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// Headers that announce much allocate nothing: memory follows what was really sent.
func TestPromisesOfGigabytes(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		const clients, kept = 200, 64 << 10
		var all []*client
		before := allocated()
		for i := range clients {
			c := f.dial()
			all = append(all, c)
			switch i % 4 {
			case 0:
				c.send("*2147483647\r\n$536870912\r\nabc")
			case 1:
				c.send("*2\r\n$4\r\nECHO\r\n$536870912\r\nabc")
			case 2:
				c.send("*2147483647\r\n$1\r\na\r\n$536870912\r\n")
			default:
				c.send("*2147483647\r\n")
			}
		}
		synctest.Wait()
		if grown := allocated() - before; grown > clients*kept {
			t.Errorf("%d clients that promised gigabytes made the server allocate %d bytes", clients, grown)
		}
		for _, c := range all {
			_ = c.nc.Close()
		}
		f.dial().want("+PONG|", "PING")
	})
}

// A request that arrives in small pieces costs no more than a few times its bytes: the buffer doubles.
func TestLargeRequestInSmallPieces(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		const size = 2 << 20
		before := allocated()
		c := f.dial()
		c.send(fmt.Sprintf("*2\r\n$6\r\nSTRLEN\r\n$%d\r\n", size))
		piece := strings.Repeat("x", 4<<10)
		for range size / len(piece) {
			c.send(piece)
		}
		c.send("\r\n")
		if got := c.take(); got != ":0|" {
			t.Errorf("got %q", got)
		}
		if grown := allocated() - before; grown > 6*size {
			t.Errorf("%d bytes allocated for a request of %d", grown, size)
		}
	})
}

// A new timeout counts for clients that are idle already, from when they became idle; taking it away does too.
func TestTimeoutOfIdleClientsChanges(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		idle, busy := f.dial(), f.dial()
		idle.want("+PONG|", "PING")
		time.Sleep(time.Minute)
		busy.want("+PONG|", "PING")
		f.set("timeout", "10")
		if got := idle.take(); got != "<closed>" {
			t.Errorf("idle for a minute: %q", got)
		}
		time.Sleep(9 * time.Second)
		f.set("timeout", "3600")
		time.Sleep(59 * time.Minute)
		busy.want("+PONG|", "PING")
		f.set("timeout", "0")
		time.Sleep(100 * time.Hour)
		busy.want("+PONG|", "PING")
		f.set("timeout", "10")
		time.Sleep(9 * time.Second)
		if got := busy.take(); got != "" {
			t.Errorf("idle for nine seconds: %q", got)
		}
		time.Sleep(2 * time.Second)
		if got := busy.take(); got != "<closed>" {
			t.Errorf("idle for eleven seconds: %q", got)
		}
	})
}

// Neither waiting for the server nor taking replies slowly is idleness.
func TestTimeoutSparesTheBusy(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.set("timeout", "10")
		waiting, slow := f.dial(), f.stalled()
		f.dial().want("+OK|", "CLIENT PAUSE 60000 WRITE")
		waiting.send("SET k v\r\n")
		fmt.Fprintf(slow, "*2\r\n$4\r\nECHO\r\n$%d\r\n%s\r\n", 20*maxPieceBytes, strings.Repeat("x", 20*maxPieceBytes))
		for range 19 {
			time.Sleep(9 * time.Second)
			if _, err := io.ReadFull(slow, make([]byte, maxPieceBytes)); err != nil {
				t.Fatal(err)
			}
		}
		if got := waiting.take(); got != "+OK|<closed>" { // answered after a minute, idle from then on
			t.Errorf("the waiting one: %q", got)
		}
		time.Sleep(11 * time.Second)
		synctest.Wait()
		if n := f.server.clientCount(); n != 0 {
			t.Errorf("%d clients left", n)
		}
	})
}

// Who has just been answered is not idle, however long the answer took, when a new timeout makes all look at the clock.
func TestTimeoutChangesAfterALongWait(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		c := f.dial()
		f.dial().want("+OK|", "CLIENT PAUSE 60000 WRITE")
		c.send("SET k v\r\n")
		time.Sleep(61 * time.Second)
		f.set("timeout", "10")
		if got := c.take(); got != "+OK|" {
			t.Errorf("got %q", got)
		}
		time.Sleep(10 * time.Second)
		if got := c.take(); got != "<closed>" {
			t.Errorf("ten seconds later: %q", got)
		}
	})
}

// A client that sends one byte a second is served, and holds up nobody; with a timeout it is not idle.
func TestOneByteASecond(t *testing.T) {
	for _, timeout := range []string{"0", "2"} {
		bubble(t, func(t *testing.T, f *fixture) {
			slow := f.dial()
			for _, b := range []byte("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nhello\r\nGET k\r\n") {
				slow.send(string(b))
				time.Sleep(time.Second)
				f.dial().want("+PONG|+OK|<closed>", "PING", "QUIT")
			}
			if got := slow.take(); got != "+OK|$5|hello|" {
				t.Errorf("got %q", got)
			}
			if n := len(f.server.allClients()[0].in.buf); n > minReadBufferBytes {
				t.Errorf("its buffer has %d bytes", n)
			}
		}, "--timeout", timeout)
	}
}

// All clients together hold no more than maxmemory-clients: the one that holds most is closed, whether by replies it does
// not read, by a request without an end, or by a queue; who asked for CLIENT NO-EVICT is spared.
func TestMemoryOfAllClients(t *testing.T) {
	const limit, kept = 4 << 20, 50
	piece := strings.Repeat("x", 50_000)
	grow := map[string]struct{ begin, more string }{
		"replies": {"", "ECHO " + piece + "\r\n"},
		"request": {"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$50000000\r\n", piece},
		"queue":   {"MULTI\r\n", "SET k " + piece + "\r\n"},
	}
	for name, g := range grow {
		bubble(t, func(t *testing.T, f *fixture) {
			f.set("maxmemory-clients", fmt.Sprint(limit))
			modest, spared, greedy := f.dial(), f.stalled(), f.stalled()
			_, _ = io.WriteString(spared, "CLIENT NO-EVICT ON\r\n")
			for range kept { // it holds most
				_, _ = io.WriteString(spared, "ECHO "+piece+"\r\n")
			}
			_, _ = io.WriteString(greedy, g.begin)
			if name == "queue" {
				c := &client{t: t, nc: greedy}
				go c.collect()
			}
			sent := 0
			for ; sent < 2*limit; sent += len(piece) {
				if _, err := io.WriteString(greedy, g.more); err != nil {
					break
				}
			}
			if sent > limit || f.server.stats.Evicted.Load() != 1 {
				t.Errorf("%s: %d bytes were taken, %d clients closed", name, sent, f.server.stats.Evicted.Load())
			}
			modest.want("+PONG|", "PING")
			reader := &client{t: t, nc: spared}
			go reader.collect()
			if got := reader.take(); strings.Count(got, "x") != kept*len(piece) {
				t.Errorf("%s: the spared one got %d bytes", name, len(got))
			}
			_, _ = modest.do("QUIT"), reader.do("QUIT")
			synctest.Wait()
			if held := f.server.held.Load(); held != 0 {
				t.Errorf("%s: without a client %d bytes are held", name, held)
			}
		})
	}
}
