package lua

import (
	"strings"

	glua "github.com/yuin/gopher-lua"

	"github.com/redoubtdb/redoubt/fsm/lua/syntax"
)

func (s *state) baseLoadString(L *glua.LState) int {
	source := s.checkString(L, 1)
	return s.loaded(L, source, s.optString(L, 2, source))
}

// baseLoad compiles what a function returns piece by piece.
func (s *state) baseLoad(L *glua.LState) int {
	reader := s.checkFunction(L, 1)
	name := s.optString(L, 2, "=(load)")
	var source strings.Builder
	for {
		L.Push(reader)
		L.Call(0, 1)
		piece := L.Get(-1)
		L.Pop(1)
		if piece != glua.LNil && !isStringLike(piece) {
			return push(L, glua.LNil, glua.LString("reader function must return a string"))
		}
		text := plainString(piece)
		if text == "" {
			return s.loaded(L, source.String(), name)
		}
		s.alloc(L, len(text))
		source.WriteString(text)
		if source.Len() > syntax.MaxSource {
			return push(L, glua.LNil, glua.LString(syntax.ChunkName(name)+":1: chunk is too large"))
		}
	}
}

// loaded compiles a chunk for the script and pushes it as a function, or nil and
// the error. Its charge does not depend on what the cache holds.
func (s *state) loaded(L *glua.LState, source, name string) int {
	s.spend(L, stepsPerError+len(source)*stepsPerCompile)
	s.alloc(L, len(source)*costItem)
	c, err := s.engine.compile(source, name)
	if err != nil {
		return push(L, glua.LNil, s.newString(L, err.Error()))
	}
	s.run.chunks[c.key] = c
	return push(L, s.instantiate(L, c))
}
