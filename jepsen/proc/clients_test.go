package proc

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// lone starts a cluster of one real process that has all slots. server is its program, "" a newly built one.
func lone(t *testing.T, server string, args ...string) *Cluster {
	t.Helper()
	if server == "" {
		server = builtServer(t)
	}
	c, err := New(server, t.TempDir(), 1, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the end of the node's log:\n%s", c.LogTail(0))
		}
		c.Close()
	})
	if err := c.Start(0); err != nil {
		t.Fatal(err)
	}
	if !Until(30*time.Second, func() bool { return Serve(c.Addr(0)) }) {
		t.Fatal("the node does not serve")
	}
	return c
}

func builtServer(t *testing.T) string {
	t.Helper()
	if server := os.Getenv("REDOUBT_SERVER"); server != "" {
		return server
	}
	server, err := Build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// rawClient speaks bytes.
type rawClient struct {
	t  *testing.T
	nc *net.TCPConn
	r  *bufio.Reader
}

// rawPatience is how long one reply may take on a busy machine.
const rawPatience = 60 * time.Second

func dialRaw(t *testing.T, addr string) *rawClient {
	t.Helper()
	nc, err := net.DialTimeout("tcp", addr, rawPatience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	return &rawClient{t: t, nc: nc.(*net.TCPConn), r: bufio.NewReader(nc)}
}

func (c *rawClient) send(b string) {
	c.t.Helper()
	_ = c.nc.SetDeadline(time.Now().Add(rawPatience))
	if _, err := io.WriteString(c.nc, b); err != nil {
		c.t.Fatal(err)
	}
}

// reply reads one that is a line or a bulk string, and returns the content with the type before it.
func (c *rawClient) reply() (string, error) {
	line, err := c.r.ReadString('\n')
	if err != nil {
		return line, err
	}
	line = strings.TrimSuffix(line, "\r\n")
	if line[0] != '$' || line == "$-1" {
		return line, nil
	}
	n, err := strconv.Atoi(line[1:])
	if err != nil {
		return line, err
	}
	b := make([]byte, n+2)
	_, err = io.ReadFull(c.r, b)
	return "$" + string(b[:n]), err
}

// want sends one request and compares its reply.
func (c *rawClient) want(reply string, words ...string) {
	c.t.Helper()
	c.send(request(words...))
	if got, err := c.reply(); got != reply || err != nil {
		c.t.Fatalf("%.100q: got %.100q (%v), want %.100q", words, got, err, reply)
	}
}

func request(words ...string) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "*%d\r\n", len(words))
	for _, w := range words {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(w), w)
	}
	return b.String()
}

// info reads a number out of INFO.
func info(t *testing.T, c *Cluster, field string) int {
	t.Helper()
	n, err := strconv.Atoi(c.Info(0, field, "INFO", "everything"))
	if err != nil {
		t.Fatalf("INFO %s: %v", field, err)
	}
	return n
}

// TestClients shares one node among the tests that need no directive of their own.
func TestClients(t *testing.T) {
	c := lone(t, "")
	t.Run("deep pipeline", func(t *testing.T) { deepPipeline(t, c) })
	t.Run("huge reply", func(t *testing.T) { hugeReply(t, c) })
	t.Run("vanishing in a pipeline", func(t *testing.T) { vanishInPipeline(t, c) })
	t.Run("vanishing in a transaction", func(t *testing.T) { vanishInTransaction(t, c) })
}

// deepPipeline sends 100,000 commands in one write, before a reply is read, and checks each reply.
func deepPipeline(t *testing.T, c *Cluster) {
	const commands = 100_000
	var all bytes.Buffer
	want := func(i int) string {
		switch i % 5 {
		case 0:
			return fmt.Sprintf(":%d", i/5+1)
		case 1:
			return "+PONG"
		case 2:
			return "+OK"
		case 3:
			return fmt.Sprintf("$value of %d", i-1)
		}
		return "$-1"
	}
	for i := range commands {
		all.WriteString([]string{request("INCR", "deep"), "PING\r\n", request("SET", "deep:value", fmt.Sprintf("value of %d", i)),
			request("GET", "deep:value"), request("GET", "deep:nothing")}[i%5])
	}
	cl := dialRaw(t, c.Addr(0))
	cl.send(all.String())
	for i := range commands {
		if got, err := cl.reply(); got != want(i) || err != nil {
			t.Fatalf("reply %d: %q (%v), want %q", i, got, err, want(i))
		}
	}
}

// hugeReply asks for a reply of 16 MB several times over before reading any of it, and gets all of it.
func hugeReply(t *testing.T, c *Cluster) {
	const elements, times = 16, 3
	cl := dialRaw(t, c.Addr(0))
	element := func(i int) string { return strings.Repeat(string(rune('a'+i%26)), 1<<20) }
	for i := range elements {
		cl.want(fmt.Sprintf(":%d", i+1), "RPUSH", "huge", element(i))
	}
	cl.send(strings.Repeat(request("LRANGE", "huge", "0", "-1"), times) + request("DEL", "huge"))
	for range times {
		if got, err := cl.reply(); got != fmt.Sprintf("*%d", elements) || err != nil {
			t.Fatalf("got %.100q, %v", got, err)
		}
		for i := range elements {
			if got, err := cl.reply(); got != "$"+element(i) || err != nil {
				t.Fatalf("element %d: %.100q, %v", i, got, err)
			}
		}
	}
	if got, err := cl.reply(); got != ":1" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

// The ways a client goes. After a reset, and after a close that leaves replies unread, the system throws away what the
// server has not read yet; who only closes the sending side has the right to see all of it done.
var goodbyes = map[string]func(c *rawClient){
	"half close": func(c *rawClient) { _ = c.nc.CloseWrite(); _, _ = io.Copy(io.Discard, c.nc) },
	"close":      func(c *rawClient) { _ = c.nc.Close() },
	"reset":      func(c *rawClient) { _ = c.nc.SetLinger(0); _ = c.nc.Close() },
}

// awaitGone waits until the server has no clients but the one that asks: then it runs nothing any more for others.
func awaitGone(t *testing.T, c *Cluster) {
	t.Helper()
	if !Until(rawPatience, func() bool { return info(t, c, "connected_clients") <= 1 }) {
		t.Fatalf("%d clients are left", info(t, c, "connected_clients"))
	}
}

// vanishInPipeline: what was acknowledged stays, what was not sent whole does not run, and what runs is the beginning
// of what was sent.
func vanishInPipeline(t *testing.T, c *Cluster) {
	const commands, read = 2000, 300
	whole := strings.Repeat(request("INCR", "vanish"), commands)
	half := request("SET", "vanish", "half")
	for i, cut := range []int{0, 1, len(half) / 2, len(half) - 3, len(half) - 1} {
		for how, goodbye := range goodbyes {
			c.Call(0, "SET", "vanish", "0")
			cl := dialRaw(t, c.Addr(0))
			cl.send(whole + half[:cut])
			acked := 0
			for range read * (i % 2) {
				if got, err := cl.reply(); got != fmt.Sprintf(":%d", acked+1) || err != nil {
					t.Fatalf("reply %d: %q, %v", acked, got, err)
				}
				acked++
			}
			goodbye(cl)
			awaitGone(t, c)
			got := c.Call(0, "GET", "vanish").Value.Integer()
			if got < acked || got > commands || how == "half close" && got != commands {
				t.Errorf("cut at %d, %s: %d of %d ran, %d were acknowledged", cut, how, got, commands, acked)
			}
		}
	}
}

// vanishInTransaction cuts a transaction at every byte: it runs whole or not at all.
func vanishInTransaction(t *testing.T, c *Cluster) {
	before := request("MULTI") + request("INCR", "{vanish}a") + request("SET", "{vanish}c", "x") + request("INCR", "{vanish}b")
	talk := before + request("EXEC")
	for cut := len(talk); cut > 0; cut -= 1 + min(1, max(0, len(before)-cut))*10 { // every byte of EXEC, and some before
		for how, goodbye := range goodbyes {
			c.Call(0, "DEL", "{vanish}a", "{vanish}b", "{vanish}c")
			cl := dialRaw(t, c.Addr(0))
			cl.send(talk[:cut])
			goodbye(cl)
			awaitGone(t, c)
			a, b, x := c.Call(0, "GET", "{vanish}a").Value.String(), c.Call(0, "GET", "{vanish}b").Value.String(), c.Call(0, "GET", "{vanish}c").Value.String()
			ran := a == "1" && b == "1" && x == "x"
			switch {
			case !ran && (a != "" || b != "" || x != ""):
				t.Errorf("cut at %d of %d: a half applied transaction: %q %q %q", cut, len(talk), a, b, x)
			case ran && cut < len(talk), !ran && cut == len(talk) && how == "half close":
				t.Errorf("cut at %d of %d, %s: ran is %t", cut, len(talk), how, ran)
			}
		}
	}
}
