package server

import (
	"fmt"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
)

const (
	errNoSuchClient = "ERR No such client"
	errNoSuchUserF  = "ERR No such user '%s'"
	errKillID       = "ERR client-id should be greater than 0"
)

// killFilter selects connections; zero fields select all.
type killFilter struct {
	id          int64
	addr, laddr string
	kind        clientType
	spareSelf   bool
}

func (f *killFilter) fits(c, self *Conn) bool {
	return (f.id == 0 || c.id == f.id) &&
		(f.addr == "" || c.nc.RemoteAddr().String() == f.addr) &&
		(f.laddr == "" || c.nc.LocalAddr().String() == f.laddr) &&
		(f.kind == typeAny || c.kind() == f.kind) &&
		(c != self || !f.spareSelf)
}

// clientKill closes connections: CLIENT KILL <ip:port>, or with options.
func clientKill(s *Server, c *Conn, args [][]byte, w *resp.Writer) {
	if len(args) == 3 {
		if s.killClients(&killFilter{addr: string(args[2])}, c) == 0 {
			w.Error(errNoSuchClient)
			return
		}
		w.OK()
		return
	}
	f, text := parseKill(args[2:])
	if text != "" {
		w.Error(text)
		return
	}
	w.Int(int64(s.killClients(f, c)))
}

// killClients closes those that fit. self is closed once it is answered.
func (s *Server) killClients(f *killFilter, self *Conn) (killed int) {
	for _, c := range s.allClients() {
		if !f.fits(c, self) {
			continue
		}
		killed++
		if c != self {
			c.kill()
			continue
		}
		c.closing = true
		c.shared.setFlag(flagClosing, true)
	}
	return killed
}

func parseKill(options [][]byte) (f *killFilter, text string) {
	f = &killFilter{spareSelf: true}
	for ; len(options) >= 2; options = options[2:] {
		if text := f.option(options[0], options[1]); text != "" {
			return nil, text
		}
	}
	if len(options) > 0 {
		return nil, resp.ErrSyntax
	}
	return f, ""
}

func (f *killFilter) option(name, value []byte) (text string) {
	switch {
	case command.EqualFold(name, "ID"):
		id, ok := command.ParseInt(value)
		if !ok || id < 1 {
			return errKillID
		}
		f.id = id
	case command.EqualFold(name, "TYPE"):
		t, ok := parseClientType(value)
		if !ok {
			return fmt.Sprintf(errClientTypeF, value)
		}
		f.kind = t
	case command.EqualFold(name, "ADDR"):
		f.addr = string(value)
	case command.EqualFold(name, "LADDR"):
		f.laddr = string(value)
	case command.EqualFold(name, "USER"):
		if string(value) != defaultUser {
			return fmt.Sprintf(errNoSuchUserF, value)
		}
	case command.EqualFold(name, "SKIPME"):
		return f.skipMe(value)
	default:
		return resp.ErrSyntax
	}
	return ""
}

func (f *killFilter) skipMe(value []byte) (text string) {
	f.spareSelf = command.EqualFold(value, "YES")
	if !f.spareSelf && !command.EqualFold(value, "NO") {
		return resp.ErrSyntax
	}
	return ""
}
