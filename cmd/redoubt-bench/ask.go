package main

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/redoubtdb/redoubt/jepsen/client"
)

const askTimeout = 15 * time.Second

func dial(ctx context.Context, addr string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, "tcp", addr)
}

// ask makes one command on a connection of its own; an error reply is an error.
func ask(ctx context.Context, addr string, words ...string) (string, error) {
	c, err := client.Open(ctx, dial, addr, askTimeout)
	if err != nil {
		return "", err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, c.Close)()
	r := c.Do(words...)
	if r.Err != nil {
		return "", fmt.Errorf("%s on %s: %w", strings.Join(words, " "), addr, r.Err)
	}
	return r.Value.String(), nil
}

// field reads one field of INFO or CLUSTER INFO.
func field(info, name string) string {
	for line := range strings.SplitSeq(info, "\r\n") {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return value
		}
	}
	return ""
}

// expect asks for a field of a report and fails unless it has the given value.
func expect(ctx context.Context, addr, name, value string, words ...string) error {
	info, err := ask(ctx, addr, words...)
	if err != nil {
		return err
	}
	if is := field(info, name); is != value {
		return fmt.Errorf("%s of %s is %q, not %q", name, addr, is, value)
	}
	return nil
}
