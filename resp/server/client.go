package server

import (
	"time"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
)

const (
	errTrackingUnsupported = "ERR client side caching is not supported: CLIENT TRACKING can only be turned OFF"
	errCaching             = "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled"
	errUnblockReason       = "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"
	errInfoValueF          = "ERR %s cannot contain spaces, newlines or special characters."
	errInfoOptionF         = "ERR Unrecognized option '%s'"
)

// clientSub makes the spec of a CLIENT subcommand.
func clientSub(name string, arity int, flags command.Flag, since, summary, complexity string) *command.Spec {
	s := &command.Spec{Name: "client|" + name, Container: "client", Arity: arity, Group: "connection", Since: since,
		Flags: flags | command.NoScript | command.Loading | command.Stale, ACL: []string{"slow", "connection"},
		Summary: summary, Complexity: complexity}
	if flags.Has(command.Admin) {
		s.ACL = []string{"admin", "slow", "dangerous", "connection"}
	}
	return s
}

func clientCommands() []front {
	const everybody = "O(N) where N is the number of client connections"
	help := clientSub("help", 2, 0, "5.0.0", "Lists the subcommands", "O(1)")
	help.Flags = command.Loading | command.Stale
	list := clientSub("list", -2, command.Admin, "2.4.0", "Lists the clients", everybody)
	info := clientSub("info", 2, 0, "6.2.0", "Describes this connection", "O(1)")
	list.Tips = []string{"nondeterministic_output"}
	info.Tips = list.Tips
	subs := []front{
		{spec: clientSub("trackinginfo", 2, 0, "6.2.0", "Tells about client side caching", "O(1)"), run: clientTrackingInfo},
		{spec: clientSub("reply", 3, 0, "3.2.0", "Turns replies off and on", "O(1)"), run: clientReply},
		{spec: clientSub("pause", -3, command.Admin, "2.9.50", "Makes clients wait for a while", "O(1)"), run: clientPause},
		{spec: clientSub("tracking", -3, 0, "6.0.0", "Turns client side caching on and off", "O(1)"), run: clientTracking},
		{spec: clientSub("unblock", -3, command.Admin, "5.0.0", "Wakes a client that is blocked", "O(log N) where N is the number of client connections"), run: clientUnblock},
		{spec: clientSub("setname", 3, 0, "2.6.9", "Names this connection", "O(1)"), run: clientSetName},
		{spec: clientSub("setinfo", 4, 0, "7.2.0", "Notes the name or version of the client library", "O(1)"), run: clientSetInfo},
		{spec: clientSub("id", 2, 0, "5.0.0", "Answers this connection's id", "O(1)"), run: clientID},
		{spec: help, run: clientHelp},
		{spec: clientSub("getname", 2, 0, "2.6.9", "Answers this connection's name", "O(1)"), run: clientGetName},
		{spec: clientSub("kill", -3, command.Admin, "2.4.0", "Closes connections", everybody), run: clientKill},
		{spec: clientSub("no-evict", 3, command.Admin, "7.0.0", "Protects this connection when clients use too much memory", "O(1)"), run: clientNoEvict},
		{spec: clientSub("getredir", 2, 0, "6.0.0", "Answers where invalidations go", "O(1)"), run: clientGetRedir},
		{spec: clientSub("unpause", 2, command.Admin, "6.2.0", "Ends CLIENT PAUSE", "O(N) Where N is the number of paused clients"), run: clientUnpause},
		{spec: list, run: clientList},
		{spec: clientSub("caching", 3, 0, "6.0.0", "Chooses whether the next command's keys are tracked", "O(1)"), run: clientCaching},
		{spec: info, run: clientInfo},
	}
	container := &command.Spec{Name: "client", Arity: -2, Group: "connection", Since: "2.4.0", ACL: []string{"slow"},
		Summary: "Commands about client connections", Complexity: "Depends on subcommand."}
	for i := range subs {
		container.Subs = append(container.Subs, subs[i].spec)
	}
	return append([]front{{spec: container}}, subs...)
}

func clientID(_ *Server, c *Conn, _ [][]byte, w *resp.Writer) { w.Int(c.id) }

func clientGetName(_ *Server, c *Conn, _ [][]byte, w *resp.Writer) {
	if name := *c.shared.name.Load(); name != "" {
		w.BulkString(name)
	} else {
		w.Null()
	}
}

func clientSetName(_ *Server, c *Conn, args [][]byte, w *resp.Writer) {
	if !validClientName(args[2]) {
		w.Error(errClientName)
		return
	}
	c.setName(string(args[2]))
	w.OK()
}

func (c *Conn) setName(name string) { c.shared.name.Store(&name) }

// validClientName tells whether a name fits into CLIENT LIST.
func validClientName(name []byte) bool {
	for _, b := range name {
		if b < '!' || b > '~' {
			return false
		}
	}
	return true
}

// clientSetInfo is of Redis 7.2, but client libraries send it whatever the server says it is.
func clientSetInfo(_ *Server, c *Conn, args [][]byte, w *resp.Writer) {
	to, name := &c.shared.libName, "lib-name"
	switch {
	case command.EqualFold(args[2], "LIB-NAME"):
	case command.EqualFold(args[2], "LIB-VER"):
		to, name = &c.shared.libVer, "lib-ver"
	default:
		w.Errorf(errInfoOptionF, args[2])
		return
	}
	if !validClientName(args[3]) {
		w.Errorf(errInfoValueF, name)
		return
	}
	value := string(args[3])
	to.Store(&value)
	w.OK()
}

func clientReply(_ *Server, c *Conn, args [][]byte, w *resp.Writer) {
	switch {
	case command.EqualFold(args[2], "ON"):
		c.replyOn()
		c.session.skipping = false
		w.OK()
	case command.EqualFold(args[2], "OFF"):
		if !c.session.replyOff {
			c.session.replyOff, c.session.replyKept = true, w.Len()
		}
	case command.EqualFold(args[2], "SKIP"):
		c.session.replySkip = !c.session.replyOff
	default:
		w.Error(resp.ErrSyntax)
	}
}

// replyOn ends CLIENT REPLY OFF: it drops what was to be dropped, and nothing from now on.
func (c *Conn) replyOn() {
	if c.session.replyOff {
		c.out.Truncate(min(c.session.replyKept, c.out.Len()))
	}
	c.session.replyOff = false
}

func clientNoEvict(_ *Server, c *Conn, args [][]byte, w *resp.Writer) {
	on := command.EqualFold(args[2], "ON")
	if !on && !command.EqualFold(args[2], "OFF") {
		w.Error(resp.ErrSyntax)
		return
	}
	c.shared.setFlag(flagNoEvict, on)
	w.OK()
}

func clientTracking(_ *Server, _ *Conn, args [][]byte, w *resp.Writer) {
	switch {
	case command.EqualFold(args[2], "ON"):
		w.Error(errTrackingUnsupported)
	case command.EqualFold(args[2], "OFF") && len(args) == 3:
		w.OK()
	default:
		w.Error(resp.ErrSyntax)
	}
}

func clientCaching(_ *Server, _ *Conn, _ [][]byte, w *resp.Writer) { w.Error(errCaching) }

func clientGetRedir(_ *Server, _ *Conn, _ [][]byte, w *resp.Writer) { w.Int(-1) }

func clientTrackingInfo(_ *Server, _ *Conn, _ [][]byte, w *resp.Writer) {
	w.Map(3)
	w.BulkString("flags")
	w.Set(1)
	w.BulkString("off")
	w.BulkString("redirect")
	w.Int(-1)
	w.BulkString("prefixes")
	w.Array(0)
}

// clientUnblock wakes nobody yet: no command blocks.
func clientUnblock(_ *Server, _ *Conn, args [][]byte, w *resp.Writer) {
	switch _, ok := command.ParseInt(args[2]); {
	case len(args) > 4:
		w.Errorf(resp.ErrSyntaxHelpF, args[1], "CLIENT")
	case len(args) == 4 && !command.EqualFold(args[3], "TIMEOUT") && !command.EqualFold(args[3], "ERROR"):
		w.Error(errUnblockReason)
	case !ok:
		w.Error(resp.ErrNotInteger)
	default:
		w.Int(0)
	}
}

const (
	errPauseMode     = "ERR CLIENT PAUSE mode must be WRITE or ALL"
	errPauseTimeout  = "ERR timeout is not an integer or out of range"
	maxPauseDuration = 1000 * 24 * time.Hour
)

func clientPause(s *Server, _ *Conn, args [][]byte, w *resp.Writer) {
	all := true
	if len(args) > 4 {
		w.Errorf(resp.ErrSyntaxHelpF, args[1], "CLIENT")
		return
	}
	if len(args) == 4 {
		all = command.EqualFold(args[3], "ALL")
		if !all && !command.EqualFold(args[3], "WRITE") {
			w.Error(errPauseMode)
			return
		}
	}
	ms, ok := command.ParseInt(args[2])
	switch {
	case !ok || ms > int64(maxPauseDuration/time.Millisecond):
		w.Error(errPauseTimeout)
	case ms < 0:
		w.Error(resp.ErrTimeoutNegative)
	default:
		s.pause.begin(time.Duration(ms)*time.Millisecond, all)
		w.OK()
	}
}

func clientUnpause(s *Server, _ *Conn, _ [][]byte, w *resp.Writer) {
	s.pause.end()
	w.OK()
}

func clientHelp(_ *Server, _ *Conn, _ [][]byte, w *resp.Writer) {
	help(w, "CLIENT",
		"GETNAME", "    The name of this connection.",
		"ID", "    The id of this connection.",
		"INFO", "    This connection as a line of LIST.",
		"KILL <ip:port>", "    Close the connection that comes from there.",
		"KILL <option> <value> [<option> <value> [...]]", "    Close all connections that fit. Options are:",
		"    * ADDR <ip:port>, LADDR <ip:port>", "      The client's end, our end.",
		"    * ID <id>, TYPE (NORMAL|MASTER|REPLICA|PUBSUB), USER <name>",
		"    * SKIPME (YES|NO)", "      Whether to leave this connection alone (default: yes).",
		"LIST [TYPE <type> | ID <id> [<id> ...]]", "    A line for each connection.",
		"NO-EVICT (ON|OFF)", "    Protect this connection when clients use too much memory.",
		"PAUSE <milliseconds> [WRITE|ALL]", "    Make clients wait, those that write or all.",
		"UNPAUSE", "    End the pause.",
		"REPLY (ON|OFF|SKIP)", "    Send replies, none, or none to the next command.",
		"SETINFO (LIB-NAME|LIB-VER) <value>", "    Note the client library.",
		"SETNAME <name>", "    Name this connection.",
		"TRACKING OFF", "    Client side caching is not supported.",
		"UNBLOCK <id> [TIMEOUT|ERROR]", "    Wake a client that waits in a blocking command.",
	)
}

// help writes the reply to a HELP subcommand.
func help(w *resp.Writer, container string, lines ...string) {
	w.Array(len(lines) + 3)
	w.SimpleString(container + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
	for _, line := range lines {
		w.SimpleString(line)
	}
	w.SimpleString("HELP")
	w.SimpleString("    This list.")
}
