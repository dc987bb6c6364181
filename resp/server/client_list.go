package server

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
)

const (
	errClientTypeF = "ERR Unknown client type '%s'"
	errClientID    = "ERR Invalid client ID"
)

// clientType is what TYPE selects by.
type clientType uint8

const (
	typeAny clientType = iota
	typeNormal
	typeMaster
	typeReplica
	typePubSub
)

func parseClientType(b []byte) (clientType, bool) {
	switch {
	case command.EqualFold(b, "NORMAL"):
		return typeNormal, true
	case command.EqualFold(b, "MASTER"):
		return typeMaster, true
	case command.EqualFold(b, "REPLICA"), command.EqualFold(b, "SLAVE"):
		return typeReplica, true
	case command.EqualFold(b, "PUBSUB"):
		return typePubSub, true
	}
	return typeAny, false
}

// kind is the type of a connection. Members of the cluster do not come by the client port, so all are normal.
func (c *Conn) kind() clientType { return typeNormal }

// allClients returns the connections, oldest first.
func (s *Server) allClients() []*Conn {
	s.clients.mu.Lock()
	defer s.clients.mu.Unlock()
	all := make([]*Conn, 0, len(s.clients.conns))
	for _, c := range s.clients.conns {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b *Conn) int { return cmp.Compare(a.id, b.id) })
	return all
}

func (s *Server) client(id int64) *Conn {
	s.clients.mu.Lock()
	defer s.clients.mu.Unlock()
	return s.clients.conns[id]
}

func clientInfo(_ *Server, c *Conn, _ [][]byte, w *resp.Writer) { w.Verbatim("txt", c.line()+"\n") }

func clientList(s *Server, _ *Conn, args [][]byte, w *resp.Writer) {
	clients, text := s.selectClients(args[2:])
	if text != "" {
		w.Error(text)
		return
	}
	var b strings.Builder
	for _, c := range clients {
		b.WriteString(c.line())
		b.WriteByte('\n')
	}
	w.Verbatim("txt", b.String())
}

// selectClients returns the clients that the options of CLIENT LIST ask for.
func (s *Server) selectClients(options [][]byte) (clients []*Conn, text string) {
	switch {
	case len(options) == 0:
		return s.allClients(), ""
	case len(options) == 2 && command.EqualFold(options[0], "TYPE"):
		t, ok := parseClientType(options[1])
		if !ok {
			return nil, fmt.Sprintf(errClientTypeF, options[1])
		}
		return slices.DeleteFunc(s.allClients(), func(c *Conn) bool { return c.kind() != t }), ""
	case len(options) > 1 && command.EqualFold(options[0], "ID"):
		return s.clientsByID(options[1:])
	}
	return nil, resp.ErrSyntax
}

func (s *Server) clientsByID(ids [][]byte) (clients []*Conn, text string) {
	for _, b := range ids {
		id, ok := command.ParseInt(b)
		if !ok {
			return nil, errClientID
		}
		if c := s.client(id); c != nil {
			clients = append(clients, c)
		}
	}
	return clients, ""
}

// line describes the connection as CLIENT LIST does. Sizes that this server does not keep are zero.
func (c *Conn) line() string {
	h := &c.shared
	unsent := c.box.unsentBytes()
	last := "NULL"
	if spec := h.last.Load(); spec != nil {
		last = spec.Name
	}
	line := fmt.Sprintf("id=%d addr=%v laddr=%v fd=-1 name=%s age=%d idle=%d flags=%s db=0 sub=0 psub=0 ssub=0 multi=%d"+
		" qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=%d omem=%d tot-mem=%d events=r cmd=%s user=%s redir=-1 resp=%d",
		c.id, c.nc.RemoteAddr(), c.nc.LocalAddr(), *h.name.Load(), seconds(time.Since(h.created)), seconds(h.idle()), c.flagLetters(),
		h.queued.Load(), min(unsent, 1), unsent, unsent, last, defaultUser, h.proto.Load())
	if name, version := *h.libName.Load(), *h.libVer.Load(); name != "" || version != "" {
		line += " lib-name=" + name + " lib-ver=" + version
	}
	return line
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// flagLetters is the flags field of CLIENT LIST.
func (c *Conn) flagLetters() string {
	flags := c.shared.flags.Load()
	letters := ""
	for _, f := range []struct {
		letter string
		on     bool
	}{
		{"x", c.shared.queued.Load() >= 0},
		{"c", flags&flagClosing != 0},
		{"r", flags&flagReadonly != 0},
		{"e", flags&flagNoEvict != 0},
	} {
		if f.on {
			letters += f.letter
		}
	}
	return cmp.Or(letters, "N")
}
