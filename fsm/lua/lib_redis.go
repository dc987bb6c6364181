package lua

import (
	"strconv"
	"strings"

	glua "github.com/yuin/gopher-lua"
)

// The version of Redis that scripts are told.
const (
	redisVersion       = "7.0.15"
	redisVersionNumber = 7<<16 | 15
)

// Values of the constants in the library.
const (
	logDebug, logVerbose, logNotice, logWarning = 0, 1, 2, 3
	replNone, replAOF, replReplica, replAll     = 0, 1, 2, 3
)

func (s *state) redisLibrary() *glua.LTable {
	t := s.library([]entry{
		{"call", func(L *glua.LState) int { return s.redisCall(L, true) }},
		{"pcall", func(L *glua.LState) int { return s.redisCall(L, false) }},
		{"log", s.redisLog}, {"sha1hex", s.redisSha1}, {"setresp", s.redisSetResp},
		{"error_reply", s.redisErrorReply}, {"status_reply", s.redisStatusReply},
		{"replicate_commands", func(L *glua.LState) int { return push(L, glua.LTrue) }},
		{"set_repl", s.redisSetRepl}, {"acl_check_cmd", s.redisACL},
		{"breakpoint", func(L *glua.LState) int { return push(L, glua.LFalse) }},
		{"debug", func(*glua.LState) int { return 0 }},
	})
	for _, c := range []struct {
		name  string
		value int
	}{
		{"LOG_DEBUG", logDebug}, {"LOG_VERBOSE", logVerbose}, {"LOG_NOTICE", logNotice}, {"LOG_WARNING", logWarning},
		{"REPL_NONE", replNone}, {"REPL_AOF", replAOF}, {"REPL_SLAVE", replReplica}, {"REPL_REPLICA", replReplica},
		{"REPL_ALL", replAll}, {"REDIS_VERSION_NUM", redisVersionNumber},
	} {
		t.RawSetString(c.name, glua.LNumber(c.value))
	}
	t.RawSetString("REDIS_VERSION", glua.LString(redisVersion))
	return t
}

// Texts of the errors of redis.call's arguments.
const (
	errCallNoArguments  = "ERR Please specify at least one argument for this redis lib call"
	errCallBadArguments = "ERR Lua redis lib command arguments must be strings or integers"
)

// redisCall runs a command. An error reply is raised by redis.call and returned
// by redis.pcall.
func (s *state) redisCall(L *glua.LState, raise bool) int {
	reply, failed := s.callCommand(L)
	if failed && raise {
		s.throw(L, reply)
	}
	return push(L, reply)
}

func (s *state) callCommand(L *glua.LState) (reply glua.LValue, failed bool) {
	n := L.GetTop()
	if n == 0 {
		return s.errorTable(L, errCallNoArguments), true
	}
	if !s.arguments(L, n) {
		return s.errorTable(L, errCallBadArguments), true
	}
	s.spend(L, stepsPerCall)
	s.work(L, len(s.arena))
	s.inner.Reset()
	s.inner.SetProto(s.run.proto)
	s.enter()
	s.spend(L, len(s.inner.Bytes())/8)
	d := decoder{s: s, L: L, in: s.inner.Bytes()}
	reply = d.value()
	return reply, len(s.inner.Bytes()) > 0 && s.inner.Bytes()[0] == '-'
}

// enter runs the command in s.argv. A panic there is the machine's bug, not the
// script's: it must not end in a pcall, see runScript.
func (s *state) enter() {
	defer func() {
		if r := recover(); r != nil {
			s.run.bug = r
			panic(r)
		}
	}()
	s.run.job.ctx.Call(s.argv, &s.inner)
}

// arguments copies the arguments of a call to s.argv; false: one of them is
// neither string nor number.
func (s *state) arguments(L *glua.LState, n int) bool {
	s.arena, s.argv = s.arena[:0], s.argv[:0]
	for i := 1; i <= n; i++ {
		switch v := L.Get(i).(type) {
		case glua.LString:
			s.arena = append(s.arena, v...)
		case glua.LNumber:
			s.arena = append(s.arena, formatGeneral(float64(v), 17)...)
		default:
			return false
		}
		s.argv = append(s.argv, s.arena[:len(s.arena):len(s.arena)])
	}
	// The arena may have moved while it grew: cut the arguments out again.
	from := 0
	for i, a := range s.argv {
		to := len(a)
		s.argv[i] = s.arena[from:to:to]
		from = to
	}
	return true
}

// errorTable returns an error reply as scripts see it.
func (s *state) errorTable(L *glua.LState, text string) *glua.LTable {
	return s.fieldTable(L, "err", text)
}

func (s *state) fieldTable(L *glua.LState, name, text string) *glua.LTable {
	t := s.newTable(L, 0, 1)
	t.RawSetString(name, s.newString(L, text))
	return t
}

// raiseError raises an error reply.
func (s *state) raiseError(L *glua.LState, text string) int {
	s.throw(L, s.errorTable(L, text))
	return 0
}

const errReplyArgument = "ERR wrong number or type of arguments"

func (s *state) redisErrorReply(L *glua.LState) int {
	text, ok := L.Get(1).(glua.LString)
	if !ok || L.GetTop() != 1 {
		return push(L, s.errorTable(L, errReplyArgument))
	}
	message := strings.TrimPrefix(string(text), "-")
	message = strings.TrimRight(message, "\r\n")
	if !strings.Contains(message, " ") {
		message = "ERR " + message
	}
	return push(L, s.errorTable(L, message))
}

func (s *state) redisStatusReply(L *glua.LState) int {
	text, ok := L.Get(1).(glua.LString)
	if !ok || L.GetTop() != 1 {
		return push(L, s.errorTable(L, errReplyArgument))
	}
	return push(L, s.fieldTable(L, "ok", string(text)))
}

// redisLog checks its arguments; members do not write the same message each to
// its own log.
func (s *state) redisLog(L *glua.LState) int {
	if L.GetTop() < 2 {
		return s.raiseError(L, "ERR redis.log() requires two arguments or more.")
	}
	level, ok := toNumber(L.Get(1))
	if !ok {
		return s.raiseError(L, "ERR First argument must be a number (log level).")
	}
	if n := toInt64(level); n < logDebug || n > logWarning {
		return s.raiseError(L, "ERR Invalid debug level.")
	}
	return 0
}

func (s *state) redisSha1(L *glua.LState) int {
	if L.GetTop() != 1 {
		return s.raiseError(L, "ERR wrong number of arguments")
	}
	text := plainString(L.Get(1))
	s.spend(L, len(text)/8)
	return push(L, s.newString(L, digest(text)))
}

func (s *state) redisSetResp(L *glua.LState) int {
	if L.GetTop() != 1 {
		return s.raiseError(L, "ERR redis.setresp() requires one argument.")
	}
	n, _ := toNumber(L.Get(1))
	if n != 2 && n != 3 {
		return s.raiseError(L, "ERR RESP version must be 2 or 3.")
	}
	s.run.proto = int(n)
	return 0
}

// redisSetRepl checks its argument; the log replicates all or nothing.
func (s *state) redisSetRepl(L *glua.LState) int {
	if L.GetTop() != 1 {
		return s.raiseError(L, "ERR redis.set_repl() requires two arguments.")
	}
	if n, _ := toNumber(L.Get(1)); toInt64(n)&^replAll != 0 {
		return s.raiseError(L, "ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.")
	}
	return 0
}

// redisACL says yes: what the user may do was decided before the script began,
// and is not known to the state machine.
func (s *state) redisACL(L *glua.LState) int {
	if L.GetTop() == 0 {
		return s.raiseError(L, errCallNoArguments)
	}
	if !s.arguments(L, L.GetTop()) {
		return s.raiseError(L, "ERR redis.acl_check_cmd() requires string arguments")
	}
	return push(L, glua.LTrue)
}

// replyError writes the reply of a script that ended with an error.
func (s *state) replyError(err *glua.ApiError) {
	text := "ERR unknown error"
	switch v := err.Object.(type) {
	case *glua.LTable:
		if field := v.RawGetString("err"); isStringLike(field) {
			text = plainString(field)
		}
	case glua.LString, glua.LNumber:
		text = "ERR " + plainString(v)
	default:
		text = "ERR " + s.display(v)
	}
	if at := s.run.raised; at.source != "" {
		text += " script: " + s.run.job.sha + ", on " + at.source + ":" + strconv.Itoa(at.line) + "."
	}
	s.run.job.ctx.W.Error(text)
}
