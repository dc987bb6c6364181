package lua

import (
	"strings"

	glua "github.com/yuin/gopher-lua"
)

// reply writes what a script returned.
func (s *state) reply(v glua.LValue) {
	w := s.run.job.ctx.W
	at := w.Len()
	e := encoder{s: s}
	if e.value(v, 0) {
		return
	}
	w.Truncate(min(at, w.Len()))
	if s.budget.why != "" {
		w.Error("ERR " + s.budget.why)
		return
	}
	w.Error("ERR reached lua stack limit")
}

// encoder turns Lua values into replies.
type encoder struct{ s *state }

// value writes one value; false: it is nested too deeply, or the budget is spent:
// tables that hold another twice can make a reply of any size.
func (e *encoder) value(v glua.LValue, depth int) bool {
	w := e.s.run.job.ctx.W
	size := len(plainString(v))
	if depth > maxReplyDepth || !e.s.budget.spend(stepsPerValue+size/bytesPerStep) || !e.s.budget.alloc(costItem+size) {
		return false
	}
	switch v := v.(type) {
	case glua.LString:
		w.BulkString(string(v))
	case glua.LNumber:
		w.Int(toInt64(float64(v)))
	case glua.LBool:
		e.boolean(bool(v))
	case *glua.LTable:
		return e.table(v, depth)
	default:
		w.Null()
	}
	return true
}

// boolean writes a boolean if the script chose RESP3; else true is one and false
// is null.
func (e *encoder) boolean(b bool) {
	w := e.s.run.job.ctx.W
	switch {
	case e.s.run.proto == 3:
		w.Bool(b)
	case b:
		w.Int(1)
	default:
		w.Null()
	}
}

// table writes a table as the reply that one of its fields names, else as an array.
func (e *encoder) table(t *glua.LTable, depth int) bool {
	w := e.s.run.job.ctx.W
	t = e.s.real(t)
	if text, ok := t.RawGetString("err").(glua.LString); ok {
		w.Error(flat(strings.TrimRight(string(text), "\r\n")))
		return true
	}
	if text, ok := t.RawGetString("ok").(glua.LString); ok {
		w.SimpleString(flat(string(text)))
		return true
	}
	if n, ok := t.RawGetString("double").(glua.LNumber); ok {
		w.Double(float64(n))
		return true
	}
	if m, ok := t.RawGetString("map").(*glua.LTable); ok {
		return e.mapping(m, depth)
	}
	if m, ok := t.RawGetString("set").(*glua.LTable); ok {
		return e.set(m, depth)
	}
	if text, ok := t.RawGetString("big_number").(glua.LString); ok {
		w.BigNumber(flat(string(text)))
		return true
	}
	if v, ok := t.RawGetString("verbatim_string").(*glua.LTable); ok {
		text, okText := v.RawGetString("string").(glua.LString)
		format, okFormat := v.RawGetString("format").(glua.LString)
		if okText && okFormat {
			w.Verbatim((string(format) + "   ")[:3], string(text))
			return true
		}
	}
	return e.array(t, depth)
}

// flat replaces what would end the line of a reply.
func flat(text string) string {
	return strings.NewReplacer("\r", " ", "\n", " ").Replace(text)
}

// array writes the items up to the first nil.
func (e *encoder) array(t *glua.LTable, depth int) bool {
	n := 0
	for t.RawGetInt(n+1) != glua.LNil {
		n++
	}
	e.s.run.job.ctx.W.Array(n)
	for i := 1; i <= n; i++ {
		if !e.value(t.RawGetInt(i), depth+1) {
			return false
		}
	}
	return true
}

func (e *encoder) mapping(t *glua.LTable, depth int) bool {
	e.s.run.job.ctx.W.Map(fields(t))
	for k, v := t.Next(glua.LNil); k != glua.LNil; k, v = t.Next(k) {
		if !e.value(k, depth+1) || !e.value(v, depth+1) {
			return false
		}
	}
	return true
}

func (e *encoder) set(t *glua.LTable, depth int) bool {
	e.s.run.job.ctx.W.Set(fields(t))
	for k, _ := t.Next(glua.LNil); k != glua.LNil; k, _ = t.Next(k) {
		if !e.value(k, depth+1) {
			return false
		}
	}
	return true
}

func fields(t *glua.LTable) int {
	n := 0
	for k, _ := t.Next(glua.LNil); k != glua.LNil; k, _ = t.Next(k) {
		n++
	}
	return n
}
