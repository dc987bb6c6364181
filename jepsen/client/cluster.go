package client

import (
	"context"
	"time"
)

// maxHops bounds the redirects that one command follows.
const maxHops = 5

// Cluster is a client that follows redirects of commands that did not run, and turns
// to another node when one is gone. It never repeats a command that may have run.
type Cluster struct {
	dial    Dial
	seeds   []string
	timeout time.Duration
	conns   map[string]*Conn
	at      string // where the last command was answered
	next    int    // seed to try next
}

// NewCluster makes a client that knows the given nodes.
func NewCluster(dial Dial, seeds []string, timeout time.Duration) *Cluster {
	return &Cluster{dial: dial, seeds: seeds, timeout: timeout, conns: make(map[string]*Conn)}
}

// Close ends all connections.
func (c *Cluster) Close() {
	for _, conn := range c.conns {
		conn.Close()
	}
	clear(c.conns)
}

// Do runs one command wherever the cluster says it belongs.
func (c *Cluster) Do(ctx context.Context, words ...string) Reply {
	if c.at == "" {
		c.at = c.rotate()
	}
	var r Reply
	for range maxHops {
		conn, err := c.conn(ctx, c.at)
		if err != nil {
			r = Reply{Outcome: Failed, Err: err}
			c.at = c.rotate()
			continue
		}
		r = conn.Do(words...)
		if Broken(r) {
			conn.Close()
			delete(c.conns, c.at)
			c.at = c.rotate()
			return r
		}
		addr, moved := Moved(r)
		if !moved {
			if r.Outcome == Failed {
				c.at = c.rotate()
			}
			return r
		}
		c.at = addr
	}
	c.at = c.rotate()
	return r
}

func (c *Cluster) rotate() string {
	c.next++
	return c.seeds[c.next%len(c.seeds)]
}

func (c *Cluster) conn(ctx context.Context, addr string) (*Conn, error) {
	if conn := c.conns[addr]; conn != nil {
		return conn, nil
	}
	conn, err := Open(ctx, c.dial, addr, c.timeout)
	if err == nil {
		c.conns[addr] = conn
	}
	return conn, err
}
