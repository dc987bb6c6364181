package lua

import (
	"strconv"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"github.com/redoubtdb/redoubt/fsm/lua/syntax"
)

// position is where an error came from, as Redis adds it to the reply.
type position struct {
	source string // name of the chunk, "@user_script"; empty: unknown
	line   int
}

// raise is called by gopher-lua when an error begins; the value is on top of the
// stack. It never returns.
func (s *state) raise(L *glua.LState) {
	value := L.Get(-1)
	if text, ok := value.(glua.LString); ok {
		value = glua.LString(s.translate(string(text)))
	}
	s.run.raised = s.origin(L)
	s.budget.spend(stepsPerError)
	// A stack trace, if there is none, would be made with work that grows with
	// the square of the depth.
	panic(&glua.ApiError{Type: glua.ApiErrorRun, Object: value, StackTrace: "-"})
}

// origin returns the position of the function that raises, or of its caller if
// that is one of ours.
func (s *state) origin(L *glua.LState) position {
	for level := range 2 {
		if c, site, ok := s.frame(L, level); ok {
			return position{source: c.name, line: site.Line}
		}
	}
	return position{source: "=[C]", line: -1}
}

// frame returns where the function at a level of the stack is; false if it is
// none written in Lua. Level 0 is the function that is running.
func (s *state) frame(L *glua.LState, level int) (*chunk, syntax.Site, bool) {
	debug, ok := L.GetStack(level)
	if !ok {
		return nil, syntax.Site{}, false
	}
	fn, err := L.GetInfo("fSl", debug, glua.LNil)
	if f, isFn := fn.(*glua.LFunction); err != nil || !isFn || f.IsG {
		return nil, syntax.Site{}, false
	}
	c := s.run.chunks[debug.Source]
	if c == nil {
		return nil, syntax.Site{}, false
	}
	return c, c.site(debug.CurrentLine), true
}

// where returns the prefix of a message, "user_script:1: ", for a level; empty
// if there is no Lua function.
func (s *state) where(L *glua.LState, level int) string {
	c, site, ok := s.frame(L, level)
	if !ok {
		return ""
	}
	return c.shown + ":" + strconv.Itoa(site.Line) + ": "
}

// fail raises an error with the position of the function that called ours.
func (s *state) fail(L *glua.LState, message string) {
	s.throw(L, glua.LString(s.where(L, 1)+message))
}

// throw raises a value as it is.
func (s *state) throw(L *glua.LState, value glua.LValue) { L.Error(value, 0) }

// stop ends the run for good.
func (s *state) stop(L *glua.LState) { s.throw(L, glua.LString(s.budget.why)) }

// operand returns the description of operand i at the place where the calling
// Lua function is: " local 'x'", or nothing.
func (s *state) operand(L *glua.LState, i int) string {
	_, site, ok := s.frame(L, 1)
	if !ok || i >= len(site.Names) || site.Names[i] == "" {
		return ""
	}
	return site.Names[i]
}

// badOperand raises "attempt to <action> <operand> (a <type> value)".
func (s *state) badOperand(L *glua.LState, action string, i int, value glua.LValue) {
	s.fail(L, attempt(action, s.operand(L, i), value.Type().String()))
}

func attempt(action, name, kind string) string {
	if name == "" {
		return "attempt to " + action + " a " + kind + " value"
	}
	return "attempt to " + action + " " + name + " (a " + kind + " value)"
}

// translate turns a message of gopher-lua into Lua's. Those begin with the key of
// a chunk and the number of a site; all others stay as they are.
func (s *state) translate(text string) string {
	if !strings.HasPrefix(text, keyMark) {
		return text
	}
	key, rest, _ := strings.Cut(text, ":")
	number, message, ok := strings.Cut(rest, ": ")
	c := s.run.chunks[key]
	id, err := strconv.Atoi(number)
	if !ok || c == nil || err != nil {
		return text
	}
	site := c.site(id)
	return c.shown + ":" + strconv.Itoa(site.Line) + ": " + s.message(message, site)
}

// message translates the text of an error of gopher-lua's virtual machine. What
// values other than tables are misused for is caught by metatables of ours, so
// these are about tables, comparisons and limits.
func (s *state) message(text string, site syntax.Site) string {
	name := func(i int) string {
		if i < len(site.Names) {
			return site.Names[i]
		}
		return ""
	}
	switch {
	case text == "attempt to call a non-function object":
		return attempt("call", name(0), "table")
	case text == "__unm undefined":
		return attempt("perform arithmetic on", name(0), "table")
	case text == "stack overflow" || text == "registry overflow":
		return "stack overflow"
	case text == "too many recursions in gettable" || text == "too many recursions in settable":
		return "loop in " + text[len("too many recursions in "):]
	case strings.HasPrefix(text, "cannot perform "):
		return badArithmetic(text, name)
	case strings.HasPrefix(text, "attempt to compare "):
		return badComparison(text)
	}
	return text
}

// badArithmetic reads "cannot perform add operation between table and number".
func badArithmetic(text string, name func(int) string) string {
	_, types, _ := strings.Cut(text, " between ")
	left, right, _ := strings.Cut(types, " and ")
	if left == "number" {
		return attempt("perform arithmetic on", name(1), right)
	}
	return attempt("perform arithmetic on", name(0), left)
}

// badComparison reads "attempt to compare table with table".
func badComparison(text string) string {
	left, right, _ := strings.Cut(strings.TrimPrefix(text, "attempt to compare "), " with ")
	if left == right {
		return "attempt to compare two " + left + " values"
	}
	return text
}
