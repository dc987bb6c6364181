package client

import "context"

// Pin returns the connection on which the last command was answered, for those that
// belong together (WATCH, MULTI, EXEC), or nil. A connection that broke, or whose
// session is not what it should be any more, must be given to Drop.
func (c *Cluster) Pin() *Conn { return c.conns[c.at] }

// Drop closes a pinned connection.
func (c *Cluster) Drop(conn *Conn) {
	conn.Close()
	for addr, known := range c.conns {
		if known == conn {
			delete(c.conns, addr)
		}
	}
}

// Open returns the connection to one node, whatever it serves.
func (c *Cluster) Open(ctx context.Context, addr string) (*Conn, error) { return c.conn(ctx, addr) }
