package server

import (
	"sync/atomic"
	"time"

	"github.com/redoubtdb/redoubt/fsm/command"
)

// session is what a client has told the server about itself and wants. The connection's goroutine owns it.
type session struct {
	authenticated bool
	readonly      bool // READONLY: reads may be served by this node as a replica
	asking        bool // ASKING: the next command may use a slot that is being imported
	proto         int  // of the replies, 2 or 3
	idleLimit     bool // a read deadline is set

	// CLIENT REPLY. While off, everything behind the first replyKept bytes of the output is dropped.
	replyOff  bool
	replyKept int
	replySkip bool // drop the reply to the next command
	skipping  bool // dropping the reply to this one
}

func (s *session) init(authenticated bool) {
	s.authenticated = authenticated
	s.proto = 2
}

// authenticated reports whether the client may use commands that need it.
func (c *Conn) authenticated() bool {
	return c.session.authenticated || c.srv.cfg.Load().Security.RequirePass == ""
}

// setProto chooses the protocol version of the replies from now on.
func (c *Conn) setProto(v int) {
	c.session.proto = v
	c.out.SetProto(v)
	c.shared.proto.Store(int32(v))
}

// shared is what other connections see of a client, in CLIENT LIST above all.
type shared struct {
	created time.Time
	active  atomic.Int64 // ns since created, when something last came from the client or went to it
	last    atomic.Pointer[command.Spec]
	name    atomic.Pointer[string]
	libName atomic.Pointer[string]
	libVer  atomic.Pointer[string]
	queued  atomic.Int32 // commands queued in MULTI, -1 outside
	watched atomic.Int32 // keys
	proto   atomic.Int32
	flags   atomic.Uint32
	held    atomic.Int64 // bytes (held.go)
	evicted atomic.Bool  // closed because of them
}

// What CLIENT LIST shows as a client's flags, apart from what it sees by itself.
const (
	flagReadonly = 1 << iota
	flagClosing
	flagNoEvict
)

func (s *shared) init() {
	s.created = time.Now()
	s.queued.Store(-1)
	s.proto.Store(2)
	for _, p := range []*atomic.Pointer[string]{&s.name, &s.libName, &s.libVer} {
		p.Store(new(string))
	}
}

// touch notes that something came from the client or went to it.
func (s *shared) touch() { s.touchAt(time.Now()) }

func (s *shared) touchAt(now time.Time) { s.active.Store(int64(now.Sub(s.created))) }

// idle is how long nothing has come from the client or gone to it.
func (s *shared) idle() time.Duration {
	return time.Since(s.created) - time.Duration(s.active.Load())
}

func (s *shared) setFlag(flag uint32, on bool) {
	if on {
		s.flags.Or(flag)
	} else {
		s.flags.And(^flag)
	}
}
