package main

import (
	"bufio"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tidwall/resp"
)

const (
	fillTimeout = time.Minute
	fillBurst   = 500 // commands sent before their replies are read
)

// fill writes every key that redis-benchmark asks for, so that each GET finds one.
func fill(ctx context.Context, addr string) error {
	nc, err := dial(ctx, addr)
	if err != nil {
		return err
	}
	defer nc.Close()
	defer context.AfterFunc(ctx, func() { _ = nc.Close() })()
	if err := nc.SetDeadline(time.Now().Add(fillTimeout)); err != nil {
		return err
	}
	w, r := bufio.NewWriter(nc), resp.NewReader(nc)
	value := strings.Repeat("x", valueBytes)
	for from := 0; from < keys; from += fillBurst {
		for i := from; i < from+fillBurst; i++ {
			fmt.Fprintf(w, "*3\r\n$3\r\nSET\r\n$16\r\nkey:%012d\r\n$%d\r\n%s\r\n", i, valueBytes, value)
		}
		if err := w.Flush(); err != nil {
			return err
		}
		for range fillBurst {
			v, _, err := r.ReadValue()
			if err != nil {
				return err
			}
			if v.Type() == resp.Error {
				return fmt.Errorf("SET on %s: %s", addr, v)
			}
		}
	}
	return nil
}
