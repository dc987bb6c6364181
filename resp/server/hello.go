package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/resp/server/config"
)

// defaultUser is the one user there is.
const defaultUser = "default"

const (
	errHelloOptionF = "ERR Syntax error in HELLO option '%s'"
	errHelloNoAuth  = "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> " +
		"option can be used to authenticate the client and select the RESP protocol version at the same time"
	errClientName = "ERR Client names cannot contain spaces, newlines or special characters."
)

func helloCommands() []front {
	spec := func(name string, arity int, since, summary, complexity string) *command.Spec {
		return &command.Spec{Name: name, Arity: arity, Group: "connection", Since: since, Summary: summary, Complexity: complexity,
			Flags: command.NoScript | command.Loading | command.Stale | command.Fast | command.NoAuth | command.AllowBusy,
			ACL:   []string{"fast", "connection"}}
	}
	return []front{
		{spec: spec("auth", -2, "1.0.0", "Authenticates the connection", "O(N) where N is the number of passwords defined for the user"), run: auth},
		{spec: spec("hello", -1, "6.0.0", "Chooses the protocol version and describes the server", "O(1)"), run: hello},
	}
}

func auth(s *Server, c *Conn, args [][]byte, w *resp.Writer) {
	user, password := []byte(defaultUser), args[len(args)-1]
	switch {
	case len(args) > 3:
		w.Error(resp.ErrSyntax)
		return
	case len(args) == 3:
		user = args[1]
	case s.cfg.Load().Security.RequirePass == "":
		w.Error(resp.ErrNoPassword)
		return
	}
	if !c.authenticate(user, password) {
		w.Error(resp.ErrWrongPass)
		return
	}
	w.OK()
}

// authenticate checks a user's password and remembers success.
func (c *Conn) authenticate(user, password []byte) bool {
	required := c.srv.cfg.Load().Security.RequirePass
	if string(user) != defaultUser || required != "" && !sameSecret(password, required) {
		return false
	}
	c.session.authenticated = true
	return true
}

// sameSecret compares in a time that tells nothing about the secret, its length included.
func sameSecret(given []byte, secret string) bool {
	a, b := sha256.Sum256(given), sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// hello takes its options as they come, as Redis does: a name that was set or a password that was right stays
// so if a later option is wrong.
func hello(s *Server, c *Conn, args [][]byte, w *resp.Writer) {
	proto, text := helloProto(args)
	for rest := args[min(2, len(args)):]; len(rest) > 0 && text == ""; {
		switch {
		case command.EqualFold(rest[0], "AUTH") && len(rest) >= 3:
			if !c.authenticate(rest[1], rest[2]) {
				text = resp.ErrWrongPass
			}
			rest = rest[3:]
		case command.EqualFold(rest[0], "SETNAME") && len(rest) >= 2:
			if text = refuseName(rest[1]); text == "" {
				c.setName(string(rest[1]))
			}
			rest = rest[2:]
		default:
			text = fmt.Sprintf(errHelloOptionF, rest[0])
		}
	}
	if text == "" && !c.authenticated() {
		text = errHelloNoAuth
	}
	if text != "" {
		w.Error(text)
		return
	}
	if proto != 0 {
		c.setProto(proto)
	}
	s.describe(c, w)
}

// helloProto returns the version that is asked for; 0: as it is.
func helloProto(args [][]byte) (proto int, text string) {
	if len(args) < 2 {
		return 0, ""
	}
	n, ok := command.ParseInt(args[1])
	switch {
	case !ok:
		return 0, resp.ErrProtoNotInteger
	case n < 2 || n > 3:
		return 0, resp.ErrNoProto
	}
	return int(n), ""
}

func refuseName(name []byte) (text string) {
	if !validClientName(name) {
		return errClientName
	}
	return ""
}

// describe writes what HELLO tells about the server.
func (s *Server) describe(c *Conn, w *resp.Writer) {
	role := "replica"
	if s.shard.Leading() {
		role = "master"
	}
	w.Map(7)
	w.BulkString("server")
	w.BulkString("redis")
	w.BulkString("version")
	w.BulkString(config.RedisVersion)
	w.BulkString("proto")
	w.Int(int64(c.session.proto))
	w.BulkString("id")
	w.Int(c.id)
	w.BulkString("mode")
	w.BulkString("cluster")
	w.BulkString("role")
	w.BulkString(role)
	w.BulkString("modules")
	w.Array(0)
}
