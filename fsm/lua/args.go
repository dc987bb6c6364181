package lua

import (
	"strconv"

	glua "github.com/yuin/gopher-lua"
)

// The check functions read argument i of the running library function and raise
// Lua's error if it is of the wrong type.

// argError raises "bad argument #1 to 'name' (problem)".
func (s *state) argError(L *glua.LState, i int, problem string) {
	name := "?"
	if _, site, ok := s.frame(L, 1); ok && len(site.Names) > 0 && site.Names[0] != "" {
		name = quotedName(site.Names[0])
		if site.Method {
			if i--; i == 0 {
				s.fail(L, "calling '"+name+"' on bad self ("+problem+")")
			}
		}
	}
	s.fail(L, "bad argument #"+strconv.Itoa(i)+" to '"+name+"' ("+problem+")")
}

// quotedName returns the name in a description such as "field 'format'".
func quotedName(description string) string {
	for i := range description {
		if description[i] == '\'' {
			return description[i+1 : len(description)-1]
		}
	}
	return "?"
}

// typeError raises "bad argument #1 to 'name' (string expected, got nil)".
func (s *state) typeError(L *glua.LState, i int, want string) {
	got := "no value"
	if i <= L.GetTop() {
		got = L.Get(i).Type().String()
	}
	s.argError(L, i, want+" expected, got "+got)
}

func (s *state) checkAny(L *glua.LState, i int) glua.LValue {
	if i > L.GetTop() {
		s.argError(L, i, "value expected")
	}
	return L.Get(i)
}

func (s *state) checkString(L *glua.LState, i int) string {
	v := L.Get(i)
	if !isStringLike(v) {
		s.typeError(L, i, "string")
	}
	return plainString(v)
}

func (s *state) optString(L *glua.LState, i int, missing string) string {
	if L.Get(i) == glua.LNil {
		return missing
	}
	return s.checkString(L, i)
}

func (s *state) checkNumber(L *glua.LState, i int) float64 {
	n, ok := toNumber(L.Get(i))
	if !ok {
		s.typeError(L, i, "number")
	}
	return n
}

func (s *state) optNumber(L *glua.LState, i int, missing float64) float64 {
	if L.Get(i) == glua.LNil {
		return missing
	}
	return s.checkNumber(L, i)
}

func (s *state) checkInt(L *glua.LState, i int) int { return toInt(s.checkNumber(L, i)) }

func (s *state) optInt(L *glua.LState, i, missing int) int {
	return toInt(s.optNumber(L, i, float64(missing)))
}

// checkTable returns a table to read from: what a locked one stands for.
func (s *state) checkTable(L *glua.LState, i int) *glua.LTable {
	t, ok := L.Get(i).(*glua.LTable)
	if !ok {
		s.typeError(L, i, "table")
	}
	return s.real(t)
}

// checkOwnTable returns a table to write to; a locked one is an error.
func (s *state) checkOwnTable(L *glua.LState, i int) *glua.LTable {
	t, ok := L.Get(i).(*glua.LTable)
	if !ok {
		s.typeError(L, i, "table")
	}
	if _, locked := s.reals[t]; locked {
		s.throw(L, glua.LString(errReadOnlyTable))
	}
	return t
}

func (s *state) checkFunction(L *glua.LState, i int) *glua.LFunction {
	f, ok := L.Get(i).(*glua.LFunction)
	if !ok {
		s.typeError(L, i, "function")
	}
	return f
}
