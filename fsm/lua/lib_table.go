package lua

import (
	"strconv"
	"strings"

	glua "github.com/yuin/gopher-lua"
)

func (s *state) tableLibrary() []entry {
	return []entry{
		{"concat", s.tabConcat}, {"foreach", s.tabForeach}, {"foreachi", s.tabForeachi}, {"getn", s.tabGetn},
		{"insert", s.tabInsert}, {"maxn", s.tabMaxn}, {"remove", s.tabRemove}, {"setn", s.tabSetn}, {"sort", s.tabSort},
	}
}

func (s *state) tabConcat(L *glua.LState) int {
	separator := s.optString(L, 2, "")
	t := s.checkTable(L, 1)
	from := s.optInt(L, 3, 1)
	to := s.optInt(L, 4, t.Len())
	var out strings.Builder
	for i := from; i <= to; i++ {
		s.spend(L, 1)
		v := t.RawGet(glua.LNumber(i))
		if !isStringLike(v) {
			s.fail(L, "invalid value ("+v.Type().String()+") at index "+strconv.Itoa(i)+" in table for 'concat'")
		}
		text := plainString(v)
		s.room(L, out.Len()+len(text)+len(separator))
		out.WriteString(text)
		if i < to {
			out.WriteString(separator)
		}
	}
	return push(L, s.newString(L, out.String()))
}

// visit calls a function with a key and a value, and reports whether it returned
// something, which is then on the stack.
func (s *state) visit(L *glua.LState, fn *glua.LFunction, k, v glua.LValue) bool {
	L.Push(fn)
	L.Push(k)
	L.Push(v)
	L.Call(2, 1)
	if L.Get(-1) != glua.LNil {
		return true
	}
	L.Pop(1)
	return false
}

func (s *state) tabForeach(L *glua.LState) int {
	t, fn := s.checkTable(L, 1), s.checkFunction(L, 2)
	for k, v := t.Next(glua.LNil); k != glua.LNil; k, v = t.Next(k) {
		s.spend(L, 1)
		if s.visit(L, fn, k, v) {
			return 1
		}
	}
	return 0
}

func (s *state) tabForeachi(L *glua.LState) int {
	t, fn := s.checkTable(L, 1), s.checkFunction(L, 2)
	n := t.Len()
	for i := 1; i <= n; i++ {
		s.spend(L, 1)
		if s.visit(L, fn, glua.LNumber(i), t.RawGetInt(i)) {
			return 1
		}
	}
	return 0
}

func (s *state) tabGetn(L *glua.LState) int {
	return push(L, glua.LNumber(s.checkTable(L, 1).Len()))
}

func (s *state) tabSetn(L *glua.LState) int {
	s.checkTable(L, 1)
	s.fail(L, "'setn' is obsolete")
	return 0
}

func (s *state) tabMaxn(L *glua.LState) int {
	t := s.checkTable(L, 1)
	highest := 0.0
	for k, _ := t.Next(glua.LNil); k != glua.LNil; k, _ = t.Next(k) {
		s.spend(L, 1)
		if n, ok := k.(glua.LNumber); ok {
			highest = max(highest, float64(n))
		}
	}
	return push(L, glua.LNumber(highest))
}

func (s *state) tabInsert(L *glua.LState) int {
	t := s.checkOwnTable(L, 1)
	end := t.Len() + 1
	switch L.GetTop() {
	case 2:
		s.setItem(L, t, end, L.Get(2))
	case 3:
		pos := s.checkInt(L, 2)
		s.insertAt(L, t, end, pos, L.Get(3))
	default:
		s.fail(L, "wrong number of arguments to 'insert'")
	}
	return 0
}

// insertAt moves the items from pos on up by one, of which the last is end-1.
func (s *state) insertAt(L *glua.LState, t *glua.LTable, end, pos int, v glua.LValue) {
	if pos < 1 || pos >= end {
		for i := end; i > pos; i-- { // odd positions: below the array
			s.rawSet(L, t, glua.LNumber(i), t.RawGet(glua.LNumber(i-1)))
		}
		s.rawSet(L, t, glua.LNumber(pos), v)
		return
	}
	s.spend(L, (end-pos)/8)
	s.setItem(L, t, end, t.RawGetInt(end-1))
	for i := end - 1; i > pos; i-- {
		t.RawSetInt(i, t.RawGetInt(i-1))
	}
	s.setItem(L, t, pos, v)
}

func (s *state) tabRemove(L *glua.LState) int {
	t := s.checkOwnTable(L, 1)
	end := t.Len()
	pos := s.optInt(L, 2, end)
	if pos < 1 || pos > end {
		return 0
	}
	removed := t.RawGetInt(pos)
	s.spend(L, (end-pos)/8)
	for i := pos; i < end; i++ {
		t.RawSetInt(i, t.RawGetInt(i+1))
	}
	s.setItem(L, t, end, glua.LNil)
	return push(L, removed)
}

// tabSort sorts by merging: always the same result for the same comparisons, and
// never more of them than n log n, whatever the function answers.
func (s *state) tabSort(L *glua.LState) int {
	t := s.checkOwnTable(L, 1)
	n := t.Len()
	less := s.lessThan(L)
	if L.GetTop() >= 2 && L.Get(2) != glua.LNil {
		less = s.lessBy(L, s.checkFunction(L, 2))
	}
	s.alloc(L, 2*n*costItem)
	items, spare := make([]glua.LValue, n), make([]glua.LValue, n)
	for i := range items {
		items[i] = t.RawGetInt(i + 1)
	}
	mergeSort(items, spare, less)
	for i, v := range items {
		t.RawSetInt(i+1, v)
	}
	trim(t, n)
	return 0
}

type order func(a, b glua.LValue) bool

func (s *state) lessBy(L *glua.LState, fn *glua.LFunction) order {
	return func(a, b glua.LValue) bool {
		s.spend(L, 2)
		L.Push(fn)
		L.Push(a)
		L.Push(b)
		L.Call(2, 1)
		less := glua.LVAsBool(L.Get(-1))
		L.Pop(1)
		return less
	}
}

// lessThan is Lua's <, with its errors, which have no position here.
func (s *state) lessThan(L *glua.LState) order {
	return func(a, b glua.LValue) bool {
		s.spend(L, 2)
		switch x := a.(type) {
		case glua.LNumber:
			if y, ok := b.(glua.LNumber); ok {
				return x < y
			}
		case glua.LString:
			if y, ok := b.(glua.LString); ok {
				s.work(L, min(len(x), len(y)))
				return x < y
			}
		case *glua.LTable:
			if fn, ok := L.GetMetaField(x, "__lt").(*glua.LFunction); ok && L.GetMetaField(b, "__lt") == fn {
				return s.lessBy(L, fn)(a, b)
			}
		}
		s.throw(L, glua.LString(badComparison("attempt to compare "+a.Type().String()+" with "+b.Type().String())))
		return false
	}
}

// mergeSort sorts items, which are equal to nobody's order but less's.
func mergeSort(items, spare []glua.LValue, less order) {
	if len(items) < 2 {
		return
	}
	half := len(items) / 2
	left, right := items[:half], items[half:]
	mergeSort(left, spare[:half], less)
	mergeSort(right, spare[half:], less)
	copy(spare, items)
	left, right = spare[:half], spare[half:]
	for i := range items {
		if len(left) == 0 || len(right) > 0 && less(right[0], left[0]) {
			items[i], right = right[0], right[1:]
		} else {
			items[i], left = left[0], left[1:]
		}
	}
}
