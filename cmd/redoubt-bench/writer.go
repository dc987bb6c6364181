package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redoubtdb/redoubt/jepsen/client"
)

// writer is one client. It follows redirections, turns to the next node where one does not answer, and
// never repeats a number.
type writer struct {
	load  *load
	id    int
	addrs []string
	next  int    // node to try next
	at    string // node that conn leads to
	conn  *client.Conn
	known bool // what the key has there was compared with what was acknowledged
}

func (w *writer) run(ctx context.Context) {
	defer func() { w.leave() }()
	for number := 1; ctx.Err() == nil; number++ {
		if err := w.write(ctx, number); err != nil {
			_ = pause(ctx, retryPause)
		}
	}
}

var errNotWritten = errors.New("not acknowledged")

func (w *writer) write(ctx context.Context, number int) error {
	if w.conn == nil {
		if err := w.connect(ctx, w.addrs[w.next%len(w.addrs)]); err != nil {
			return err
		}
	}
	if !w.known {
		return w.look(ctx)
	}
	sent := time.Now()
	r := w.conn.Do("SET", w.load.key(w.id), fmt.Sprintf("%0*d", valueBytes, number))
	if r.Outcome == client.Done {
		w.load.acknowledged(w.id, number, w.at, sent)
		return nil
	}
	return w.turn(ctx, r)
}

// look reads the writer's key before anything is written over a new connection: another write would hide what a
// failover has lost.
func (w *writer) look(ctx context.Context) error {
	r := w.conn.Do("GET", w.load.key(w.id))
	if r.Outcome != client.Done {
		return w.turn(ctx, r)
	}
	number, err := readNumber(r)
	if err != nil {
		return err
	}
	w.load.found(w.id, number)
	w.known = true
	return nil
}

// turn goes where a node sends the writer that does not serve it, or else to the next.
func (w *writer) turn(ctx context.Context, r client.Reply) error {
	w.leave()
	if addr, moved := client.Moved(r); moved {
		return w.connect(ctx, addr)
	}
	w.next++
	return errNotWritten
}

func (w *writer) connect(ctx context.Context, addr string) (err error) {
	w.at, w.known = addr, false
	if w.conn, err = client.Open(ctx, dial, addr, writeTimeout); err != nil {
		w.next++
	}
	return err
}

func (w *writer) leave() {
	if w.conn != nil {
		w.conn.Close()
		w.conn = nil
	}
}
