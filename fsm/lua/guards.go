package lua

import (
	"strings"

	glua "github.com/yuin/gopher-lua"

	"github.com/redoubtdb/redoubt/fsm/lua/syntax"
)

// makeGuards makes the functions that package syntax puts calls of into programs.
func (s *state) makeGuards() {
	for _, g := range syntax.Guards() {
		s.guards = append(s.guards, s.L.NewFunction(s.guard(g)))
	}
}

func (s *state) guard(g syntax.Guard) glua.LGFunction {
	switch g {
	case syntax.GuardConcat:
		return s.guardConcat
	case syntax.GuardStore:
		return s.guardStore
	case syntax.GuardAlloc:
		return s.guardAlloc
	case syntax.GuardTable:
		return s.guardTable
	case syntax.GuardStart:
		return s.guardNumber("'for' initial value must be a number")
	case syntax.GuardLimit:
		return s.guardNumber("'for' limit must be a number")
	case syntax.GuardStep:
		return s.guardNumber("'for' step must be a number")
	case syntax.GuardGlobal:
		return func(L *glua.LState) int { s.fail(L, errReadOnlyTable); return 0 }
	}
	panic("lua: no such guard: " + string(g))
}

// guardAlloc charges for what a function or loop allocates when it runs.
func (s *state) guardAlloc(L *glua.LState) int {
	n, _ := L.Get(1).(glua.LNumber)
	s.alloc(L, int(n))
	return 0
}

// guardNumber returns its argument as a number.
func (s *state) guardNumber(problem string) glua.LGFunction {
	return func(L *glua.LState) int {
		n, ok := toNumber(L.Get(1))
		if !ok {
			s.fail(L, problem)
		}
		L.Push(glua.LNumber(n))
		return 1
	}
}

// guardStore stores a value in a table under a computed key.
func (s *state) guardStore(L *glua.LState) int {
	s.store(L, L.Get(1), L.Get(2), L.Get(3))
	return 0
}

// store does t[k] = v with all that metatables say.
func (s *state) store(L *glua.LState, t, k, v glua.LValue) {
	const maxLinks = 100
	for range maxLinks {
		tb, ok := t.(*glua.LTable)
		if !ok {
			s.badOperand(L, "index", 0, t)
		}
		if tb.Metatable == glua.LNil || tb.RawGet(k) != glua.LNil {
			s.rawSet(L, tb, k, v)
			return
		}
		next := L.GetMetaField(t, "__newindex")
		switch next := next.(type) {
		case *glua.LNilType:
			s.rawSet(L, tb, k, v)
			return
		case *glua.LFunction:
			L.Push(next)
			L.Push(t)
			L.Push(k)
			L.Push(v)
			L.Call(3, 0)
			return
		}
		t = next
	}
	s.fail(L, "loop in settable")
}

// guardTable looks at a table whose constructor had values of unknown number,
// and stores the fields that had computed keys.
func (s *state) guardTable(L *glua.LState) int {
	t := L.Get(1).(*glua.LTable)
	n := t.Len()
	s.alloc(L, n*costItem)
	s.spend(L, n/8)
	trim(t, L.GetTop()+n)
	for i := 2; i < L.GetTop(); i += 2 {
		k := L.Get(i)
		if index, ok := k.(glua.LNumber); ok && 1 <= index && int(index) <= n && index == glua.LNumber(int(index)) {
			continue // array items are stored last
		}
		s.rawSet(L, t, k, L.Get(i+1))
	}
	L.Push(t)
	return 1
}

// guardConcat concatenates its arguments, from the right to the left.
func (s *state) guardConcat(L *glua.LState) int {
	last := L.GetTop()
	value := L.Get(last)
	for last > 1 {
		first := last
		if isStringLike(value) {
			for first > 1 && isStringLike(L.Get(first-1)) {
				first--
			}
		}
		if first < last {
			value = s.join(L, first, last, value)
			last = first
			continue
		}
		value = s.metaConcat(L, L.Get(last-1), value, last)
		last--
	}
	L.Push(value)
	return 1
}

// join concatenates the arguments first..last, all strings or numbers; the last
// of them is value.
func (s *state) join(L *glua.LState, first, last int, value glua.LValue) glua.LValue {
	parts := make([]string, 0, last-first+1)
	size := 0
	for i := first; i <= last; i++ {
		v := L.Get(i)
		if i == last {
			v = value
		}
		text := plainString(v)
		parts, size = append(parts, text), size+len(text)
	}
	s.room(L, size)
	return s.newString(L, strings.Join(parts, ""))
}

// metaConcat concatenates two values of which one is neither string nor number.
func (s *state) metaConcat(L *glua.LState, left, right glua.LValue, at int) glua.LValue {
	for _, v := range []glua.LValue{left, right} {
		if fn, ok := L.GetMetaField(v, "__concat").(*glua.LFunction); ok {
			L.Push(fn)
			L.Push(left)
			L.Push(right)
			L.Call(2, 1)
			result := L.Get(-1)
			L.Pop(1)
			return result
		}
	}
	if isStringLike(left) {
		s.badOperand(L, "concatenate", at-1, right)
	}
	s.badOperand(L, "concatenate", at-2, left)
	return nil
}
