package main

import (
	"bufio"
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// standIn is a server that answers every request line that begins a command, as it is told to.
func standIn(t *testing.T, answer func(nc net.Conn, word string) bool) string {
	t.Helper()
	l, err := net.Listen("tcp", local(0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer nc.Close()
				for sc := bufio.NewScanner(nc); sc.Scan(); {
					if word := sc.Text(); word == "SET" || word == "GET" || word == "READONLY" {
						if !answer(nc, word) {
							return
						}
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

func ok(nc net.Conn, _ string) bool {
	_, err := nc.Write([]byte("+OK\r\n"))
	return err == nil
}

// TestWaitingCounts: a server that takes no request for a while has made all wait that were due meanwhile, though only one
// request of each connection was on its way. A load that sent the next request only after the answer to the one before
// would see a few long latencies among many short ones.
func TestWaitingCounts(t *testing.T) {
	const (
		rate    = 2000
		lasting = 500 * time.Millisecond
		stall   = 300 * time.Millisecond
	)
	goesOn := sync.OnceValue(func() time.Time { return time.Now().Add(stall) }) // asked by the first request
	addr := standIn(t, func(nc net.Conn, word string) bool {
		time.Sleep(time.Until(goesOn()))
		return ok(nc, word)
	})
	l, err := openLoad(t.Context(), traffic{addr: addr, keys: 10, write: true}, rate, lasting)
	if err != nil {
		t.Fatal(err)
	}
	if len(l.all) != rate/2 || len(l.late) != rate/2 || l.refused != 0 {
		t.Errorf("%d answers to %d requests, %d refused", len(l.all), len(l.late), l.refused)
	}
	// More than half of the requests were due while the server stood still; those due in its first third waited for 200 ms.
	if p := percentile(l.all, 0.85); p < stall/2 {
		t.Errorf("the 85th percentile is %v after a stall of %v", p, stall)
	}
	if last := l.all[len(l.all)-1]; last < stall*2/3 {
		t.Errorf("the longest latency is %v after a stall of %v", last, stall)
	}
}

func TestOpenLoadCountsRefusals(t *testing.T) {
	var n atomic.Int64
	addr := standIn(t, func(nc net.Conn, word string) bool {
		if word == "GET" && n.Add(1)%2 == 0 {
			_, err := nc.Write([]byte("-CLUSTERDOWN no\r\n"))
			return err == nil
		}
		return ok(nc, word)
	})
	l, err := openLoad(t.Context(), traffic{addr: addr, keys: 10, prelude: []string{"READONLY"}}, 1000, 100*time.Millisecond)
	if err != nil || l.refused != 50 || len(l.all) != 50 || l.reason == nil || l.reason.Error() != "CLUSTERDOWN no" {
		t.Errorf("%d refused, %d answered, reason %v, %v", l.refused, len(l.all), l.reason, err)
	}
}

func TestLoadsEnd(t *testing.T) {
	gone := standIn(t, func(net.Conn, string) bool { return false })
	refusing := standIn(t, func(nc net.Conn, _ string) bool { _, err := nc.Write([]byte("-ERR no\r\n")); return err == nil })
	silent := standIn(t, func(net.Conn, string) bool { return true })
	short := func() context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		t.Cleanup(cancel)
		return ctx
	}
	for _, c := range []struct {
		name string
		ctx  context.Context
		t    traffic
		says string
	}{
		{"the server goes", t.Context(), traffic{addr: gone, keys: 1}, "re"}, // of reading a reply or of sending a request
		{"all refused", t.Context(), traffic{addr: refusing, keys: 1}, "ERR no"},
		{"no session", t.Context(), traffic{addr: refusing, keys: 1, prelude: []string{"READONLY"}}, "beginning a session"},
		{"interrupted", short(), traffic{addr: silent, keys: 1}, "deadline"},
	} {
		if _, err := openLoad(c.ctx, c.t, 1000, 100*time.Millisecond); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("open load, %s: %v", c.name, err)
		}
	}
	if _, err := closedLoad(t.Context(), traffic{addr: refusing, keys: 1}, time.Second); !errors.As(err, new(refusal)) {
		t.Errorf("closed load: %v", err)
	}
	if _, err := closedLoad(short(), traffic{addr: silent, keys: 1}, time.Minute); err == nil {
		t.Error("closed load was not interrupted")
	}
	if rate, err := closedLoad(t.Context(), traffic{addr: standIn(t, ok), keys: 1}, 50*time.Millisecond); err != nil || rate <= 0 {
		t.Errorf("closed load: %v/s, %v", rate, err)
	}
}
