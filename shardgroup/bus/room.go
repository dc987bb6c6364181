package bus

import (
	"container/list"
	"net"
	"sync"
)

// room bounds the connections of those whom nobody vouches for: of callers in
// their handshake, and of strangers after it. When it is full, the connection
// that has been quiet for the longest time is closed and makes room: a peer is
// done within a few round trips, so whoever merely holds a connection cannot
// keep it out, however many connections he holds.
type room struct {
	size int

	mu     sync.Mutex // guards the rest
	order  *list.List // of *guest, the one that has been quiet longest first
	inside int        // guests that have not left, those shown out among them
}

// guest is a connection's place in a room.
type guest struct {
	conn net.Conn
	at   *list.Element // nil once it was shown out
}

// crowd is how many times its size a room holds while those shown out have
// yet to leave: a bound on goroutines that does not depend on their haste.
const crowd = 2

func newRoom(size int) *room { return &room{size: size, order: list.New()} }

// enter gives a connection a place, at the cost of another one where the room
// is full. nil: too many of those shown out are still there.
func (r *room) enter(conn net.Conn) *guest {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.inside >= crowd*r.size {
		return nil
	}
	if r.order.Len() >= r.size {
		out := r.order.Remove(r.order.Front()).(*guest)
		out.at = nil
		_ = out.conn.Close()
	}
	g := &guest{conn: conn}
	g.at = r.order.PushBack(g)
	r.inside++
	return g
}

// stir notes a sign of life.
func (r *room) stir(g *guest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if g.at != nil {
		r.order.MoveToBack(g.at)
	}
}

// leave gives the place back. It is false if the guest had been shown out: its
// connection is closed.
func (r *room) leave(g *guest) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inside--
	if g.at == nil {
		return false
	}
	r.order.Remove(g.at)
	return true
}
