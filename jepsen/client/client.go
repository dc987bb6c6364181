// Package client is the suite's RESP client: one connection, one command at a time, no
// retries and no redirects behind the caller's back, and a verdict on what an answer
// says about the command: done, certainly not done, or unknown.
package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/tidwall/resp"
)

// Dial opens a connection to "host:port".
type Dial func(ctx context.Context, addr string) (net.Conn, error)

// Outcome says what is known of a command.
type Outcome uint8

const (
	// Done: the command was run and answered.
	Done Outcome = iota
	// Failed: the command certainly did not run and never will.
	Failed
	// Unknown: it may have run, may run later, or may never run.
	Unknown
)

func (o Outcome) String() string { return [...]string{"done", "failed", "unknown"}[o] }

// Reply is an answer and what it says.
type Reply struct {
	Value   resp.Value
	Outcome Outcome
	Err     error // the error reply, or what went wrong on the way
}

// Nil tells whether the answer is the null reply.
func (r Reply) Nil() bool { return r.Outcome == Done && r.Value.IsNull() }

// definite begins the error replies of commands that certainly did not run.
var definite = []string{
	"MOVED ", "ASK ", "CLUSTERDOWN", "TRYAGAIN", "CROSSSLOT", "LOADING", "READONLY", "EXECABORT",
	"ERR ", "WRONGTYPE", "NOAUTH", "WRONGPASS", "NOSCRIPT", "MASTERDOWN", "BUSY", "OOM", "MISCONF",
}

// Judge says what an error reply says of its command.
func Judge(text string) Outcome {
	for _, prefix := range definite {
		if strings.HasPrefix(text, prefix) {
			return Failed
		}
	}
	return Unknown
}

// Conn is a connection to one node. It is used by one goroutine.
type Conn struct {
	nc      net.Conn
	rd      *resp.Reader
	wr      *resp.Writer
	timeout time.Duration
}

// Open connects; nothing is sent.
func Open(ctx context.Context, dial Dial, addr string, timeout time.Duration) (*Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	nc, err := dial(ctx, addr)
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", addr, err)
	}
	return &Conn{nc: nc, rd: resp.NewReader(nc), wr: resp.NewWriter(nc), timeout: timeout}, nil
}

// Close ends the connection.
func (c *Conn) Close() { _ = c.nc.Close() }

// Do sends one command and waits for its answer. After an outcome that came with a
// broken connection the Conn must be closed: Broken tells.
func (c *Conn) Do(words ...string) Reply {
	args := make([]resp.Value, len(words))
	for i, w := range words {
		args[i] = resp.StringValue(w)
	}
	frame, err := resp.ArrayValue(args).MarshalRESP()
	if err != nil {
		return Reply{Outcome: Failed, Err: err}
	}
	if err := c.nc.SetDeadline(time.Now().Add(c.timeout)); err != nil {
		return Reply{Outcome: Failed, Err: &brokenError{err}}
	}
	if _, err := c.nc.Write(frame); err != nil {
		return Reply{Outcome: Unknown, Err: &brokenError{err}}
	}
	v, _, err := c.rd.ReadValue()
	if err != nil {
		return Reply{Outcome: Unknown, Err: &brokenError{err}}
	}
	return judged(v)
}

// brokenError is a fault of the connection.
type brokenError struct{ err error }

func (e *brokenError) Error() string { return "connection: " + e.err.Error() }
func (e *brokenError) Unwrap() error { return e.err }

// Broken tells whether the connection cannot be used any more.
func Broken(r Reply) bool {
	var b *brokenError
	return errors.As(r.Err, &b)
}

// Moved reads the address out of a MOVED or ASK reply.
func Moved(r Reply) (addr string, ok bool) {
	if r.Err == nil {
		return "", false
	}
	f := strings.Fields(r.Err.Error())
	if len(f) == 3 && (f[0] == "MOVED" || f[0] == "ASK") {
		return f[2], true
	}
	return "", false
}
