package differential

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/jepsen/differential/gen"
	"github.com/redoubtdb/redoubt/jepsen/differential/reply"
)

const (
	replyTimeout = 20 * time.Second
	longestPiece = 4096 // bytes that go out in one write
)

// wire is one client's connection to one server.
type wire struct {
	nc net.Conn
	r  *bufio.Reader
}

func dial(t *testing.T, addr string) *wire {
	t.Helper()
	nc, err := net.DialTimeout("tcp", addr, replyTimeout)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	return &wire{nc: nc, r: bufio.NewReaderSize(nc, 1<<16)}
}

// send writes the bytes in random pieces: how a request is cut into packets must not matter.
func (w *wire) send(g *gen.Gen, b []byte) error {
	_ = w.nc.SetDeadline(time.Now().Add(replyTimeout))
	for len(b) > 0 {
		n := len(b)
		if g.Often(30) {
			n = min(n, 1+g.IntN(longestPiece))
		}
		if _, err := w.nc.Write(b[:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// replies reads n of them.
func (w *wire) replies(n int) ([]reply.Value, error) {
	out := make([]reply.Value, 0, n)
	for range n {
		v, err := reply.Read(w.r)
		if err != nil {
			return out, err
		}
		out = append(out, v)
	}
	return out, nil
}

// rest ends the sending side and reads until the server closes the connection. What a
// server left unread makes the end a reset; the replies before it arrive all the same.
func (w *wire) rest() []byte {
	_ = w.nc.(*net.TCPConn).CloseWrite()
	b, _ := io.ReadAll(w.r)
	return b
}

// encode appends a request in the form that client libraries send.
func encode(b *bytes.Buffer, args []string) {
	fmt.Fprintf(b, "*%d\r\n", len(args))
	for _, a := range args {
		fmt.Fprintf(b, "$%d\r\n%s\r\n", len(a), a)
	}
}
