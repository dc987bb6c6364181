package lua

import (
	"math"

	glua "github.com/yuin/gopher-lua"
)

// openMetatables gives metatables to the types that have none in Lua, so that
// what gopher-lua would do or say differently comes to us: calling, indexing and
// calculating with a nil, and numbers in strings, of which it reads "010" as 8.
func (s *state) openMetatables() {
	L := s.L
	plain := s.misuse()
	L.SetMetatable(glua.LNil, plain)
	L.SetMetatable(glua.LTrue, plain)
	L.SetMetatable(s.start, plain) // all functions
	L.SetMetatable(L, plain)       // all coroutines
	s.null.Metatable = plain

	number := s.misuse()
	for _, event := range arithmeticEvents() {
		number.RawSetString(event, glua.LNil)
	}
	L.SetMetatable(glua.LNumber(0), number)

	text := s.misuse()
	text.RawSetString("__index", s.texts)
	text.RawSetString("__len", glua.LNil)
	L.SetMetatable(glua.LString(""), text)
}

func arithmeticEvents() []string {
	return []string{"__add", "__sub", "__mul", "__div", "__mod", "__pow"}
}

// misuse makes a metatable of which every event is an error, but arithmetic where
// both operands turn out to be numbers.
func (s *state) misuse() *glua.LTable {
	mt := s.L.CreateTable(0, 16)
	set := func(event string, fn glua.LGFunction) { mt.RawSetString(event, s.L.NewFunction(fn)) }
	set("__index", s.badIndex)
	set("__newindex", s.badIndex)
	set("__call", func(L *glua.LState) int { s.badOperand(L, "call", 0, L.Get(1)); return 0 })
	set("__len", func(L *glua.LState) int { s.badOperand(L, "get length of", 0, L.Get(1)); return 0 })
	set("__unm", s.negate)
	for _, event := range arithmeticEvents() {
		set(event, s.arithmetic(event))
	}
	return mt
}

// badIndex is what indexing a value that is no table calls.
func (s *state) badIndex(L *glua.LState) int {
	operand := 0
	if _, site, ok := s.frame(L, 1); ok && site.Method {
		operand = 1 // the name of the method comes first
	}
	s.badOperand(L, "index", operand, L.Get(1))
	return 0
}

func (s *state) negate(L *glua.LState) int {
	n, ok := toNumber(L.Get(1))
	if !ok {
		s.badOperand(L, "perform arithmetic on", 0, L.Get(1))
	}
	L.Push(glua.LNumber(-n))
	return 1
}

// arithmetic returns the function of an event for values that are not both numbers.
func (s *state) arithmetic(event string) glua.LGFunction {
	return func(L *glua.LState) int {
		a, okA := toNumber(L.Get(1))
		b, okB := toNumber(L.Get(2))
		switch {
		case okA && okB:
			L.Push(glua.LNumber(calculate(event, a, b)))
			return 1
		case s.operandHas(L, event):
			return 1
		case okA:
			s.badOperand(L, "perform arithmetic on", 1, L.Get(2))
		}
		s.badOperand(L, "perform arithmetic on", 0, L.Get(1))
		return 0
	}
}

// operandHas calls the metamethod of an operand that is a table, if there is one.
func (s *state) operandHas(L *glua.LState, event string) bool {
	for i := 1; i <= 2; i++ {
		t, ok := L.Get(i).(*glua.LTable)
		if !ok {
			continue
		}
		if fn, ok := L.GetMetaField(t, event).(*glua.LFunction); ok {
			a, b := L.Get(1), L.Get(2)
			L.Push(fn)
			L.Push(a)
			L.Push(b)
			L.Call(2, 1)
			return true
		}
	}
	return false
}

func calculate(event string, a, b float64) float64 {
	switch event {
	case "__add":
		return a + b
	case "__sub":
		return a - b
	case "__mul":
		return a * b
	case "__div":
		return a / b
	case "__mod":
		return modulo(a, b)
	}
	return math.Pow(a, b)
}

// modulo is Lua's a % b: the result has the sign of b.
func modulo(a, b float64) float64 {
	m := math.Mod(a, b)
	if b > 0 && m < 0 || b < 0 && m > 0 {
		m += b
	}
	return m
}
