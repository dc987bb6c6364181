package lua

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	glua "github.com/yuin/gopher-lua"
)

func (s *state) baseLibrary() []entry {
	return []entry{
		{"assert", s.baseAssert}, {"collectgarbage", s.baseCollect}, {"error", s.baseError},
		{"gcinfo", func(L *glua.LState) int { return push(L, glua.LNumber(shownMemory)) }},
		{"getmetatable", s.baseGetMetatable}, {"setmetatable", s.baseSetMetatable},
		{"ipairs", s.baseIpairs}, {"pairs", s.basePairs}, {"next", s.baseNext},
		{"load", s.baseLoad}, {"loadstring", s.baseLoadString},
		{"pcall", s.basePcall}, {"xpcall", s.baseXpcall},
		{"rawequal", s.baseRawEqual}, {"rawget", s.baseRawGet}, {"rawset", s.baseRawSet},
		{"select", s.baseSelect}, {"tonumber", s.baseToNumber}, {"tostring", s.baseToString},
		{"type", s.baseType}, {"unpack", s.baseUnpack},
	}
}

// push pushes the results of a library function and returns their number.
func push(L *glua.LState, values ...glua.LValue) int {
	for _, v := range values {
		L.Push(v)
	}
	return len(values)
}

func (s *state) baseAssert(L *glua.LState) int {
	if glua.LVAsBool(s.checkAny(L, 1)) {
		return L.GetTop()
	}
	s.fail(L, s.optString(L, 2, "assertion failed!"))
	return 0
}

func (s *state) baseError(L *glua.LState) int {
	value := L.Get(1)
	level := s.optInt(L, 2, 1)
	L.SetTop(1)
	if isStringLike(value) && level > 0 {
		value = glua.LString(s.where(L, level) + plainString(value))
	}
	s.throw(L, value)
	return 0
}

// shownMemory is the number of kilobytes that scripts are told they use. The real
// one differs between members.
const shownMemory = 64

func (s *state) baseCollect(L *glua.LState) int {
	switch what := s.optString(L, 1, "collect"); what {
	case "count":
		return push(L, glua.LNumber(shownMemory))
	case "collect", "stop", "restart", "step", "setpause", "setstepmul":
		return push(L, glua.LNumber(0))
	default:
		s.argError(L, 1, "invalid option '"+what+"'")
	}
	return 0
}

func (s *state) baseGetMetatable(L *glua.LState) int {
	v := s.checkAny(L, 1)
	t, ok := v.(*glua.LTable)
	if _, locked := s.reals[t]; !ok || locked || t.Metatable == glua.LNil {
		return push(L, glua.LNil)
	}
	if field := L.GetMetaField(t, "__metatable"); field != glua.LNil {
		return push(L, field)
	}
	return push(L, t.Metatable)
}

func (s *state) baseSetMetatable(L *glua.LState) int {
	if _, ok := L.Get(1).(*glua.LTable); !ok {
		s.typeError(L, 1, "table")
	}
	mt, isTable := L.Get(2).(*glua.LTable)
	if !isTable && (L.Get(2) != glua.LNil || L.GetTop() < 2) {
		s.argError(L, 2, "nil or table expected")
	}
	t := s.checkOwnTable(L, 1)
	if L.GetMetaField(t, "__metatable") != glua.LNil {
		s.fail(L, "cannot change a protected metatable")
	}
	t.Metatable = glua.LNil
	if isTable {
		t.Metatable = s.real(mt)
	}
	return push(L, t)
}

func (s *state) baseIpairs(L *glua.LState) int {
	s.checkTable(L, 1)
	return push(L, s.co.ipairs, L.Get(1), glua.LNumber(0))
}

func (s *state) ipairsNext(L *glua.LState) int {
	i := s.checkInt(L, 2) + 1
	v := s.checkTable(L, 1).RawGetInt(i)
	if v == glua.LNil {
		return push(L, v)
	}
	return push(L, glua.LNumber(i), v)
}

func (s *state) basePairs(L *glua.LState) int {
	s.checkTable(L, 1)
	return push(L, s.co.next, L.Get(1), glua.LNil)
}

// baseNext is charged for the places of deleted fields and for holes that a step
// may have to walk over.
func (s *state) baseNext(L *glua.LState) int {
	t, key := s.checkTable(L, 1), L.Get(2)
	if g := s.run.graves[t]; g != nil {
		if cost := g.dead; key == glua.LNil {
			s.spend(L, 2*cost)
		} else {
			s.spend(L, cost/minRebuild)
		}
	}
	k, v := t.Next(key)
	if k == glua.LNil {
		return push(L, k)
	}
	if to, ok := arrayIndex(k); ok {
		from, _ := arrayIndex(key)
		s.spend(L, max(to-from, 0)/8)
	}
	return push(L, k, v)
}

func (s *state) basePcall(L *glua.LState) int {
	s.checkAny(L, 1)
	err := s.protect(L, L.GetTop()-1)
	if err == nil {
		L.Insert(glua.LTrue, 1)
		return L.GetTop()
	}
	s.endIfSpent(L)
	return push(L, glua.LFalse, plainError(err.Object))
}

// plainError returns the text of the errors that redis.call raises, which are
// tables, and any other error as it is: Redis' own pcall does so.
func plainError(v glua.LValue) glua.LValue {
	if t, ok := v.(*glua.LTable); ok {
		if text := t.RawGetString("err"); isStringLike(text) {
			return text
		}
	}
	return v
}

// endIfSpent raises again what no script may catch.
func (s *state) endIfSpent(L *glua.LState) {
	if s.budget.why != "" {
		s.stop(L)
	}
}

func (s *state) baseXpcall(L *glua.LState) int {
	s.checkAny(L, 2)
	handler := L.Get(2)
	L.SetTop(1)
	err := s.protect(L, 0)
	if err == nil {
		L.Insert(glua.LTrue, 1)
		return L.GetTop()
	}
	s.endIfSpent(L)
	L.SetTop(0)
	L.Push(handler)
	L.Push(err.Object)
	if second := s.protect(L, 1); second != nil {
		s.endIfSpent(L)
		return push(L, glua.LFalse, second.Object)
	}
	return push(L, glua.LFalse, L.Get(1))
}

func (s *state) baseRawEqual(L *glua.LState) int {
	return push(L, glua.LBool(L.RawEqual(s.checkAny(L, 1), s.checkAny(L, 2))))
}

func (s *state) baseRawGet(L *glua.LState) int {
	t := s.checkTable(L, 1)
	return push(L, t.RawGet(s.checkAny(L, 2)))
}

func (s *state) baseRawSet(L *glua.LState) int {
	t := s.checkOwnTable(L, 1)
	k := s.checkAny(L, 2)
	s.checkAny(L, 3)
	switch n, ok := k.(glua.LNumber); {
	case k == glua.LNil:
		s.throw(L, glua.LString("table index is nil"))
	case ok && math.IsNaN(float64(n)):
		s.throw(L, glua.LString("table index is NaN"))
	}
	s.rawSet(L, t, k, L.Get(3))
	return push(L, L.Get(1))
}

func (s *state) baseSelect(L *glua.LState) int {
	n := L.GetTop()
	if L.Get(1) == glua.LString("#") {
		return push(L, glua.LNumber(n-1))
	}
	i := s.checkInt(L, 1)
	if i < 0 {
		i = n + i
	} else {
		i = min(i, n)
	}
	if i < 1 {
		s.argError(L, 1, "index out of range")
	}
	return n - i
}

func (s *state) baseType(L *glua.LState) int {
	return push(L, glua.LString(s.checkAny(L, 1).Type().String()))
}

func (s *state) baseToString(L *glua.LState) int {
	return push(L, s.toString(L, s.checkAny(L, 1)))
}

// toString returns a value as a string, by its metamethod if it has one.
func (s *state) toString(L *glua.LState, v glua.LValue) glua.LValue {
	switch v := v.(type) {
	case glua.LString:
		return v
	case glua.LNumber:
		return s.newString(L, formatNumber(float64(v)))
	case *glua.LTable:
		if fn := L.GetMetaField(v, "__tostring"); fn != glua.LNil {
			L.Push(fn)
			L.Push(v)
			L.Call(1, 1)
			text := L.Get(-1)
			L.Pop(1)
			return text
		}
	}
	return s.newString(L, s.display(v))
}

// display prints a value that has no text of its own. Instead of an address it
// shows the order in which the script asked: that is the same on every member.
func (s *state) display(v glua.LValue) string {
	switch v := v.(type) {
	case *glua.LNilType, glua.LBool:
		return v.String()
	case *glua.LUserData:
		return "userdata: (nil)"
	}
	if s.run.names == nil {
		s.run.names = map[glua.LValue]int{}
	}
	n, ok := s.run.names[v]
	if !ok {
		n = len(s.run.names) + 1
		s.run.names[v] = n
		s.budget.alloc(costField)
	}
	return fmt.Sprintf("%s: 0x%012x", v.Type(), n)
}

func (s *state) baseToNumber(L *glua.LState) int {
	base := s.optInt(L, 2, 10)
	if base == 10 {
		if n, ok := toNumber(s.checkAny(L, 1)); ok {
			return push(L, glua.LNumber(n))
		}
		return push(L, glua.LNil)
	}
	text := strings.Trim(s.checkString(L, 1), " \t\n\v\f\r")
	if base < 2 || base > 36 {
		s.argError(L, 2, "base out of range")
	}
	negative := strings.HasPrefix(text, "-")
	text = strings.TrimPrefix(strings.TrimPrefix(text, "-"), "+")
	if base == 16 && (strings.HasPrefix(text, "0x") || strings.HasPrefix(text, "0X")) {
		text = text[2:]
	}
	n, err := strconv.ParseUint(text, base, 64)
	if err != nil && n != math.MaxUint64 || strings.ContainsAny(text, "_+-") {
		return push(L, glua.LNil)
	}
	if negative {
		n = -n
	}
	return push(L, glua.LNumber(n))
}

func (s *state) baseUnpack(L *glua.LState) int {
	t := s.checkTable(L, 1)
	from := s.optInt(L, 2, 1)
	to := s.optInt(L, 3, t.Len())
	n := to - from + 1
	if n <= 0 {
		return 0
	}
	if n > maxUnpacked {
		s.fail(L, "too many results to unpack")
	}
	s.spend(L, n/8)
	for i := from; i <= to; i++ {
		L.Push(t.RawGet(glua.LNumber(i)))
	}
	return n
}
