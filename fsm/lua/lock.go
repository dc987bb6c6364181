package lua

import (
	glua "github.com/yuin/gopher-lua"
)

// errReadOnlyTable is what a script gets that tries to change what is locked.
const errReadOnlyTable = "Attempt to modify a readonly table"

// entry is a member of a library.
type entry struct {
	name string
	fn   glua.LGFunction
}

// library makes a table of functions.
func (s *state) library(entries []entry) *glua.LTable {
	t := s.L.CreateTable(0, len(entries))
	for _, e := range entries {
		t.RawSetString(e.name, s.L.NewFunction(e.fn))
	}
	return t
}

// locked returns a table that scripts can read t through, and not change. It is
// empty itself, so that every store reaches its metatable.
func (s *state) locked(t *glua.LTable) *glua.LTable {
	proxy, mt := s.L.CreateTable(0, 0), s.L.CreateTable(0, 2)
	mt.RawSetString("__index", t)
	mt.RawSetString("__newindex", s.L.NewFunction(func(L *glua.LState) int {
		s.fail(L, errReadOnlyTable)
		return 0
	}))
	proxy.Metatable = mt
	if s.reals == nil {
		s.reals = map[*glua.LTable]*glua.LTable{}
	}
	s.reals[proxy] = t
	return proxy
}

// real returns the table that a locked one stands for, any other as it is.
func (s *state) real(t *glua.LTable) *glua.LTable {
	if t.Metatable == glua.LNil {
		return t
	}
	if r, ok := s.reals[t]; ok {
		return r
	}
	return t
}

// openLibraries fills the globals. Only what Redis 7.0 has is there, and none of
// it can be changed.
func (s *state) openLibraries() {
	g := s.globals
	for _, e := range s.baseLibrary() {
		g.RawSetString(e.name, s.L.NewFunction(e.fn))
	}
	g.RawSetString("_VERSION", glua.LString("Lua 5.1"))
	s.texts = s.library(s.stringLibrary())
	g.RawSetString("string", s.locked(s.texts))
	g.RawSetString("table", s.locked(s.library(s.tableLibrary())))
	g.RawSetString("math", s.locked(s.mathLibrary()))
	g.RawSetString("coroutine", s.locked(s.library(s.coroutineLibrary())))
	g.RawSetString("bit", s.locked(s.library(s.bitLibrary())))
	g.RawSetString("cjson", s.locked(s.jsonLibrary()))
	g.RawSetString("cmsgpack", s.locked(s.msgpackLibrary()))
	g.RawSetString("struct", s.locked(s.library(s.structLibrary())))
	g.RawSetString("redis", s.locked(s.redisLibrary()))
	g.RawSetString("_G", s.locked(g))
	mt := s.L.CreateTable(0, 1)
	mt.RawSetString("__index", s.L.NewFunction(s.missingGlobal))
	g.Metatable = mt
}

// missingGlobal is what reading an unknown global calls.
func (s *state) missingGlobal(L *glua.LState) int {
	s.fail(L, "Script attempted to access nonexistent global variable '"+plainString(L.Get(2))+"'")
	return 0
}
