package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

// What the requests of our own load are made of. The keys are redis-benchmark's: 16 bytes.
const (
	setHead = "*3\r\n$3\r\nSET\r\n$16\r\nkey:"
	getHead = "*2\r\n$3\r\nGET\r\n$16\r\nkey:"
	setTail = "\r\n$32\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n" // valueBytes of them
	getTail = "\r\n"

	keyDigits = 12
)

// appendSet appends a request that writes key number n, appendGet one that reads it. They make no garbage, for the
// load shares the processors with what it measures.
func appendSet(b []byte, n int) []byte {
	return append(appendDigits(append(b, setHead...), n), setTail...)
}

func appendGet(b []byte, n int) []byte {
	return append(appendDigits(append(b, getHead...), n), getTail...)
}

func appendDigits(b []byte, n int) []byte {
	for range keyDigits {
		b = append(b, '0')
	}
	for i := len(b) - 1; n > 0; i, n = i-1, n/10 {
		b[i] = byte('0' + n%10)
	}
	return b
}

// wire is a connection that carries many requests at once.
type wire struct {
	nc   net.Conn
	rd   *bufio.Reader
	stop func() bool
}

// openWire connects. The connection breaks when ctx ends, and after limit. The prelude is sent first, a word each, and has to succeed.
func openWire(ctx context.Context, addr string, limit time.Duration, prelude []string) (*wire, error) {
	nc, err := dial(ctx, addr)
	if err != nil {
		return nil, err
	}
	w := &wire{nc: nc, rd: bufio.NewReader(nc), stop: context.AfterFunc(ctx, func() { _ = nc.Close() })}
	err = nc.SetDeadline(time.Now().Add(limit))
	for _, word := range prelude {
		if err == nil {
			_, err = nc.Write([]byte(word + "\r\n"))
		}
		if err == nil {
			err = w.skip()
		}
	}
	if err != nil {
		w.close()
		return nil, fmt.Errorf("beginning a session on %s: %w", addr, err)
	}
	return w, nil
}

func (w *wire) close() {
	w.stop()
	_ = w.nc.Close()
}

// refusal is an error reply: the connection is in order.
type refusal string

func (r refusal) Error() string { return string(r) }

// errNonsense is returned when a reply is none.
var errNonsense = errors.New("a reply that is not RESP2")

// skip reads one reply of one line or one string. An error reply is a refusal.
func (w *wire) skip() error {
	line, err := w.rd.ReadSlice('\n')
	if err != nil {
		return err
	}
	if len(line) < 3 {
		return errNonsense
	}
	switch line[0] {
	case '+', ':':
		return nil
	case '-':
		return refusal(line[1 : len(line)-2])
	case '$':
		n, err := strconv.Atoi(string(line[1 : len(line)-2]))
		if err != nil || n < 0 {
			return err // -1 is the null reply
		}
		_, err = w.rd.Discard(n + 2)
		return err
	}
	return errNonsense
}
